#pragma once
// The threads that derive keys from passwords, shared by all clients of the process.
#include <sys/types.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"

namespace stead {

class KeyThreads {
 public:
  // Those of this process: a child of fork() starts threads of its own.
  [[nodiscard]] static KeyThreads& of_process();

  // Runs `work()` on one of them.
  template <class Work>
  void post(Work work) {
    boost::asio::post(pool_, [work = std::move(work)]() mutable {
      const ForkGate at_work;
      work();
    });
  }

  KeyThreads(const KeyThreads&) = delete;
  KeyThreads& operator=(const KeyThreads&) = delete;

 private:
  struct Process;
  explicit KeyThreads(const KeyThreads* of_parent) : of_parent_(of_parent) {}
  ~KeyThreads() = default;

  const KeyThreads* const of_parent_;  // stays in memory: its threads are in the parent process
  boost::asio::thread_pool pool_{2};
};

}  // namespace stead
