#pragma once
// The client's side of one request, whatever version of HTTP the client speaks: the request's body, and where its
// response goes. Sign-in, pages and forwarding know a client through this interface alone; each version implements it.
//
// A response is composed in `out()`: heads in the form of HTTP/1.1, from the first status line to the blank line, interim
// ones before the final one. Then pieces of the body follow by add(), and end(). Nothing is sent before a flush. A version
// that does not frame its messages as HTTP/1.1 does translates the heads when it sends them, so that one set of rules
// decides which fields pass.
//
//   write_response_head(client.out(), …);   client.begin_body(framing);
//   while (… client.add(piece) …) flush;    client.end(trailers);    flush
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/body_reader.h"
#include "proxy/http/own_response.h"
#include "proxy/http/stream.h"

namespace stead::proxy {

struct UpstreamConnection;

enum class ClientVersion { http_1_0, http_1_1, http_2 };
[[nodiscard]] constexpr std::string_view to_string(ClientVersion version) {
  switch (version) {
    case ClientVersion::http_1_0:
      return "HTTP/1.0";
    case ClientVersion::http_1_1:
      return "HTTP/1.1";
    case ClientVersion::http_2:
      break;
  }
  return "HTTP/2.0";
}

// Of the request's body, when the response's head is written.
enum class RequestBody { whole, unfinished };
enum class ResponseOptions { none, close };  // close: the head says that the connection ends with the response

class ClientExchange {
 public:
  ClientExchange() = default;
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;

  [[nodiscard]] virtual ClientVersion version() const = 0;

  // --- the request's body ---
  [[nodiscard]] virtual Framing body_framing() const = 0;      // chunked: of unknown length
  [[nodiscard]] virtual std::uint64_t body_left() const = 0;   // still to come, with Framing::length
  [[nodiscard]] virtual std::uint64_t body_total() const = 0;  // octets given so far
  [[nodiscard]] virtual bool body_ended() const = 0;           // its end was reached
  [[nodiscard]] virtual BodyPiece poll_body() = 0;             // what has arrived, without waiting
  // Waits, within the limits of bodies; never need_more. One at a time. While the caller holds a piece, the client has no
  // deadline.
  [[nodiscard]] virtual boost::asio::awaitable<BodyPiece> next_body() = 0;
  virtual void stop_reading() = 0;  // a next_body() that waits ends with `lost`
  // After poll_body() had nothing: what has arrived should go to the back end now, because more may take long.
  [[nodiscard]] virtual bool body_pauses() = 0;
  virtual void wipe_body() = 0;  // overwrites the memory of the pieces given so far
  // The client sends the body only after a 100 (RFC 9110 §10.1.1), which it has not had.
  [[nodiscard]] virtual bool awaits_continue() const = 0;
  [[nodiscard]] virtual boost::asio::awaitable<bool> send_continue() = 0;  // false: the client has left

  // --- the response ---
  [[nodiscard]] virtual std::string& out() = 0;  // of heads that were not sent yet
  // What the response's head must say of the connection. `framing` is that towards the client.
  [[nodiscard]] virtual ResponseOptions options_for(Framing framing, RequestBody body) const = 0;
  virtual void begin_body(Framing framing) = 0;  // after the final head; none: no body follows
  // False: send now, and keep the piece until the flush is done.
  [[nodiscard]] virtual bool add(std::string_view piece) = 0;
  virtual void end(std::string_view trailers) = 0;  // lines of "Name: value" with CR LF
  // Sends what was added. Most of it can be sent without waiting: false: the caller awaits flush_rest().
  [[nodiscard]] virtual bool flush_at_once(Error& error) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Error> flush_rest() = 0;
  virtual void abandon() = 0;  // the response is incomplete, and the client must see that
  // A response of the proxy's own, in place of any that was composed and not sent. False: the client has left.
  [[nodiscard]] virtual boost::asio::awaitable<bool> answer(const OwnResponse& response, std::string_view request_id,
                                                            std::string_view date) = 0;
  // What remains of the request's body cannot be read, or the request is malformed.
  virtual void close_after_response() = 0;

  // --- the connection ---
  // As long as `upstream` is set, it is closed when the client leaves. Null: no longer.
  virtual void close_when_left(Stream* upstream) = 0;
  [[nodiscard]] virtual bool left() const = 0;  // the client left while a stream was set
  // Octets both ways, until both directions have ended; out() holds the head that opens the tunnel.
  struct Tunnelled {
    std::uint64_t bytes_to_client = 0;
    bool in_order = false;  // the direction to the client ended by itself
  };
  [[nodiscard]] virtual boost::asio::awaitable<Tunnelled> tunnel(UpstreamConnection& upstream,
                                                                 std::chrono::milliseconds idle_timeout) = 0;

 protected:
  ~ClientExchange() = default;
};

}  // namespace stead::proxy
