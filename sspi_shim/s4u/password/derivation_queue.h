#pragma once
// The keys of passwords wait here for a thread: in turn for the callers, so that one who sends many does not delay the
// others; not too many; and none after its deadline. Holds no thread and no lock.
#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "sspi_shim/protocol/errors/error.h"

namespace stead {

// Whose turn a derivation takes (any text, as the client's address), and until when it is of use.
struct DerivationTurn {
  std::string caller{};
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

class DerivationQueue {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxWaiting = 512, kMaxOfCaller = 16;

  class Work {
   public:
    virtual ~Work() = default;
    virtual void derive() = 0;
    virtual void give_up(Error why) = 0;  // see is_derivation_late
  };
  struct Next {
    std::unique_ptr<Work> work;
    bool is_late = false;  // its deadline has passed: give_up
  };

  // Takes the work and returns null, or returns it: there are too many, of this caller or of all.
  [[nodiscard]] std::unique_ptr<Work> push(DerivationTurn turn, std::unique_ptr<Work> work);
  // The next caller's oldest work. `work` is null if none waits.
  [[nodiscard]] Next pop(Clock::time_point now);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Waiting {
    Clock::time_point deadline;
    std::unique_ptr<Work> work;
  };
  std::unordered_map<std::string, std::deque<Waiting>> callers_;
  std::list<std::string> turns_;  // each caller once
  std::size_t size_ = 0;
};

// What give_up() gets: the queue was full, or the deadline passed.
[[nodiscard]] Error derivation_queue_full();
[[nodiscard]] Error derivation_too_late();
[[nodiscard]] bool is_derivation_late(const Error& error);

}  // namespace stead
