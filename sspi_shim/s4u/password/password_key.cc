#include "sspi_shim/s4u/password/password_key.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/protocol/crypto/wipe_stack.h"
#include "sspi_shim/s4u/password/key_threads.h"

namespace stead {
namespace {

namespace asio = boost::asio;

// The derivations that still hold an executor of one execution context. The context's end waits for them: a thread of
// the pool lets go of the executor only after the caller has its key, and the caller may destroy the context then. Those
// of a parent process never end in its child.
class Derivations final : public asio::execution_context::service {
 public:
  using key_type = Derivations;
  static asio::execution_context::id id;

  struct Count {
    std::mutex mutex;
    std::condition_variable none;
    std::size_t running = 0;
    const pid_t process = this_process();
  };

  explicit Derivations(asio::execution_context& context) : asio::execution_context::service(context) {}

  [[nodiscard]] std::shared_ptr<Count> begin() {
    if (count_->process != this_process()) count_ = std::make_shared<Count>();
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
    if (count_->process != this_process()) return;
    std::unique_lock lock(count_->mutex);
    count_->none.wait(lock, [this] { return count_->running == 0; });
  }

  std::shared_ptr<Count> count_ = std::make_shared<Count>();
};

asio::execution_context::id Derivations::id;

// Derives on the pool, and completes on the executor of `handler`.
template <class Handler>
class Derivation final : public DerivationQueue::Work {
 public:
  Derivation(Handler handler, PasswordToDerive what, Derivations& derivations)
      : caller_(std::make_unique<Caller>(std::move(handler))), what_(std::move(what)), count_(derivations.begin()) {}

  Derivation(const Derivation&) = delete;
  Derivation& operator=(const Derivation&) = delete;
  ~Derivation() override {
    if (caller_) release();  // the process ends
  }

  void derive() override {
    Result<Key> key = Key::from_password(what_.type, as_text(what_.password), what_.salt, what_.params);
    wipe_stack();
    complete(std::move(key));
  }
  void give_up(Error why) override { complete(why); }

 private:
  using Executor = asio::associated_executor_t<Handler>;
  struct Caller {
    explicit Caller(Handler given) : work(asio::get_associated_executor(given)), handler(std::move(given)) {}
    asio::executor_work_guard<Executor> work;
    Handler handler;
  };

  void complete(Result<Key> key) {
    asio::post(caller_->work.get_executor(), [handler = std::move(caller_->handler), key = std::move(key)]() mutable {
      std::move(handler)(std::move(key));
    });
    release();
  }
  void release() {
    caller_.reset();
    Derivations::end(*count_);
  }

  std::unique_ptr<Caller> caller_;
  PasswordToDerive what_;
  std::shared_ptr<Derivations::Count> count_;
};

}  // namespace

asio::awaitable<Result<Key>> password_key(PasswordToDerive what, DerivationTurn turn) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto& derivations = asio::use_service<Derivations>(asio::query(executor, asio::execution::context));
  auto initiate = [&](auto handler) {
    using Handler = decltype(handler);
    KeyThreads::of_process().add(
        std::move(turn), std::make_unique<Derivation<Handler>>(std::move(handler), std::move(what), derivations));
  };
  std::optional<Result<Key>> key;
  key.emplace(
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Key>)>(initiate, asio::use_awaitable));
  co_return std::move(*key);
}

}  // namespace stead
