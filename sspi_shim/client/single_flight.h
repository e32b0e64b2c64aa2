#pragma once
// One piece of work for many who want its result. The work runs on the executor given; those who wait may do so on any
// other, from any thread. It goes on whoever of them is cancelled, and ends for all of them at the flight's own
// deadline; then the next caller starts anew.
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace stead {

template <class Value>
class SingleFlight {
 public:
  using Work = std::function<boost::asio::awaitable<Value>()>;

  // `executor` runs one thing at a time: an io_context that one thread runs, or a strand.
  explicit SingleFlight(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  [[nodiscard]] bool flies(const std::string& key) const {
    const std::lock_guard lock(table_->mutex);
    return table_->flights.contains(key);
  }
  [[nodiscard]] std::uint64_t started() const { return table_->started; }
  [[nodiscard]] std::uint64_t joined() const { return table_->joined; }

  // Joins the flight of `key`, or starts it with `work`, which keeps what it uses alive. Nothing: the deadline passed,
  // or the caller was cancelled, or the work threw. `boarded` is told, before anything else happens, whether this
  // caller starts the flight.
  boost::asio::awaitable<std::optional<Value>> run(std::string key, std::chrono::steady_clock::duration deadline,
                                                   Work work, std::function<void(bool)> boarded = {}) {
    const auto here = co_await boost::asio::this_coro::executor;
    Channel channel(here, 1);
    const Waiter waiter(channel);
    board(std::move(key), deadline, std::move(work), waiter.seat, boarded);
    const auto [error, value] = co_await channel.async_receive(boost::asio::as_tuple(boost::asio::deferred));
    if (error || !value) co_return std::nullopt;
    co_return *value;
  }

  // Nobody waits for this one; those who come later may join it. False: the key flies already.
  bool start(std::string key, std::chrono::steady_clock::duration deadline, Work work) {
    return board(std::move(key), deadline, std::move(work), nullptr, {});
  }

 private:
  using Result = std::shared_ptr<const Value>;
  using Channel = boost::asio::experimental::concurrent_channel<void(boost::system::error_code, Result)>;
  // Where one caller waits. The channel is his alone: it must go before his executor's context does, which the flight
  // may outlive. So a flight holds the seat, and what is in it while it holds the mutex.
  struct Seat {
    std::mutex mutex;
    Channel* channel = nullptr;  // null: he has left
  };
  struct Waiter {
    explicit Waiter(Channel& channel) { seat->channel = &channel; }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
      const std::lock_guard lock(seat->mutex);
      seat->channel = nullptr;
    }
    std::shared_ptr<Seat> seat = std::make_shared<Seat>();
  };
  struct Flight {
    explicit Flight(const boost::asio::any_io_executor& executor) : deadline(executor) {}
    boost::asio::steady_timer deadline;  // touched on the executor only
    std::vector<std::shared_ptr<Seat>> seats;
  };
  // Shared with flights that outlive their owner.
  struct Table {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
    std::atomic<std::uint64_t> started{0}, joined{0};
  };

  // True where this call started the flight.
  bool board(std::string key, std::chrono::steady_clock::duration deadline, Work work,
             const std::shared_ptr<Seat>& seat, const std::function<void(bool)>& boarded) {
    std::shared_ptr<Flight> flight;
    bool starts = false;
    {
      const std::lock_guard lock(table_->mutex);
      std::shared_ptr<Flight>& entry = table_->flights[key];
      starts = !entry;
      if (starts) entry = std::make_shared<Flight>(executor_);
      if (seat) entry->seats.push_back(seat);
      flight = entry;
    }
    ++(starts ? table_->started : table_->joined);
    if (boarded) boarded(starts);
    if (!starts) return false;
    const auto result = std::make_shared<Result>();
    boost::asio::co_spawn(executor_, carry(table_, key, flight, deadline, std::move(work), result),
                          [table = table_, key, flight, result](std::exception_ptr) {
                            flight->deadline.cancel();
                            land(*table, key, flight, *result);
                          });
    return true;
  }

  static boost::asio::awaitable<void> carry(std::shared_ptr<Table> table, std::string key,
                                            std::shared_ptr<Flight> flight,
                                            std::chrono::steady_clock::duration deadline, Work work,
                                            std::shared_ptr<Result> result) {
    flight->deadline.expires_after(deadline);
    flight->deadline.async_wait([table, key, flight](const boost::system::error_code& error) {
      if (!error) land(*table, key, flight, nullptr);
    });
    Value value = co_await work();
    *result = std::make_shared<const Value>(std::move(value));
  }

  static void land(Table& table, const std::string& key, const std::shared_ptr<Flight>& flight, const Result& result) {
    std::vector<std::shared_ptr<Seat>> seats;
    {
      const std::lock_guard lock(table.mutex);
      const auto found = table.flights.find(key);
      if (found != table.flights.end() && found->second == flight) table.flights.erase(found);
      seats.swap(flight->seats);
    }
    for (const auto& seat : seats) {
      const std::lock_guard lock(seat->mutex);
      if (seat->channel) seat->channel->try_send(boost::system::error_code(), result);
    }
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace stead
