#pragma once
// One request over HTTP/2: a stream. It has no say about the connection; a response that is not sent whole ends by a reset
// of its stream.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/message_head.h"
#include "proxy/http2/session.h"
#include "proxy/upstream/client_exchange.h"

namespace stead::proxy {

class Http2Exchange final : public ClientExchange, private Http2StreamWaiter {
 public:
  // What the streams of a connection share.
  struct Connection {
    boost::asio::any_io_executor executor;
    Http2Session& session;
    std::function<void()> write;  // what the session has to send
  };
  // `head` is the request's; after a malformed one, an empty one. `out` is memory for heads. All outlive the exchange.
  Http2Exchange(Connection& connection, const Limits& limits, Http2Stream& stream, const RequestHead& head,
                std::string& out);
  ~Http2Exchange();

  // Until the client has the whole response; a stream whose client does not take it is reset.
  [[nodiscard]] boost::asio::awaitable<void> finish();

  [[nodiscard]] ClientVersion version() const override { return ClientVersion::http_2; }
  [[nodiscard]] Framing body_framing() const override { return head_.framing; }
  [[nodiscard]] std::uint64_t body_left() const override { return head_.content_length - total_; }
  [[nodiscard]] std::uint64_t body_total() const override { return total_; }
  [[nodiscard]] bool body_ended() const override { return ended_; }
  [[nodiscard]] BodyPiece poll_body() override;
  [[nodiscard]] boost::asio::awaitable<BodyPiece> next_body() override;
  void stop_reading() override;
  // A stream may be one that goes on in both directions, so nothing is waited for.
  [[nodiscard]] bool body_pauses() override { return head_.framing == Framing::chunked; }
  void wipe_body() override;
  [[nodiscard]] bool awaits_continue() const override;
  [[nodiscard]] boost::asio::awaitable<bool> send_continue() override;

  [[nodiscard]] std::string& out() override { return out_; }
  [[nodiscard]] ResponseOptions options_for(Framing, RequestBody) const override { return ResponseOptions::none; }
  void begin_body(Framing framing) override { body_follows_ = framing != Framing::none; }
  [[nodiscard]] bool add(std::string_view piece) override;
  void end(std::string_view trailers) override;
  [[nodiscard]] bool flush_at_once(Error& error) override;
  [[nodiscard]] boost::asio::awaitable<Error> flush_rest() override;
  void abandon() override;
  [[nodiscard]] boost::asio::awaitable<bool> answer(const OwnResponse& response, std::string_view request_id,
                                                    std::string_view date) override;
  void close_after_response() override {}
  void close_when_left(Stream* upstream) override;
  [[nodiscard]] bool left() const override { return stream_.closed; }
  [[nodiscard]] boost::asio::awaitable<Tunnelled> tunnel(UpstreamConnection& upstream,
                                                         std::chrono::milliseconds idle_timeout) override;

 private:
  void body_changed() override;
  void out_changed() override;
  void take_back();  // the last piece of the body is done with
  [[nodiscard]] std::chrono::milliseconds body_wait() const;
  void send();
  boost::asio::awaitable<void> carry_to(UpstreamConnection& upstream, std::chrono::milliseconds idle_timeout);

  Connection& connection_;
  const Limits& limits_;
  Http2Stream& stream_;
  const RequestHead& head_;
  std::string& out_;
  std::string given_;  // the last piece of the body
  std::uint64_t total_ = 0;
  std::chrono::milliseconds waited_{};
  boost::asio::steady_timer body_timer_, out_timer_;  // cancelled when something has changed
  Stream* upstream_ = nullptr;
  bool ended_, stopped_ = false, sent_continue_ = false, body_follows_ = false;
};

}  // namespace stead::proxy
