#pragma once
// A small HTTP/1.1 server that accepts Kerberos only: each request carries its own Negotiate token, also on a
// connection that served others before.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "samples/backend/acceptor.h"
#include "samples/backend/access_rule.h"

namespace stead::sample {

struct Service {
  std::shared_ptr<const Acceptor> acceptor;
  std::optional<AccessRule> rule;
  bool json_only = false;  // JSON also for clients that accept text/plain
};

// "127.0.0.1:9003" or "[::1]:9003".
[[nodiscard]] Checked<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text);

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, boost::asio::thread_pool& pool, Service service);
  [[nodiscard]] Checked<void> listen(const boost::asio::ip::tcp::endpoint& endpoint);

 private:
  boost::asio::io_context& io_;
  boost::asio::thread_pool& pool_;
  std::shared_ptr<const Service> service_;
};

}  // namespace stead::sample
