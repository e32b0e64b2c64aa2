#pragma once
// The sessions that this process has seen, for administrators: sessions travel in cookies, so nobody has a list of all.
#include <chrono>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/tickets/session.h"

namespace stead::proxy {

struct SeenSession {
  std::string id, user, host, address;  // address: of the client, when the session was last seen
  SignInMethod method = SignInMethod::kerberos;
  std::chrono::sys_seconds begun{}, seen{}, expires{};
};

// One for all cores. Thread-safe. Holds at most kMaxSessions; those that end first make room.
class SessionList {
 public:
  static constexpr std::size_t kMaxSessions = 100'000;
  void note(SeenSession session);
  // Of one user, whatever the case of letters, or of everybody if `user` is empty; those that have not expired, the one
  // seen last first.
  [[nodiscard]] std::vector<SeenSession> all(std::string_view user, std::chrono::sys_seconds now) const;
  void forget(const std::string& id);
  // Forgets the user's sessions, and returns them.
  std::vector<SeenSession> take(std::string_view user, std::chrono::sys_seconds now);

 private:
  void erase(const std::string& id);
  mutable std::mutex mutex_;
  std::unordered_map<std::string, SeenSession> by_id_;
  std::set<std::pair<std::chrono::sys_seconds, std::string>> by_end_;
};

}  // namespace stead::proxy
