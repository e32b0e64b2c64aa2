#include "sspi_shim/s4u/password/key_threads.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/types.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <mutex>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"

namespace stead {

struct KeyThreads::Process {
  std::mutex mutex;
  KeyThreads* threads = nullptr;
  pid_t owner = 0;  // whose threads they are
  static const int registered;

  // Ends the threads before OpenSSL ends.
  ~Process() {
    if (owner == this_process()) delete threads;
    owner = 0;
  }

  static Process& instance() {
    // OpenSSL 3.0 loses a little memory where a thread of a pool is the first to use it.
    static const int begun = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
    static_cast<void>(begun);
    static Process one;
    return one;
  }
  static int register_handlers() { return ::pthread_atfork(before_fork, after_fork, after_fork); }
  static void before_fork() {
    ForkGate::before_fork();
    instance().mutex.lock();
  }
  static void after_fork() {
    instance().mutex.unlock();
    ForkGate::after_fork();
  }
};

[[maybe_unused]] const int KeyThreads::Process::registered = KeyThreads::Process::register_handlers();

KeyThreads& KeyThreads::of_process() {
  Process& process = Process::instance();
  const std::lock_guard lock(process.mutex);
  if (process.owner != this_process()) {
    process.threads = new KeyThreads(process.threads);
    process.owner = this_process();
  }
  return *process.threads;
}

void KeyThreads::add(DerivationTurn turn, std::unique_ptr<DerivationQueue::Work> work) {
  {
    const std::lock_guard lock(mutex_);
    work = queue_.push(std::move(turn), std::move(work));
  }
  if (work) {
    work->give_up(derivation_queue_full());
    return;
  }
  boost::asio::post(pool_, [this] {
    const ForkGate at_work;
    run_next();
  });
}

void KeyThreads::run_next() {
  DerivationQueue::Next next;
  {
    const std::lock_guard lock(mutex_);
    next = queue_.pop(DerivationQueue::Clock::now());
  }
  if (!next.work) return;
  if (next.is_late)
    next.work->give_up(derivation_too_late());
  else
    next.work->derive();
}

}  // namespace stead
