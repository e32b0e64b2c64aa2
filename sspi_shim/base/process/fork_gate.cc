#include "sspi_shim/base/process/fork_gate.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace stead {
namespace {

constexpr std::chrono::seconds kForkWaits{1};

struct State {
  explicit State(const State* parent) : of_parent(parent) {}

  const State* const of_parent;  // stays in memory: threads that the child does not have hold its locks
  const pid_t owner = this_process();
  std::recursive_mutex forking;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t at_work = 0;  // threads
  unsigned handlers = 0;    // that are between before_fork and after_fork
};

State*& state() {
  static State* one = new State(nullptr);
  return one;
}

thread_local unsigned depth = 0;

void come() {
  std::unique_lock lock(state()->mutex);
  state()->changed.wait(lock, [] { return state()->handlers == 0; });
  ++state()->at_work;
}

void go() {
  const std::lock_guard lock(state()->mutex);
  --state()->at_work;
  state()->changed.notify_all();
}

}  // namespace

ForkGate::ForkGate() {
  if (depth++ == 0) come();
}
ForkGate::~ForkGate() {
  if (--depth == 0) go();
}

ForkGate::Away::Away() : depth_(depth) {
  depth = 0;
  if (depth_ != 0) go();
}
ForkGate::Away::~Away() {
  if (depth_ != 0) come();
  depth = depth_;
}

void ForkGate::before_fork() {
  State& here = *state();
  here.forking.lock();
  std::unique_lock lock(here.mutex);
  ++here.handlers;
  const std::size_t itself = depth != 0 ? 1 : 0;
  if (here.handlers == 1) here.changed.wait_for(lock, kForkWaits, [&] { return here.at_work == itself; });
}

void ForkGate::after_fork() {
  State& here = *state();
  if (here.owner != this_process()) {  // the first handler in the child
    state() = new State(&here);
    state()->at_work = depth != 0 ? 1 : 0;
    return;
  }
  const std::lock_guard lock(here.mutex);
  if (here.handlers == 0) return;  // another handler in the child
  if (--here.handlers == 0) here.changed.notify_all();
  here.forking.unlock();
}

pid_t this_process() {
  return ::getpid();
}

}  // namespace stead
