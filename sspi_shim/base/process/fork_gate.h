#pragma once
// fork() leaves the child without the other threads of its parent, and with their locks: also those inside OpenSSL and
// libkrb5. So fork() waits until no thread is at work in them for us, one second at most.
#include <sys/types.h>

namespace stead {

// While it lives, the thread is at work, and fork() waits for it. It waits itself where a fork() is going on. Nests.
class ForkGate {
 public:
  ForkGate();
  ForkGate(const ForkGate&) = delete;
  ForkGate& operator=(const ForkGate&) = delete;
  ~ForkGate();

  // While it lives, the thread is not at work after all: it waits for another.
  class Away {
   public:
    Away();
    Away(const Away&) = delete;
    Away& operator=(const Away&) = delete;
    ~Away();

   private:
    unsigned depth_;
  };

  // For handlers of pthread_atfork, the first and the last thing that they do. Several may do so.
  static void before_fork();
  static void after_fork();
};

// The process that runs this: changes at fork() only.
[[nodiscard]] pid_t this_process();

}  // namespace stead
