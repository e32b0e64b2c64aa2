#pragma once
// One request over HTTP/1.1 or 1.0: the connection carries its octets, so that what is not read or not written whole ends
// the connection.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/body_reader.h"
#include "proxy/http/message_head.h"
#include "proxy/serve/client_connection.h"
#include "proxy/upstream/client_exchange.h"

namespace stead::proxy {

class Http1Exchange final : public ClientExchange {
 public:
  // `head` is that of the request; default: there is none, since it was malformed. `out` is memory for the response. All
  // outlive the exchange.
  Http1Exchange(ClientConnection& connection, const Limits& limits, const RequestHead& head, std::string& out);

  enum class Then { next_request, finish, close };  // finish: close in order; close: at once
  [[nodiscard]] Then then() const { return then_; }
  // Reads and drops what is left of a short body, so that the next request can be read.
  [[nodiscard]] boost::asio::awaitable<void> drop_rest();
  void release_body() { body_.release(); }

  [[nodiscard]] ClientVersion version() const override {
    return head_.http_1_0 ? ClientVersion::http_1_0 : ClientVersion::http_1_1;
  }
  [[nodiscard]] Framing body_framing() const override { return body_.framing(); }
  [[nodiscard]] std::uint64_t body_left() const override { return body_.length(); }
  [[nodiscard]] std::uint64_t body_total() const override { return body_.total(); }
  [[nodiscard]] bool body_ended() const override { return body_.ended(); }
  [[nodiscard]] BodyPiece poll_body() override { return body_.poll(); }
  [[nodiscard]] boost::asio::awaitable<BodyPiece> next_body() override;
  void stop_reading() override { connection_.stream.cancel(); }
  [[nodiscard]] bool body_pauses() override;
  void wipe_body() override;
  [[nodiscard]] bool awaits_continue() const override;
  [[nodiscard]] boost::asio::awaitable<bool> send_continue() override;

  [[nodiscard]] std::string& out() override { return out_; }
  [[nodiscard]] ResponseOptions options_for(Framing framing, RequestBody body) const override;
  void begin_body(Framing framing) override { framing_ = framing; }
  [[nodiscard]] bool add(std::string_view piece) override;
  void end(std::string_view trailers) override;
  [[nodiscard]] bool flush_at_once(Error& error) override;
  [[nodiscard]] boost::asio::awaitable<Error> flush_rest() override;
  void abandon() override { then_ = Then::close; }
  [[nodiscard]] boost::asio::awaitable<bool> answer(const OwnResponse& response, std::string_view request_id,
                                                    std::string_view date) override;
  void close_after_response() override { keep_ = false; }
  void close_when_left(Stream* upstream) override { connection_.stream.close_when_peer_leaves(upstream); }
  [[nodiscard]] bool left() const override { return connection_.stream.peer_left(); }
  [[nodiscard]] boost::asio::awaitable<Tunnelled> tunnel(UpstreamConnection& upstream,
                                                         std::chrono::milliseconds idle_timeout) override;

 private:
  ClientConnection& connection_;
  const Limits& limits_;
  const RequestHead& head_;
  std::string& out_;
  BodyReader body_;
  Framing framing_ = Framing::none;  // of the response's body
  std::string_view large_;           // a piece that is sent from where it is, behind `out_`
  bool keep_, sent_continue_ = false;
  mutable Then then_ = Then::close;
};

}  // namespace stead::proxy
