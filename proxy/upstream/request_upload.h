#pragma once
// A request's body on its way to the back end. A small body is collected first, so that the request can be sent again.
// The rest of a larger one is sent while the proxy already waits for the response.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/body_reader.h"
#include "proxy/upstream/client_exchange.h"
#include "proxy/upstream/forward_job.h"
#include "proxy/upstream/side_task.h"

namespace stead::proxy {

class RequestUpload {
 public:
  // `held` receives the beginning of the body.
  RequestUpload(const ForwardContext& context, ClientExchange& client, const ForwardJob& job, std::string& held)
      : context_(context), client_(client), job_(job), head_(job.head), held_(held), rest_(context.executor) {
    held_.clear();
    whole_ = client_.body_ended();
  }

  enum class Collected { done, malformed, client_left };  // malformed: or too long
  // Collects the body, up to 16 KiB of it; of a chunked body only what has arrived.
  [[nodiscard]] boost::asio::awaitable<Collected> collect();
  [[nodiscard]] std::string_view held() const { return held_; }
  [[nodiscard]] bool is_whole() const { return whole_; }  // held() is the complete body
  // How the body goes to the back end.
  [[nodiscard]] Framing framing() const;
  [[nodiscard]] std::uint64_t content_length() const;

  // Sends what follows held(), beside the caller. The caller awaits stop() before it destroys this or `upstream`.
  void start(Stream& upstream);
  // Closes `upstream` if the upload still runs.
  [[nodiscard]] boost::asio::awaitable<void> stop();
  [[nodiscard]] bool was_started() const { return rest_.was_started(); }
  [[nodiscard]] bool is_running() const { return rest_.is_running(); }
  [[nodiscard]] bool is_complete() const { return whole_ || (state_ == BodyStep::end && !is_running()); }
  // `end`, `malformed` or `lost` once the body's end was read, or failed to; `data` before.
  [[nodiscard]] BodyStep state() const { return state_; }
  // True if the body is longer than the route allows, by its Content-Length or by what has come.
  [[nodiscard]] bool is_too_long() const {
    return job_.route.body_bytes &&
           (client_.body_total() > *job_.route.body_bytes ||
            (head_.framing == Framing::length && head_.content_length > *job_.route.body_bytes));
  }

 private:
  boost::asio::awaitable<void> send_rest();
  boost::asio::awaitable<Error> send_piece(BodyPiece piece, std::string& size);

  const ForwardContext& context_;
  ClientExchange& client_;
  const ForwardJob& job_;
  const RequestHead& head_;
  std::string& held_;
  bool whole_ = false;
  Stream* upstream_ = nullptr;  // since start()
  BodyStep state_ = BodyStep::data;
  SideTask rest_;
};

}  // namespace stead::proxy
