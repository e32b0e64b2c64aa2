#include "sspi_shim/s4u/password_key.h"

#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stead {
namespace {

// Shared by all clients of the process. Callers limit the rate of sign-ins.
boost::asio::thread_pool& pool() {
  static boost::asio::thread_pool threads(2);
  return threads;
}

boost::asio::awaitable<Result<Key>> derive(EncType type, SecretBuffer password, std::string salt, Buffer params) {
  co_return Key::from_password(type, as_text(password), salt, params);
}

}  // namespace

boost::asio::awaitable<Result<Key>> password_key(EncType type, SecretBuffer password, std::string salt, Buffer params) {
  Result<Key> key = co_await boost::asio::co_spawn(
      pool(), derive(type, std::move(password), std::move(salt), std::move(params)), boost::asio::use_awaitable);
  co_return key;
}

}  // namespace stead
