#pragma once
// Relays the body of a back end's response to the client, as it arrives.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/body_reader.h"
#include "proxy/upstream/client_exchange.h"
#include "proxy/upstream/upstream_pool.h"

namespace stead::proxy {

class ResponseRelay {
 public:
  // client.out() has the head, which is sent first.
  ResponseRelay(ClientExchange& client, UpstreamConnection& upstream, const ResponseHead& answer, const Limits& limits)
      : client_(client),
        upstream_(upstream),
        limits_(limits),
        body_(upstream.stream, upstream.buffer, answer.framing, answer.content_length, limits.upstream_reply_timeout, 0,
              BodyOf::response) {}

  enum class End { complete, malformed, interrupted };  // interrupted: a connection ended or was too slow
  [[nodiscard]] boost::asio::awaitable<End> run();
  void release() { body_.release(); }  // consumes the last piece from the upstream's buffer
  [[nodiscard]] std::uint64_t bytes() const { return body_.total(); }

 private:
  // Adds the pieces at hand to what the client gets next, until it is to be sent.
  [[nodiscard]] BodyStep gather();

  ClientExchange& client_;
  UpstreamConnection& upstream_;
  const Limits& limits_;
  BodyReader body_;
};

}  // namespace stead::proxy
