#pragma once
// Opens connections to back ends: name, TCP, TLS. One for each core.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "proxy/config/config.h"
#include "proxy/http/stream.h"
#include "proxy/upstream/backends/upstream_connection.h"
#include "proxy/upstream/backends/upstream_names.h"
#include "proxy/upstream/backends/upstream_tls.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class UpstreamConnector {
 public:
  UpstreamConnector(boost::asio::any_io_executor executor, UpstreamTls& tls, Watchdog& watchdog,
                    std::shared_ptr<UpstreamNames> names)
      : executor_(std::move(executor)), tls_(tls), watchdog_(watchdog), names_(std::move(names)) {}

  // Tries the addresses of the name one after the other, each for at most `timeout`. `number` and `owner` are those of
  // the connection. The problem's message says why the last address failed: in words of its own where TLS did.
  boost::asio::awaitable<Checked<UpstreamPtr>> connect(const BackEnd& back_end, std::size_t number, std::string owner,
                                                       std::chrono::milliseconds timeout);
  void stop() { stopped_ = true; }                 // opens no more connections
  void set_lookup(UpstreamNames::Lookup lookup) {  // for tests, in place of the system's resolver
    names_ = std::make_shared<UpstreamNames>(executor_, std::move(lookup));
  }

 private:
  struct Opened {
    Error error;
    std::string why;  // in words, where TLS failed
  };
  boost::asio::awaitable<UpstreamNames::Endpoints> resolve(const Upstream& upstream, std::chrono::milliseconds timeout,
                                                           Error& error);
  boost::asio::awaitable<Opened> open(UpstreamConnection& connection, boost::asio::ip::tcp::endpoint endpoint,
                                      const BackEnd& back_end, std::chrono::milliseconds timeout);

  boost::asio::any_io_executor executor_;
  UpstreamTls& tls_;
  Watchdog& watchdog_;
  std::shared_ptr<UpstreamNames> names_;
  bool stopped_ = false;
};

}  // namespace stead::proxy
