#pragma once
// The administrator's port: /healthz, /readyz, /metrics (Prometheus) and /status, a page for a person. GET only, on
// loopback by default.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "proxy/core.h"

namespace stead::proxy {

class Admin {
 public:
  Admin(std::vector<std::unique_ptr<Core>>& cores, const Shared& shared) : cores_(cores), shared_(shared) {}
  [[nodiscard]] boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Core& core);
  void set_ready(bool ready) { ready_ = ready; }

  // A GET's answer; for tests too.
  [[nodiscard]] OwnResponse respond(std::string_view path) const;

 private:
  [[nodiscard]] std::string metrics() const;
  [[nodiscard]] std::string status_page() const;

  std::vector<std::unique_ptr<Core>>& cores_;
  const Shared& shared_;
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::atomic<bool> ready_{false};
};

}  // namespace stead::proxy
