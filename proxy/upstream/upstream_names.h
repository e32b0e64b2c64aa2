#pragma once
// Names of back ends to addresses, by the system's resolver, which has no deadline of its own: a lookup runs on a
// thread, whoever waits gives up in time, and what was found is used again for a while, also where the next lookup
// fails. One for each core.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "stead/result.h"

namespace stead::proxy {

class UpstreamNames {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  // Blocks. Fails, or finds at least one.
  using Lookup = std::function<Endpoints(const std::string& host, std::uint16_t port, Error& error)>;
  static constexpr std::chrono::seconds kFresh{10};
  static constexpr std::size_t kThreads = 2;  // so many names may hang before others wait for them

  explicit UpstreamNames(boost::asio::any_io_executor executor);
  UpstreamNames(boost::asio::any_io_executor executor, Lookup lookup)
      : executor_(std::move(executor)), lookup_(std::move(lookup)) {}
  ~UpstreamNames() { clear(); }
  UpstreamNames(const UpstreamNames&) = delete;
  UpstreamNames& operator=(const UpstreamNames&) = delete;

  // `error`: what kept it from finding any in that time.
  boost::asio::awaitable<Endpoints> find(std::string host, std::uint16_t port, std::chrono::milliseconds time,
                                         Error& error);
  void clear();  // joins the threads

 private:
  struct Entry {
    Endpoints found;
    Error error;
    std::chrono::steady_clock::time_point until{};
    bool under_way = false;
    std::vector<boost::asio::steady_timer*> waiting;  // cancelled when a lookup ends
  };
  void start(const std::string& host, std::uint16_t port, const std::shared_ptr<Entry>& entry);

  boost::asio::any_io_executor executor_;
  Lookup lookup_;
  std::unique_ptr<boost::asio::thread_pool> threads_;                // where there is a name to look up
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;  // of configured names: few
};

}  // namespace stead::proxy
