#pragma once
// The server's side of an HTTP/2 connection (RFC 9113), by nghttp2, without a socket: octets of the client go in by
// feed(), octets for it come out by collect(). So every error of the protocol can be tested in memory.
//
// Flow control: the client gets its window back only for octets that were taken from the stream (consume()), so a body
// that a back end does not take stays with the client. Responses wait in their stream until the client's window has room;
// collect() copies them once, into what is written to the socket.
//
// Floods, of FloodGuard's list, end the connection with GOAWAY ENHANCE_YOUR_CALM.
#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/http/stream.h"
#include "proxy/http2/flood_guard.h"
#include "proxy/http2/stream.h"

namespace stead::proxy {

struct Http2Options {
  std::size_t streams = 100;  // at once
  std::size_t stream_window = 128 * 1024;
  std::size_t connection_window = 1024 * 1024;
  std::size_t header_bytes = 64 * 1024;
  FloodGuard::Limits floods{};
};

using Http2StreamPtr = std::shared_ptr<Http2Stream>;

class Http2Session {
 public:
  // Its calls come from within feed() and collect(), so it must not call the session back, except for reset().
  class Handler {
   public:
    virtual void request_arrived(Http2StreamPtr stream) = 0;  // all fields are there; the body may follow
    virtual void malformed_frame() = 0;

   protected:
    ~Handler() = default;
  };
  Http2Session(const Http2Options& options, Handler& handler);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // False: the connection ends after collect() has given its last octets.
  [[nodiscard]] bool feed(std::string_view octets, Clock::time_point now);
  // Appends what is to be sent, until `out` has `enough` octets or no more is there.
  void collect(std::string& out, std::size_t enough);
  [[nodiscard]] bool is_over() const;                              // nothing is to be read or sent any more
  [[nodiscard]] std::string_view flood() const { return flood_; }  // that ended the connection; empty: none
  [[nodiscard]] bool in_header_block() const { return guard_.in_header_block(); }
  [[nodiscard]] std::size_t open_streams() const { return streams_.size(); }

  // Heads in the form of HTTP/1.1: interim ones, and the final one, behind which a body follows or not. Changes the case of
  // the names in `heads`.
  enum class Body { none, follows };
  void send_heads(Http2Stream& stream, std::string& heads, Body body);
  void resume(Http2Stream& stream);  // after more was put into the stream's `out`, `large` or `out_ended`
  void consume(Http2Stream& stream, std::size_t octets);
  void reset(Http2Stream& stream, std::uint32_t error_code);
  // GOAWAY in two steps (RFC 9113 §6.8): the first lets requests under way arrive, the second names the last one.
  void announce_end();
  void end();
  void lose();  // the connection has ended: so have all streams

 private:
  struct Free {
    void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
  };
  struct Callbacks;  // what nghttp2 calls

  void set_flood(std::string_view flood);
  [[nodiscard]] Http2Stream* find(std::int32_t id) const;
  void submit_head(Http2Stream& stream, std::string_view status, std::string_view lines, Body body);
  void close(Http2Stream& stream);

  Handler& handler_;
  Http2Options options_;
  FloodGuard guard_;
  Clock::time_point now_;  // of the last feed()
  std::unordered_map<std::int32_t, Http2StreamPtr> streams_;
  std::vector<Http2StreamPtr> lost_;  // nghttp2 refers to them to its end
  std::string* collecting_ = nullptr;
  std::string_view flood_;
  std::unique_ptr<nghttp2_session, Free> session_;
};

}  // namespace stead::proxy
