#pragma once
// The threads that derive keys from passwords, shared by all clients of the process, and what waits for them.
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>

#include "sspi_shim/s4u/password/derivation_queue.h"

namespace stead {

// Thread-safe.
class KeyThreads {
 public:
  // Those of this process: a child of fork() starts threads of its own.
  [[nodiscard]] static KeyThreads& of_process();

  // Runs the work on one of the threads when its turn has come, or gives it up: at once where too many wait, or after
  // its deadline.
  void add(DerivationTurn turn, std::unique_ptr<DerivationQueue::Work> work);

  KeyThreads(const KeyThreads&) = delete;
  KeyThreads& operator=(const KeyThreads&) = delete;

 private:
  struct Process;
  explicit KeyThreads(const KeyThreads* of_parent) : of_parent_(of_parent) {}
  ~KeyThreads() = default;
  void run_next();

  const KeyThreads* const of_parent_;  // stays in memory: its threads are in the parent process
  std::mutex mutex_;
  DerivationQueue queue_;
  boost::asio::thread_pool pool_{2};  // the last member: its threads end first
};

}  // namespace stead
