#pragma once
// Relays the body of a back end's response to the client, as it arrives.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/body_reader.h"
#include "proxy/upstream/upstream_pool.h"

namespace stead::proxy {

class ResponseRelay {
 public:
  // `framing` is that towards the client. `out` holds the head to send first.
  ResponseRelay(Stream& client, UpstreamConnection& upstream, const ResponseHead& answer, Framing framing,
                const Limits& limits, std::string& out)
      : client_(client),
        upstream_(upstream),
        limits_(limits),
        out_(out),
        framing_(framing),
        body_(upstream.stream, upstream.buffer, answer.framing, answer.content_length, limits.upstream_reply_timeout, 0,
              BodyOf::response) {}

  enum class End { complete, malformed, interrupted };  // interrupted: a connection ended or was too slow
  [[nodiscard]] boost::asio::awaitable<End> run();
  void release() { body_.release(); }  // consumes the last piece from the upstream's buffer
  [[nodiscard]] std::uint64_t bytes() const { return body_.total(); }

 private:
  // Appends the pieces at hand to `out_` until they reach the write size or no more is there; `last_` is then the
  // reason. Returns a piece that is too large to be copied: it is sent from the upstream's buffer.
  [[nodiscard]] std::string_view gather();

  Stream& client_;
  UpstreamConnection& upstream_;
  const Limits& limits_;
  std::string& out_;
  Framing framing_;
  BodyReader body_;
  BodyStep last_ = BodyStep::need_more;
};

}  // namespace stead::proxy
