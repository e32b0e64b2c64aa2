#pragma once
// One client's HTTP/1 connection: it serves requests one after the other. Each request is routed, signed in and
// forwarded on its own. The connection keeps only what outlives a request.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/core/core.h"
#include "proxy/http/body_reader.h"
#include "proxy/http/request_rules.h"
#include "proxy/http/stream.h"
#include "proxy/request.h"
#include "proxy/sign_in/kerberos_sign_in.h"

namespace stead::proxy {

class Http1Connection {
 public:
  Http1Connection(Core& core, boost::asio::ip::tcp::socket socket);
  ~Http1Connection();
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;
  // Serves until the client leaves or violates the protocol, or the core drains.
  [[nodiscard]] boost::asio::awaitable<void> run();

 private:
  enum class Next { request, finish, close };  // finish: close in order; close: at once

  boost::asio::awaitable<Next> serve();
  boost::asio::awaitable<Next> read_head(Request& request);  // Next::request: request.head is valid
  boost::asio::awaitable<Next> refuse(Request& request, Violation violation);
  boost::asio::awaitable<Next> forward(Request& request, std::size_t route_index, BodyReader& body);
  boost::asio::awaitable<Next> challenge(Request& request, BodyReader& body);
  boost::asio::awaitable<Next> own_page(Request& request, BodyReader& body);
  boost::asio::awaitable<Next> answer(Request& request, const OwnResponse& given, BodyReader& body);
  boost::asio::awaitable<Next> answer_error(Request& request, BodyReader& body, int status, std::string_view title,
                                            std::string_view what_to_do);

  // What read_head knows of the octets in the buffer.
  struct HeadSearch {
    bool skipped_line = false;
    PartialHead partial;
    std::optional<Violation> violation;
  };
  // True: the head is in memory_.head_bytes, or there is a violation. False: read more.
  [[nodiscard]] bool find_head(HeadSearch& search);
  void release_memory();         // that the next request allocates again
  void begin(Request& request);  // its time counts from here, and it has an id
  [[nodiscard]] const Config& config() const { return generation_->config(); }
  [[nodiscard]] Linger linger() const;
  void check_certificate_again();
  [[nodiscard]] std::string client_address(const RequestHead& head) const;
  [[nodiscard]] bool is_https(const RequestHead& head) const;
  [[nodiscard]] RequestView view(const Request& request);

  Core& core_;
  // That of the request in progress; null while the connection waits for one.
  std::shared_ptr<Generation> generation_;
  Stream stream_;
  ClientConnections::Place place_;
  ReadBuffer buffer_;
  std::string remote_;
  bool is_trusted_proxy_ = false;
  std::shared_ptr<ServerTls> tls_;           // of the handshake
  std::shared_ptr<ServerTls> certified_by_;  // whose files gave the last verdict on the certificate
  ClientCertificate certificate_;
  Negotiation negotiation_;
  RequestMemory memory_;
  bool body_remains_ = true;  // the client may send on behind the last answer
};

}  // namespace stead::proxy
