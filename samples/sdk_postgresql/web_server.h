// The app server's web side: HTTP/1.1, each request signed in by its own Negotiate token.
//
//   GET /whoami    who the browser is, and who the database says that its session is
//   GET /notes     the user's notes: the database shows each user his own (row level security), the server has no WHERE
//   for it POST /notes    one more, the body
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "stead/acceptor.h"
#include "user_database.h"

namespace sample {

// What a thread has for itself but for the acceptor, which all share.
struct Service {
  std::shared_ptr<const stead::KerberosAcceptor> acceptor;
  std::shared_ptr<stead::Client> client;
  std::shared_ptr<UserDatabase> database;
  boost::asio::thread_pool* pool;  // for the acceptor, which blocks
};

// Serves what the acceptor accepts, on its executor.
void serve(boost::asio::ip::tcp::acceptor acceptor, Service service);

}  // namespace sample
