#pragma once
// One piece of work for all who ask for its result at the same time. For coroutines of one executor.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace stead {

template <class Value>
class SharedWork : public std::enable_shared_from_this<SharedWork<Value>> {
 public:
  using Work = std::function<boost::asio::awaitable<Value>()>;  // must keep alive what it uses

  explicit SharedWork(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Starts the work of this key, unless it runs already. Nobody waits for it.
  void start(const std::string& key, const Work& work) { (void)task_of(key, work); }

  // Joins the work of this key, or starts it. Cancelling a caller ends its wait and not the work; it gets nothing then.
  boost::asio::awaitable<std::optional<Value>> run(std::string key, Work work) {
    const std::shared_ptr<Task> task = task_of(key, work);
    Waiter waiter(task, executor_);
    while (!task->is_done) {
      co_await waiter.wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) co_return std::nullopt;
    }
    co_return task->value;
  }

 private:
  struct Task {
    bool is_done = false;
    std::optional<Value> value;  // nothing: the work threw
    std::list<boost::asio::steady_timer*> waiting;
  };
  // The timer is in the caller's coroutine, so that none is left when the io_context goes before the locator.
  struct Waiter {
    Waiter(std::shared_ptr<Task> of, const boost::asio::any_io_executor& executor)
        : task(std::move(of)), wake(executor, boost::asio::steady_timer::time_point::max()) {
      at = task->waiting.insert(task->waiting.end(), &wake);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { task->waiting.erase(at); }
    std::shared_ptr<Task> task;
    boost::asio::steady_timer wake;
    std::list<boost::asio::steady_timer*>::iterator at;
  };

  std::shared_ptr<Task> task_of(const std::string& key, const Work& work) {
    std::shared_ptr<Task>& entry = running_[key];
    if (entry) return entry;
    entry = std::make_shared<Task>();
    const std::shared_ptr<Task> task = entry;
    boost::asio::co_spawn(executor_, keep_value(task, work),
                          [self = this->shared_from_this(), key, task](std::exception_ptr) {
                            self->running_.erase(key);
                            task->is_done = true;
                            for (boost::asio::steady_timer* wake : task->waiting) wake->cancel();
                          });
    return task;
  }

  static boost::asio::awaitable<void> keep_value(std::shared_ptr<Task> task, Work work) {
    Value value = co_await work();
    task->value = std::move(value);
  }

  boost::asio::any_io_executor executor_;
  std::map<std::string, std::shared_ptr<Task>> running_;
};

}  // namespace stead
