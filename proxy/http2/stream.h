#pragma once
// One stream of a connection, which is one request and its response (RFC 9113 §5). The session fills in what arrives and
// takes what is to be sent; the exchange does the reverse. Both are on the connection's core.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http2/request_fields.h"

namespace stead::proxy {

// Is told when something has changed. Its calls come from within the session: it must not call the session back.
class Http2StreamWaiter {
 public:
  virtual void body_changed() = 0;  // more of it, its end, or the stream's
  virtual void out_changed() = 0;   // some of the response was sent, or the stream has ended

 protected:
  ~Http2StreamWaiter() = default;
};

struct Http2Stream {
  Http2Stream(std::int32_t number, std::size_t max_head_octets) : id(number), fields(max_head_octets) {}

  const std::int32_t id;
  Http2StreamWaiter* waiter = nullptr;

  // The request.
  RequestFields fields;
  RequestFields::Body body = RequestFields::Body::none;
  std::string incoming;        // octets of the body that nobody has taken
  std::size_t unconsumed = 0;  // octets for which the client has not got its window back
  bool body_ended = false;     // the client has sent END_STREAM
  bool nobody_reads = false;   // further octets are dropped

  // The response's body.
  std::string out;           // octets to send, then `large`
  std::size_t out_sent = 0;  // of `out`
  std::string_view large;    // octets of somebody else, who waits until they are sent
  std::string trailers;      // lines of "Name: value" with CR LF
  bool out_ended = false;    // nothing follows
  bool deferred = false;     // the session waits for more
  [[nodiscard]] std::size_t to_send() const { return out.size() - out_sent + large.size(); }

  bool head_sent = false, response_sent = false;  // up to END_STREAM
  bool closed = false;                            // by its two ends, by a reset, or with the connection
  bool reset_by_us = false;
};

}  // namespace stead::proxy
