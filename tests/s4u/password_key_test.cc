#include "sspi_shim/s4u/password_key.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace stead {
namespace {

namespace asio = boost::asio;

SecretBuffer password() {
  return to_secret(as_bytes("Secret-1"));
}

// The key, by a context that ends as soon as it is there.
std::optional<Result<Key>> derive() {
  asio::io_context io{1};
  std::optional<Result<Key>> out;
  asio::co_spawn(io, password_key(EncType::aes256_cts_hmac_sha1_96, password(), "Aalice", {}),
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
    asio::co_spawn(io, password_key(EncType::aes256_cts_hmac_sha1_96, password(), "Aalice", {}),
                   [](const std::exception_ptr&, const Result<Key>&) {});
    io.poll_one();
  }
}

}  // namespace
}  // namespace stead
