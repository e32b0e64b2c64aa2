#include "proxy/sign_in/revocations.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace stead::proxy {

void Revocations::add(const Session& session, std::chrono::system_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(ids_, [&](const auto& entry) { return entry.second <= now; });
  ids_[session.id] = session.expires;
  generation_.fetch_add(1, std::memory_order_release);
}

Revocations::Ids Revocations::copy(std::uint64_t& generation) const {
  const std::lock_guard lock(mutex_);
  generation = generation_.load(std::memory_order_relaxed);
  return ids_;
}

}  // namespace stead::proxy
