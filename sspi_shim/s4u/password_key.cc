#include "sspi_shim/s4u/password_key.h"

#include <openssl/crypto.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/protocol/crypto/wipe_stack.h"

namespace stead {
namespace {

namespace asio = boost::asio;

// Shared by all clients of the process. Callers limit the rate of sign-ins.
asio::thread_pool& pool() {
  // OpenSSL 3.0 loses a little memory where a thread of a pool is the first to use it.
  static const int begun = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  static_cast<void>(begun);
  static asio::thread_pool threads(2);
  return threads;
}

// The derivations that still hold an executor of one execution context. The context's end waits for them: a thread of
// the pool lets go of the executor only after the caller has its key, and the caller may destroy the context then.
class Derivations final : public asio::execution_context::service {
 public:
  using key_type = Derivations;
  static asio::execution_context::id id;

  struct Count {
    std::mutex mutex;
    std::condition_variable none;
    std::size_t running = 0;
  };

  explicit Derivations(asio::execution_context& context) : asio::execution_context::service(context) {}

  [[nodiscard]] std::shared_ptr<Count> begin() {
    const std::lock_guard lock(count_->mutex);
    ++count_->running;
    return count_;
  }
  static void end(Count& count) {
    const std::lock_guard lock(count.mutex);
    if (--count.running == 0) count.none.notify_all();
  }

 private:
  void shutdown() override {
    std::unique_lock lock(count_->mutex);
    count_->none.wait(lock, [this] { return count_->running == 0; });
  }

  std::shared_ptr<Count> count_ = std::make_shared<Count>();
};

asio::execution_context::id Derivations::id;

struct Password {
  EncType type{};
  SecretBuffer password;
  std::string salt;
  Buffer params;
};

// Derives on the pool, and completes on the executor of `handler`.
template <class Handler>
void start(Handler handler, Password what, Derivations& derivations) {
  auto executor = asio::get_associated_executor(handler);
  using Guard = asio::executor_work_guard<decltype(executor)>;
  struct Caller {
    Guard work;
    Handler handler;
  };
  auto caller = std::make_unique<Caller>(Caller{Guard(executor), std::move(handler)});
  auto derive = [caller = std::move(caller), what = std::move(what), count = derivations.begin()]() mutable {
    Result<Key> key = Key::from_password(what.type, as_text(what.password), what.salt, what.params);
    wipe_stack();
    asio::post(caller->work.get_executor(), [handler = std::move(caller->handler), key = std::move(key)]() mutable {
      std::move(handler)(std::move(key));
    });
    caller.reset();
    Derivations::end(*count);
  };
  asio::post(pool(), std::move(derive));
}

}  // namespace

asio::awaitable<Result<Key>> password_key(EncType type, SecretBuffer password, std::string salt, Buffer params) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Password what{type, std::move(password), std::move(salt), std::move(params)};
  auto& derivations = asio::use_service<Derivations>(asio::query(executor, asio::execution::context));
  auto initiate = [&](auto handler) { start(std::move(handler), std::move(what), derivations); };
  std::optional<Result<Key>> key;
  key.emplace(
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Key>)>(initiate, asio::use_awaitable));
  co_return std::move(*key);
}

}  // namespace stead
