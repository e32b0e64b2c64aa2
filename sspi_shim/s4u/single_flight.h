#pragma once
// One piece of work for many who want its result. The work goes on whoever of them is cancelled; each waits until the deadline at most.
// One executor, no lock.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace stead {

template <class Value>
class SingleFlight {
 public:
  using Work = std::function<boost::asio::awaitable<Value>()>;

  [[nodiscard]] bool flies(const std::string& key) const { return flights_->contains(key); }

  // Joins the flight of `key`, or starts it with `work`, which keeps what it uses alive. Nothing: the deadline passed, or the caller
  // was cancelled, or the work threw.
  boost::asio::awaitable<std::optional<Value>> run(std::string key, std::chrono::steady_clock::duration deadline, Work work) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto& entry = (*flights_)[key];
    std::shared_ptr<Flight> flight = entry;
    if (!flight) {
      flight = std::make_shared<Flight>(executor, deadline);
      entry = flight;
      boost::asio::co_spawn(executor, carry(std::move(work), flight), [flights = flights_, flight, key](std::exception_ptr) {
        const auto found = flights->find(key);
        if (found != flights->end() && found->second == flight) flights->erase(found);
        flight->landed = true;
        flight->done.cancel();
      });
    }
    if (!flight->landed) co_await flight->done.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return flight->result;
  }

 private:
  struct Flight {
    Flight(const boost::asio::any_io_executor& executor, std::chrono::steady_clock::duration deadline) : done(executor, deadline) {}
    boost::asio::steady_timer done;
    std::optional<Value> result;
    bool landed = false;
  };

  static boost::asio::awaitable<void> carry(Work work, std::shared_ptr<Flight> flight) {
    auto value = co_await work();
    flight->result.emplace(std::move(value));
  }

  // Shared with flights that outlive their owner.
  std::shared_ptr<std::unordered_map<std::string, std::shared_ptr<Flight>>> flights_ =
      std::make_shared<std::unordered_map<std::string, std::shared_ptr<Flight>>>();
};

}  // namespace stead
