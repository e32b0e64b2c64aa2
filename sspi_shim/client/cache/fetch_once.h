#pragma once
// One piece of work for all callers who want its result at the same time ("single flight"). The work runs on the given
// executor. Callers may wait on any executor and any thread. Cancelling a caller ends that caller's wait and not the
// work. At its deadline a fetch ends for all who wait; the next caller starts another.
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stead {

// What a caller of FetchOnce did.
enum class FetchRole { started, joined };

// Thread-safe.
template <class Value>
class FetchOnce {
 public:
  using Work = std::function<boost::asio::awaitable<Value>()>;
  using OnRole = std::function<void(FetchRole)>;

  // `executor` runs one thing at a time: an io_context that one thread runs, or a strand.
  explicit FetchOnce(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  [[nodiscard]] bool is_running(const std::string& key) const {
    const std::lock_guard lock(table_->mutex);
    return table_->fetches.contains(key);
  }
  [[nodiscard]] std::uint64_t started() const { return table_->started; }
  [[nodiscard]] std::uint64_t joined() const { return table_->joined; }

  // Joins the fetch of `key`, or starts it with `work`, which must keep alive what it uses. Returns nothing where the
  // deadline passed, the caller was cancelled, or the work threw. `on_role` is called before the wait begins.
  boost::asio::awaitable<std::optional<Value>> run(std::string key, std::chrono::steady_clock::duration deadline,
                                                   Work work, OnRole on_role = {}) {
    const auto here = co_await boost::asio::this_coro::executor;
    Channel channel(here, 1);
    const Waiting waiting(channel);
    join(std::move(key), deadline, std::move(work), waiting.waiter, on_role);
    const auto [error, value] = co_await channel.async_receive(boost::asio::as_tuple(boost::asio::deferred));
    if (error || !value) co_return std::nullopt;
    co_return *value;
  }

  // Starts a fetch that nobody waits for; later callers may join it. False: one with this key is running already.
  bool start(std::string key, std::chrono::steady_clock::duration deadline, Work work) {
    return join(std::move(key), deadline, std::move(work), nullptr, {}) == FetchRole::started;
  }

 private:
  using Result = std::shared_ptr<const Value>;
  using Channel = boost::asio::experimental::concurrent_channel<void(boost::system::error_code, Result)>;
  // The channel is on the caller's stack and must be gone before the caller's io_context is. The fetch may live longer,
  // so it holds this, and uses the channel under the mutex only.
  struct Waiter {
    std::mutex mutex;
    Channel* channel = nullptr;  // null: the caller has left
  };
  struct Waiting {
    explicit Waiting(Channel& channel) { waiter->channel = &channel; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
      const std::lock_guard lock(waiter->mutex);
      waiter->channel = nullptr;
    }
    std::shared_ptr<Waiter> waiter = std::make_shared<Waiter>();
  };
  struct Fetch {
    explicit Fetch(const boost::asio::any_io_executor& executor) : deadline(executor) {}
    boost::asio::steady_timer deadline;  // used on the executor only
    std::vector<std::shared_ptr<Waiter>> waiters;
  };
  // Shared with fetches that outlive the FetchOnce.
  struct Table {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<Fetch>> fetches;
    std::atomic<std::uint64_t> started{0}, joined{0};
  };

  FetchRole join(std::string key, std::chrono::steady_clock::duration deadline, Work work,
                 const std::shared_ptr<Waiter>& waiter, const OnRole& on_role) {
    std::shared_ptr<Fetch> fetch;
    FetchRole role = FetchRole::joined;
    {
      const std::lock_guard lock(table_->mutex);
      std::shared_ptr<Fetch>& entry = table_->fetches[key];
      if (!entry) {
        role = FetchRole::started;
        entry = std::make_shared<Fetch>(executor_);
      }
      if (waiter) entry->waiters.push_back(waiter);
      fetch = entry;
    }
    ++(role == FetchRole::started ? table_->started : table_->joined);
    if (on_role) on_role(role);
    if (role == FetchRole::joined) return role;
    const auto result = std::make_shared<Result>();
    boost::asio::co_spawn(executor_, execute(table_, key, fetch, deadline, std::move(work), result),
                          [table = table_, key, fetch, result](std::exception_ptr) {
                            fetch->deadline.cancel();
                            complete(*table, key, fetch, *result);
                          });
    return role;
  }

  static boost::asio::awaitable<void> execute(std::shared_ptr<Table> table, std::string key,
                                              std::shared_ptr<Fetch> fetch,
                                              std::chrono::steady_clock::duration deadline, Work work,
                                              std::shared_ptr<Result> result) {
    fetch->deadline.expires_after(deadline);
    fetch->deadline.async_wait([table, key, fetch](const boost::system::error_code& error) {
      if (!error) complete(*table, key, fetch, nullptr);
    });
    Value value = co_await work();
    *result = std::make_shared<const Value>(std::move(value));
  }

  static void complete(Table& table, const std::string& key, const std::shared_ptr<Fetch>& fetch,
                       const Result& result) {
    std::vector<std::shared_ptr<Waiter>> waiters;
    {
      const std::lock_guard lock(table.mutex);
      const auto found = table.fetches.find(key);
      if (found != table.fetches.end() && found->second == fetch) table.fetches.erase(found);
      waiters.swap(fetch->waiters);
    }
    for (const auto& waiter : waiters) {
      const std::lock_guard lock(waiter->mutex);
      if (waiter->channel) waiter->channel->try_send(boost::system::error_code(), result);
    }
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace stead
