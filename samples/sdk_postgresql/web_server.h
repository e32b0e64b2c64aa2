// The app server's web side: HTTP/1.1, each request signed in by its own Negotiate token.
//
//   GET /whoami    who the browser's user is, and who the database says the session's user is
//   GET /notes     the user's notes: the database shows users their own rows only (row level security)
//   POST /notes    adds the body as a note
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "stead/acceptor.h"
#include "user_database.h"

namespace sample {

// Each thread has its own, except the acceptor, which they share.
struct Service {
  std::shared_ptr<const stead::KerberosAcceptor> acceptor;
  std::shared_ptr<stead::Client> client;
  std::shared_ptr<UserDatabase> database;
  boost::asio::thread_pool* pool;  // for the acceptor, which blocks
};

// Serves what the acceptor accepts, on its executor.
void serve(boost::asio::ip::tcp::acceptor acceptor, Service service);

}  // namespace sample
