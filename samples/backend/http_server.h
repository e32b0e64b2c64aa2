#pragma once
// A small HTTP/1.1 server that accepts Kerberos only: each request must have a Negotiate token of its own, also on a
// connection that is already authenticated.
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>

#include "samples/backend/acceptor.h"
#include "samples/backend/access_rule.h"

namespace stead::sample {

struct Service {
  std::shared_ptr<const Acceptor> acceptor;
  std::optional<AccessRule> rule;
  bool json_only = false;  // JSON for those who ask for text too
};

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, boost::asio::thread_pool& pool, Service service);
  // Listens at "127.0.0.1:9003" or "[::1]:9003". `message`: one line; `is_usage`: the text is no address.
  [[nodiscard]] bool listen(const std::string& address, std::string& message, bool& is_usage);

 private:
  boost::asio::io_context& io_;
  boost::asio::thread_pool& pool_;
  std::shared_ptr<const Service> service_;
};

}  // namespace stead::sample
