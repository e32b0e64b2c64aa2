#include "sspi_shim/s4u/ticket_cache.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "sspi_shim/s4u/single_flight.h"

namespace stead {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class Cache : public testing::Test {
 protected:
  TicketCache<int> cache_{3};
  std::chrono::system_clock::time_point now_{};
};

TEST_F(Cache, GivesWhatWasPutUntilItExpires) {
  cache_.put("a", "alice", 1, now_ + 10s);
  EXPECT_EQ(cache_.find("a", now_ + 9s), 1);
  EXPECT_FALSE(cache_.find("a", now_ + 10s));
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(Cache, DropsWhatWasUsedLongestAgo) {
  for (const char* key : {"a", "b", "c"}) cache_.put(key, "alice", 1, now_ + 10s);
  EXPECT_TRUE(cache_.find("a", now_));
  cache_.put("d", "alice", 1, now_ + 10s);
  EXPECT_FALSE(cache_.find("b", now_));
  EXPECT_TRUE(cache_.find("a", now_));
  EXPECT_EQ(cache_.size(), 3u);
}

TEST_F(Cache, ForgetsAUserAndNobodyElse) {
  cache_.put("a", "alice", 1, now_ + 10s);
  cache_.put("b", "alice", 2, now_ + 10s);
  cache_.put("c", "bob", 3, now_ + 10s);
  cache_.forget_owner("alice");
  EXPECT_FALSE(cache_.find("a", now_));
  EXPECT_FALSE(cache_.find("b", now_));
  EXPECT_EQ(cache_.find("c", now_), 3);
  cache_.forget_owner("nobody");
}

TEST_F(Cache, ReplacesAnEntry) {
  cache_.put("a", "alice", 1, now_ + 10s);
  cache_.put("a", "bob", 2, now_ + 10s);
  cache_.forget_owner("alice");
  EXPECT_EQ(cache_.find("a", now_), 2);
}

class Flight : public testing::Test {
 protected:
  // Work that ends when `release_` is cancelled.
  SingleFlight<int>::Work work() {
    return [this]() -> asio::awaitable<int> {
      ++started_;
      co_await release_.async_wait(asio::as_tuple(asio::use_awaitable));
      co_return 42;
    };
  }
  asio::awaitable<void> wait(int& got, std::chrono::steady_clock::duration deadline = 10s) {
    const std::optional<int> value = co_await flight_.run("key", deadline, work());
    got = value.value_or(-1);
  }
  asio::io_context io_{1};
  asio::steady_timer release_{io_, 10s};
  SingleFlight<int> flight_;
  int started_ = 0;
};

TEST_F(Flight, IsOneForManyWaiters) {
  std::vector<int> got(1000);
  for (auto& one : got) asio::co_spawn(io_, wait(one), asio::detached);
  asio::post(io_, [this] { release_.cancel(); });
  io_.run();
  EXPECT_EQ(started_, 1);
  for (const auto one : got) EXPECT_EQ(one, 42);
  EXPECT_FALSE(flight_.flies("key"));
}

TEST_F(Flight, GoesOnWhereOneWhoWaitsIsCancelled) {
  int first = 0, second = 0;
  asio::cancellation_signal signal;
  asio::co_spawn(io_, wait(first), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  asio::co_spawn(io_, wait(second), asio::detached);
  asio::post(io_, [&] { signal.emit(asio::cancellation_type::terminal); });
  asio::post(io_, [&] { asio::post(io_, [&] { release_.cancel(); }); });
  io_.run();
  EXPECT_EQ(first, -1);
  EXPECT_EQ(second, 42);
}

TEST_F(Flight, KeepsNobodyBeyondTheDeadline) {
  int got = 0;
  asio::co_spawn(io_, wait(got, 1ms), [this](std::exception_ptr) { release_.cancel(); });
  io_.run();
  EXPECT_EQ(got, -1);
}

TEST_F(Flight, StartsAnewAfterItLanded) {
  int got = 0;
  release_.expires_after(0s);
  asio::co_spawn(io_, wait(got), asio::detached);
  io_.run();
  io_.restart();
  asio::co_spawn(io_, wait(got), asio::detached);
  io_.run();
  EXPECT_EQ(started_, 2);
}

TEST_F(Flight, LandsWithNothingWhereTheWorkThrows) {
  std::optional<int> got = 1;
  SingleFlight<int>::Work broken = []() -> asio::awaitable<int> {
    throw std::runtime_error("broken");
    co_return 0;
  };
  asio::co_spawn(
      io_, [&]() -> asio::awaitable<void> { got = co_await flight_.run("key", 10s, broken); }, asio::detached);
  io_.run();
  EXPECT_FALSE(got);
  EXPECT_FALSE(flight_.flies("key"));
}

}  // namespace
}  // namespace stead
