#pragma once
// The admin port: /healthz, /readyz, /metrics (Prometheus), /status, an HTML page, and /status.json. GET and HEAD only; on
// loopback by default.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>

#include "proxy/admin/history.h"
#include "proxy/core/server_state.h"
#include "proxy/http/message_head.h"

namespace stead::proxy {

class Admin {
 public:
  explicit Admin(const Cores& cores) : cores_(cores) {}
  // On the first core.
  [[nodiscard]] boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Core& core);
  void set_ready(bool ready) { ready_ = ready; }
  // On the first core, every few seconds.
  void note_history() const;

  // The response to a GET. On the first core.
  [[nodiscard]] boost::asio::awaitable<OwnResponse> respond(std::string path) const;

 private:
  [[nodiscard]] bool knows_host(const RequestHead& head) const;
  const Cores& cores_;
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::atomic<bool> ready_{false};
  mutable RequestHistory history_;  // of the first core's thread
};

}  // namespace stead::proxy
