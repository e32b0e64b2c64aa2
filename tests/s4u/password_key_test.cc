#include "sspi_shim/s4u/password/password_key.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace stead {
namespace {

namespace asio = boost::asio;

PasswordToDerive password() {
  return {EncType::aes256_cts_hmac_sha1_96, to_secret(as_bytes("Secret-1")), "Aalice", {}};
}

// The key, by a context that ends as soon as it is there.
std::optional<Result<Key>> derive() {
  asio::io_context io{1};
  std::optional<Result<Key>> out;
  asio::co_spawn(io, password_key(password(), {}),
                 [&](const std::exception_ptr&, Result<Key> key) { out = std::move(key); });
  while (!out) io.run_one();
  return out;
}

TEST(PasswordKey, IsTheKeyOfRfc3961) {
  const auto got = derive();
  const auto expected = Key::from_password(EncType::aes256_cts_hmac_sha1_96, "Secret-1", "Aalice", {});
  ASSERT_TRUE(*got && expected);
  EXPECT_EQ((*got)->to_encryption_key().value, expected->to_encryption_key().value);
}

// Under the address sanitizer this fails where a thread holds the context's executor after the context's end.
TEST(PasswordKey, TheContextMayEndAsSoonAsTheKeyIsThere) {
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(*derive());
}

// A context that ends while a key is derived waits for the thread.
TEST(PasswordKey, TheContextMayEndBefore) {
  for (int i = 0; i < 20; ++i) {
    asio::io_context io{1};
    asio::co_spawn(io, password_key(password(), {}), [](const std::exception_ptr&, const Result<Key>&) {});
    io.poll_one();
  }
}

TEST(PasswordKey, IsNotDerivedAfterItsDeadline) {
  asio::io_context io{1};
  std::optional<Result<Key>> out;
  asio::co_spawn(io, password_key(password(), {"10.0.0.1", DerivationQueue::Clock::now()}),
                 [&](const std::exception_ptr&, Result<Key> key) { out = std::move(key); });
  while (!out) io.run_one();
  ASSERT_FALSE(*out);
  EXPECT_TRUE(is_derivation_late(out->error()));
}

class DerivationQueueTest : public testing::Test {
 protected:
  struct Named final : DerivationQueue::Work {
    explicit Named(std::string text) : name(std::move(text)) {}
    void derive() override {}
    void give_up(Error) override {}
    std::string name;
  };
  bool push(const std::string& caller, const std::string& name,
            DerivationQueue::Clock::time_point deadline = DerivationQueue::Clock::time_point::max()) {
    return queue_.push({caller, deadline}, std::make_unique<Named>(name)) == nullptr;
  }
  std::string pop() {
    const auto next = queue_.pop(now_);
    return next.work ? static_cast<Named&>(*next.work).name + (next.is_late ? " late" : "") : "";
  }
  DerivationQueue queue_;
  DerivationQueue::Clock::time_point now_ = DerivationQueue::Clock::now();
};

TEST_F(DerivationQueueTest, CallersTakeTurns) {
  for (const char* name : {"a1", "a2", "a3"}) EXPECT_TRUE(push("a", name));
  EXPECT_TRUE(push("b", "b1"));
  EXPECT_TRUE(push("c", "c1"));
  EXPECT_TRUE(push("b", "b2"));
  for (const char* name : {"a1", "b1", "c1", "a2", "b2", "a3", ""}) EXPECT_EQ(pop(), name);
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(DerivationQueueTest, ACallerFillsOnlyItsOwnPart) {
  for (std::size_t i = 0; i < DerivationQueue::kMaxOfCaller; ++i) EXPECT_TRUE(push("a", "a"));
  EXPECT_FALSE(push("a", "one more"));
  EXPECT_TRUE(push("b", "b"));
  EXPECT_EQ(pop(), "a");
  EXPECT_EQ(pop(), "b");
  EXPECT_TRUE(push("a", "again"));
}

TEST_F(DerivationQueueTest, HasALimitForAllCallersTogether) {
  for (std::size_t i = 0; i < DerivationQueue::kMaxWaiting; ++i) EXPECT_TRUE(push(std::to_string(i), "x"));
  EXPECT_FALSE(push("a", "one more"));
  EXPECT_EQ(queue_.size(), DerivationQueue::kMaxWaiting);
}

TEST_F(DerivationQueueTest, SaysWhatIsLate) {
  EXPECT_TRUE(push("a", "a", now_));
  EXPECT_TRUE(push("b", "b", now_ + std::chrono::milliseconds(1)));
  EXPECT_EQ(pop(), "a late");
  EXPECT_EQ(pop(), "b");
}

}  // namespace
}  // namespace stead
