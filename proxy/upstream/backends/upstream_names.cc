#include "proxy/upstream/backends/upstream_names.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

UpstreamNames::Endpoints system_lookup(const std::string& host, std::uint16_t port, Error& error) {
  asio::io_context unused;
  tcp::resolver resolver(unused);
  UpstreamNames::Endpoints out;
  for (const auto& entry : resolver.resolve(host, std::to_string(port), error)) out.push_back(entry.endpoint());
  return out;
}

}  // namespace

UpstreamNames::UpstreamNames(asio::any_io_executor executor) : UpstreamNames(std::move(executor), system_lookup) {}

void UpstreamNames::clear() {
  if (threads_) threads_->join();
  threads_.reset();
}

void UpstreamNames::start(const std::string& host, std::uint16_t port, const std::shared_ptr<Entry>& entry) {
  if (!threads_) threads_ = std::make_unique<asio::thread_pool>(kThreads);
  entry->is_running = true;
  asio::post(*threads_, [lookup = lookup_, executor = executor_, host, port, entry]() mutable {
    Error error;
    Endpoints found = lookup(host, port, error);
    if (found.empty() && !error) error = asio::error::host_not_found;
    asio::post(executor, [entry = std::move(entry), found = std::move(found), error]() mutable {
      entry->is_running = false;
      entry->error = error;
      if (!error) {
        entry->found = std::move(found);
        entry->until = std::chrono::steady_clock::now() + kFresh;
      }
      for (asio::steady_timer* const waiting : entry->waiting) waiting->cancel();
    });
  });
}

asio::awaitable<UpstreamNames::Endpoints> UpstreamNames::find(std::string host, std::uint16_t port,
                                                              std::chrono::milliseconds timeout, Error& error) {
  auto& held = entries_[host + ':' + std::to_string(port)];
  if (!held) held = std::make_shared<Entry>();
  const std::shared_ptr<Entry> entry = held;
  error = {};
  if (std::chrono::steady_clock::now() < entry->until) co_return entry->found;
  if (!entry->is_running) start(host, port, entry);
  {
    asio::steady_timer wait(executor_, timeout);
    entry->waiting.push_back(&wait);
    (void)co_await wait.async_wait(asio::as_tuple(asio::deferred));
    std::erase(entry->waiting, &wait);
  }
  // Old addresses are better than none.
  if (entry->found.empty()) error = entry->is_running ? Error(asio::error::timed_out) : entry->error;
  co_return entry->found;
}

}  // namespace stead::proxy
