#include "sspi_shim/client/cache/ticket_cache.h"

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "sspi_shim/client/cache/fetch_once.h"
#include "sspi_shim/client/cache/sharded_ticket_cache.h"

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

TEST_F(Cache, LetsWhoAsksForMuchDriveOutHimself) {
  TicketCache<int> cache(100);
  for (int i = 0; i < 10; ++i) cache.put("quiet " + std::to_string(i), "user " + std::to_string(i), i, now_ + 10s);
  for (int i = 0; i < 10000; ++i) cache.put("noise " + std::to_string(i), "noisy", i, now_ + 10s);
  EXPECT_EQ(cache.size(), 100u);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(cache.find("quiet " + std::to_string(i), now_)) << i;
  // Others come, and he makes room.
  for (int i = 0; i < 80; ++i) cache.put("late " + std::to_string(i), "late " + std::to_string(i), i, now_ + 10s);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(cache.find("quiet " + std::to_string(i), now_)) << i;
  for (int i = 0; i < 80; ++i) EXPECT_TRUE(cache.find("late " + std::to_string(i), now_)) << i;
  EXPECT_TRUE(cache.find("noise 9999", now_));
}

TEST_F(Cache, IsFairBetweenTwo) {
  TicketCache<int> cache(100);
  for (int i = 0; i < 30; ++i) cache.put("quiet " + std::to_string(i), "quiet", i, now_ + 10s);
  for (int i = 0; i < 10000; ++i) cache.put("noise " + std::to_string(i), "noisy", i, now_ + 10s);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(cache.find("quiet " + std::to_string(i), now_)) << i;
}

TEST_F(Cache, IsBoundedInBytes) {
  TicketCache<int> cache(1000, 100000);
  for (int i = 0; i < 20; ++i)
    cache.put("small " + std::to_string(i), "user " + std::to_string(i), i, {now_ + 10s, kNever, 100});
  for (int i = 0; i < 100; ++i) {
    cache.put("large " + std::to_string(i), "large", i, {now_ + 10s, kNever, 10000});
    EXPECT_LE(cache.bytes(), 100000u);
  }
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(cache.find("small " + std::to_string(i), now_)) << i;
  cache.put("too large for all of it", "large", 1, {now_ + 10s, kNever, 200000});
  EXPECT_LE(cache.bytes(), 100000u);
  cache.clear();
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(Cache, TellsOneCallerThatASuccessorIsDue) {
  cache_.put("a", "alice", 1, {now_ + 10s, now_ + 8s, 0});
  EXPECT_FALSE(cache_.look("a", now_ + 7s)->refresh);
  EXPECT_TRUE(cache_.look("a", now_ + 8s)->refresh);
  EXPECT_FALSE(cache_.look("a", now_ + 8s)->refresh);
  cache_.refresh_at("a", now_ + 9s);
  EXPECT_TRUE(cache_.look("a", now_ + 9s)->refresh);
}

TEST_F(Cache, FreesWhatGoes) {
  TicketCache<std::shared_ptr<int>> cache(3);
  std::vector<std::weak_ptr<int>> held;
  const auto put = [&](const std::string& key, const std::string& owner, std::chrono::seconds life) {
    auto value = std::make_shared<int>(1);
    held.push_back(value);
    cache.put(key, owner, std::move(value), now_ + life);
  };
  put("a", "alice", 1s), put("b", "alice", 5s), put("c", "bob", 9s);
  cache.expire(now_ + 1s);
  EXPECT_TRUE(held[0].expired()) << "nobody asked for it";
  cache.forget_owner("alice");
  EXPECT_TRUE(held[1].expired());
  EXPECT_FALSE(cache.find("c", now_ + 9s));
  EXPECT_TRUE(held[2].expired());
  for (const char* key : {"d", "e", "f", "g"}) put(key, key, 9s);
  EXPECT_TRUE(held[3].expired()) << "driven out";
}

TEST(ShardedCache, KeepsNothingThatWasAskedForBeforeAnEviction) {
  ShardedTicketCache<int> cache(1000);
  const std::chrono::system_clock::time_point now{};
  const CacheTerms terms{now + 10s};
  const auto before = cache.epoch();
  cache.put("a", "alice", 1, terms, before);
  cache.evict("alice");
  EXPECT_FALSE(cache.find("a", now));
  cache.put("a", "alice", 1, terms, before);
  cache.put("b", "bob", 2, terms, before);
  EXPECT_FALSE(cache.find("a", now));
  EXPECT_TRUE(cache.find("b", now));
  cache.put("a", "alice", 1, terms, cache.epoch());
  EXPECT_TRUE(cache.find("a", now));
  for (int i = 0; i < 5000; ++i) cache.evict("user " + std::to_string(i));
  cache.put("c", "alice", 1, terms, before);
  EXPECT_FALSE(cache.find("c", now)) << "too long ago to be told apart";
}

TEST(ShardedCache, HoldsAsManyAsItShould) {
  ShardedTicketCache<int> cache(1600, 10'000'000);
  const CacheTime now{};
  for (int i = 0; i < 20000; ++i)
    cache.put("key " + std::to_string(i), "user " + std::to_string(i % 100), i, {now + 10s, kNever, 1000}, 0);
  EXPECT_EQ(cache.size(), 1600u);
  EXPECT_LE(cache.bytes(), 10'000'000u);
  for (std::size_t i = 0; i < 7 * decltype(cache)::kShards; ++i)
    cache.expire(now + 10s);  // a shard has 100, and 16 of them go each time
  EXPECT_EQ(cache.size(), 0u);
}

class FetchOnceTest : public testing::Test {
 protected:
  // Work that ends when `release_` is cancelled.
  FetchOnce<int>::Work work() {
    return [this]() -> asio::awaitable<int> {
      ++started_;
      co_await release_.async_wait(asio::as_tuple(asio::use_awaitable));
      co_return 42;
    };
  }
  asio::awaitable<void> wait(int& got, std::chrono::steady_clock::duration deadline = 10s) {
    const std::optional<int> value = co_await fetch_.run("key", deadline, work());
    got = value.value_or(-1);
  }
  asio::io_context io_{1};
  asio::steady_timer release_{io_, 10s};
  FetchOnce<int> fetch_{io_.get_executor()};
  int started_ = 0;
};

TEST_F(FetchOnceTest, IsOneForManyWaiters) {
  std::vector<int> got(1000);
  for (auto& one : got) asio::co_spawn(io_, wait(one), asio::detached);
  asio::post(io_, [this] { release_.cancel(); });
  io_.run();
  EXPECT_EQ(started_, 1);
  for (const auto one : got) EXPECT_EQ(one, 42);
  EXPECT_FALSE(fetch_.is_running("key"));
}

TEST_F(FetchOnceTest, GoesOnWhereOneWhoWaitsIsCancelled) {
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

TEST_F(FetchOnceTest, KeepsNobodyBeyondTheDeadline) {
  int got = 0;
  asio::co_spawn(io_, wait(got, 1ms), [this](std::exception_ptr) { release_.cancel(); });
  io_.run();
  EXPECT_EQ(got, -1);
}

TEST_F(FetchOnceTest, MakesWayForAnotherAfterItsDeadline) {
  int late = 0, next = 0;
  asio::co_spawn(io_, wait(late, 1ms), [&](std::exception_ptr) {
    EXPECT_FALSE(fetch_.is_running("key")) << "it still works, but nobody waits for it";
    asio::co_spawn(io_, wait(next), asio::detached);
    asio::post(io_, [this] { release_.cancel(); });
  });
  io_.run();
  EXPECT_EQ(late, -1);
  EXPECT_EQ(next, 42);
  EXPECT_EQ(started_, 2);
}

TEST_F(FetchOnceTest, RunsWithNobodyWaiting) {
  EXPECT_TRUE(fetch_.start("key", 10s, work()));
  EXPECT_FALSE(fetch_.start("key", 10s, work()));
  int got = 0;
  asio::co_spawn(io_, wait(got), asio::detached);
  asio::post(io_, [this] { release_.cancel(); });
  io_.run();
  EXPECT_EQ(got, 42);
  EXPECT_EQ(started_, 1);
}

TEST_F(FetchOnceTest, StartsAnewAfterItCompleted) {
  int got = 0;
  release_.expires_after(0s);
  asio::co_spawn(io_, wait(got), asio::detached);
  io_.run();
  io_.restart();
  asio::co_spawn(io_, wait(got), asio::detached);
  io_.run();
  EXPECT_EQ(started_, 2);
}

TEST_F(FetchOnceTest, CompletesWithNothingWhereTheWorkThrows) {
  std::optional<int> got = 1;
  FetchOnce<int>::Work broken = []() -> asio::awaitable<int> {
    throw std::runtime_error("broken");
    co_return 0;
  };
  asio::co_spawn(
      io_, [&]() -> asio::awaitable<void> { got = co_await fetch_.run("key", 10s, broken); }, asio::detached);
  io_.run();
  EXPECT_FALSE(got);
  EXPECT_FALSE(fetch_.is_running("key"));
}

}  // namespace
}  // namespace stead
