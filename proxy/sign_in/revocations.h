#pragma once
// Sessions that were ended by signing out: cookies with their ids are refused.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "proxy/sign_in/sign_in.h"

namespace stead::proxy {

// Thread-safe. An id is kept until its session would have expired. Readers keep a copy and take a new one when the
// generation has changed, so that most requests take no lock.
class Revocations {
 public:
  using Ids = std::unordered_map<std::string, std::chrono::system_clock::time_point>;  // until when
  void add(const Session& session, std::chrono::system_clock::time_point now);
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  [[nodiscard]] Ids copy(std::uint64_t& generation) const;

 private:
  mutable std::mutex mutex_;
  Ids ids_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace stead::proxy
