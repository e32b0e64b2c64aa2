#pragma once
// HTTP/1.1 and 1.0 on one client's connection: it serves requests one after the other. Each request is routed, signed in
// and forwarded on its own. The connection keeps only what outlives a request.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>

#include "proxy/http/request_rules.h"
#include "proxy/http1_exchange.h"
#include "proxy/serve/client_connection.h"
#include "proxy/serve/request.h"
#include "proxy/sign_in/kerberos_sign_in.h"

namespace stead::proxy {

class Http1Connection {
 public:
  // `connection` is open, and outlives this.
  explicit Http1Connection(ClientConnection& connection)
      : connection_(connection),
        core_(connection.core),
        generation_(core_.now),
        stream_(connection.stream),
        buffer_(connection.buffer) {}
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;
  // Serves until the client leaves or violates the protocol, or the core drains.
  [[nodiscard]] boost::asio::awaitable<void> run();

 private:
  using Then = Http1Exchange::Then;

  boost::asio::awaitable<Then> serve();
  boost::asio::awaitable<Then> read_head(Request& request);  // next_request: request.head is valid
  boost::asio::awaitable<Then> refuse(Request& request, Violation violation);

  // What read_head knows of the octets in the buffer.
  struct HeadSearch {
    bool skipped_line = false;
    PartialHead partial;
    std::optional<Violation> violation;
  };
  // True: the head is in memory_.head_bytes, or there is a violation. False: read more.
  [[nodiscard]] bool find_head(HeadSearch& search);
  void begin_to_wait();
  [[nodiscard]] Linger linger() const;
  [[nodiscard]] const Config& config() const { return generation_->config(); }

  ClientConnection& connection_;
  Core& core_;
  std::shared_ptr<Generation> generation_;  // of the request in progress; null while the connection waits for one
  Stream& stream_;
  ReadBuffer& buffer_;
  Negotiation negotiation_;
  RequestMemory memory_;
  bool body_remains_ = true;  // the client may send on behind the last answer
};

}  // namespace stead::proxy
