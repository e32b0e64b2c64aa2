// The app server's HTTP/1.1 server. Each request carries its own Negotiate token.
//
//   GET /whoami    the signed-in user, and the user of the database's session
//   GET /notes     the user's notes: the database selects them (row level security), the query has no WHERE
//   POST /notes    adds a note: the body
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "stead/acceptor.h"
#include "user_database.h"

namespace sample {

// One for each thread; the acceptor and the pool are shared.
struct Service {
  std::shared_ptr<const stead::KerberosAcceptor> acceptor;
  std::shared_ptr<stead::Client> client;
  std::shared_ptr<UserDatabase> database;
  boost::asio::thread_pool* pool;  // runs the acceptor, which blocks
};

// Serves the acceptor's connections on its executor.
void serve(boost::asio::ip::tcp::acceptor acceptor, Service service);

}  // namespace sample
