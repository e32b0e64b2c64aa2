#pragma once
// A coroutine that runs beside its owner, on the same executor.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace stead::proxy {

// The owner awaits wait() before it destroys this.
class SideTask {
 public:
  explicit SideTask(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void start(boost::asio::awaitable<void> work) {
    running_ = true;
    ended_.emplace(executor_, boost::asio::steady_timer::time_point::max());
    boost::asio::co_spawn(executor_, std::move(work), [this](const std::exception_ptr&) {
      running_ = false;
      ended_->cancel();
    });
  }
  [[nodiscard]] bool was_started() const { return ended_.has_value(); }
  [[nodiscard]] bool is_running() const { return running_; }
  boost::asio::awaitable<void> wait() {
    while (running_) (void)co_await ended_->async_wait(boost::asio::as_tuple(boost::asio::deferred));
  }

 private:
  boost::asio::any_io_executor executor_;
  std::optional<boost::asio::steady_timer> ended_;  // cancelled at the end
  bool running_ = false;
};

}  // namespace stead::proxy
