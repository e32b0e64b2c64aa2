#pragma once
// Ends an Asio operation at a given time, for coroutines of one executor. Construct it before the wait; expired() tells
// afterwards whether it ended the operation.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace stead {

class TimeLimit {
 public:
  // Calls `end` at the time `at`, unless this object is destroyed earlier. `end` cancels or closes the operation.
  TimeLimit(const boost::asio::any_io_executor& executor, std::chrono::steady_clock::time_point at,
            std::function<void()> end)
      : state_(std::make_shared<State>(executor, std::move(end))) {
    state_->timer.expires_at(at);
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (error || !state->end) return;
      state->expired = true;
      state->end();
    });
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() {
    state_->end = nullptr;  // a handler that is queued already does nothing
    state_->timer.cancel();
  }
  [[nodiscard]] bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> action)
        : timer(executor), end(std::move(action)) {}
    boost::asio::steady_timer timer;
    std::function<void()> end;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace stead
