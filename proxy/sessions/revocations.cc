#include "proxy/sessions/revocations.h"

#include <openssl/sha.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kUserKeySize = 16;  // octets

std::string user_key_of(std::string_view user) {
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(user.data()), user.size(), digest.data());
  digest.resize(kUserKeySize);
  return to_hex(digest);
}

}  // namespace

Revocations::Revocations(Limits limits) : limits_(limits), marks_(new std::atomic<std::uint32_t>[kMarks]()) {}

std::atomic<std::uint32_t>& Revocations::mark_of(std::string_view text) const {
  return marks_[std::hash<std::string_view>{}(text) % kMarks];
}

Revocations::Entry Revocations::entry_of(const Session& session) {
  return {.id = session.id,
          .user_key = user_key_of(session.user),
          .expires = std::chrono::ceil<std::chrono::seconds>(session.expires)};
}

void Revocations::erase(Time expires, const std::string& id) {
  const auto owner = user_of_.find(id);
  if (owner == user_of_.end()) return;
  users_[owner->second].sessions.erase({expires, id});
  by_end_.erase({expires, id});
  user_of_.erase(owner);
  mark_of(id).fetch_sub(1, std::memory_order_release);
}

void Revocations::erase_user_if_empty(const std::string& user_key, Time now) {
  const auto found = users_.find(user_key);
  if (found != users_.end() && found->second.sessions.empty() && found->second.dropped <= now) users_.erase(found);
}

void Revocations::expire(Time now) {
  while (!by_end_.empty() && by_end_.begin()->first <= now) {
    const auto [expires, id] = *by_end_.begin();
    const std::string user_key = user_of_[id];
    erase(expires, id);
    erase_user_if_empty(user_key, now);
  }
  while (!dropped_.empty() && dropped_.begin()->first <= now) {
    const std::string user_key = dropped_.begin()->second;
    dropped_.erase(dropped_.begin());
    mark_of(user_key).fetch_sub(1, std::memory_order_release);
    users_dropped_.store(dropped_.size(), std::memory_order_release);
    erase_user_if_empty(user_key, now);
  }
}

void Revocations::drop_of_user(OfUser& user, const std::string& user_key, Time until) {
  if (until <= user.dropped && dropped_.contains({user.dropped, user_key})) return;
  if (dropped_.erase({user.dropped, user_key}) == 0) mark_of(user_key).fetch_add(1, std::memory_order_release);
  user.dropped = std::max(user.dropped, until);
  dropped_.insert({user.dropped, user_key});
  users_dropped_.store(dropped_.size(), std::memory_order_release);
}

void Revocations::drop_of_all(Time until) {
  const auto dropped = std::max(all_dropped_.load(std::memory_order_relaxed), until.time_since_epoch().count());
  all_dropped_.store(dropped, std::memory_order_release);
  expire(until);
}

void Revocations::add(const Entry& entry, Time now) {
  const std::lock_guard lock(mutex_);
  expire(now);
  if (entry.expires <= now || user_of_.contains(entry.id)) return;
  if (entry.user_key.empty()) return drop_of_all(entry.expires);
  OfUser& user = users_[entry.user_key];
  if (entry.id.empty()) {
    drop_of_user(user, entry.user_key, entry.expires);
  } else {
    user.sessions.insert({entry.expires, entry.id});
    by_end_.insert({entry.expires, entry.id});
    user_of_[entry.id] = entry.user_key;
    mark_of(entry.id).fetch_add(1, std::memory_order_release);
  }
  if (user.sessions.size() > limits_.per_user) {
    const auto [expires, id] = *user.sessions.begin();
    drop_of_user(user, entry.user_key, expires);
    erase(expires, id);
  }
  while (by_end_.size() + dropped_.size() > limits_.sessions) {
    const bool from_users = by_end_.empty() || (!dropped_.empty() && dropped_.begin()->first < by_end_.begin()->first);
    drop_of_all(from_users ? dropped_.begin()->first : by_end_.begin()->first);
  }
}

bool Revocations::has(const Session& session) const {
  const Time expires = std::chrono::ceil<std::chrono::seconds>(session.expires);
  if (expires.time_since_epoch().count() <= all_dropped_.load(std::memory_order_acquire)) return true;
  const bool is_marked = mark_of(session.id).load(std::memory_order_acquire) > 0;
  if (!is_marked && users_dropped_.load(std::memory_order_acquire) == 0) return false;
  const std::string user_key = user_key_of(session.user);
  if (!is_marked && mark_of(user_key).load(std::memory_order_acquire) == 0) return false;
  const std::lock_guard lock(mutex_);
  if (user_of_.contains(session.id)) return true;
  const auto user = users_.find(user_key);
  return user != users_.end() && expires <= user->second.dropped;
}

std::vector<Revocations::Entry> Revocations::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> out;
  out.reserve(by_end_.size());
  for (const auto& [expires, id] : by_end_) out.push_back({.id = id, .user_key = user_of_.at(id), .expires = expires});
  for (const auto& [expires, user_key] : dropped_) out.push_back({.id = {}, .user_key = user_key, .expires = expires});
  if (const auto all = all_dropped_.load(); all > 0)
    out.push_back({.id = {}, .user_key = {}, .expires = Time(std::chrono::seconds(all))});
  return out;
}

std::size_t Revocations::size() const {
  const std::lock_guard lock(mutex_);
  return by_end_.size() + dropped_.size();
}

}  // namespace stead::proxy
