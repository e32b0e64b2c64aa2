#pragma once
// Addresses of back ends by the system's resolver, which has no deadline of its own: a lookup runs on a thread, and
// each caller waits for it up to its own timeout. Addresses are kept for ten seconds, and longer if the next lookup
// fails. One for each core.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "stead/result.h"

namespace stead::proxy {

class UpstreamNames {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  // Blocking. Fails, or finds at least one address.
  using Lookup = std::function<Endpoints(const std::string& host, std::uint16_t port, Error& error)>;
  static constexpr std::chrono::seconds kFresh{10};
  static constexpr std::size_t kThreads = 2;  // lookups that may run at the same time

  explicit UpstreamNames(boost::asio::any_io_executor executor);
  UpstreamNames(boost::asio::any_io_executor executor, Lookup lookup)
      : executor_(std::move(executor)), lookup_(std::move(lookup)) {}
  ~UpstreamNames() { clear(); }
  UpstreamNames(const UpstreamNames&) = delete;
  UpstreamNames& operator=(const UpstreamNames&) = delete;

  // Without an address after `timeout`, sets `error`.
  boost::asio::awaitable<Endpoints> find(std::string host, std::uint16_t port, std::chrono::milliseconds timeout,
                                         Error& error);
  void clear();  // joins the threads

 private:
  struct Entry {
    Endpoints found;
    Error error;
    std::chrono::steady_clock::time_point until{};
    bool is_running = false;                          // a lookup
    std::vector<boost::asio::steady_timer*> waiting;  // cancelled when a lookup ends
  };
  void start(const std::string& host, std::uint16_t port, const std::shared_ptr<Entry>& entry);

  boost::asio::any_io_executor executor_;
  Lookup lookup_;
  std::unique_ptr<boost::asio::thread_pool> threads_;                // made for the first lookup
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;  // of configured upstreams only, so few
};

}  // namespace stead::proxy
