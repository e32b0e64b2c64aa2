#include "proxy/sessions/session_list.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead::proxy {

void SessionList::erase(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  by_end_.erase({found->second.expires, id});
  by_id_.erase(found);
}

void SessionList::note(SeenSession session) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_id_.find(session.id); known != by_id_.end())
    session.seen = std::max(session.seen, known->second.seen);
  erase(session.id);
  if (by_id_.size() == kMaxSessions) {
    const std::string first = by_end_.begin()->second;
    erase(first);
  }
  by_end_.emplace(session.expires, session.id);
  const std::string id = session.id;
  by_id_.emplace(id, std::move(session));
}

void SessionList::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  erase(id);
}

std::vector<SeenSession> SessionList::all(std::string_view user, std::chrono::sys_seconds now) const {
  std::vector<SeenSession> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, session] : by_id_)
      if (session.expires > now && (user.empty() || equal_ignoring_case(session.user, user))) out.push_back(session);
  }
  std::sort(out.begin(), out.end(), [](const SeenSession& a, const SeenSession& b) {
    return a.seen != b.seen ? a.seen > b.seen : a.id < b.id;
  });
  return out;
}

std::vector<SeenSession> SessionList::take(std::string_view user, std::chrono::sys_seconds now) {
  std::vector<SeenSession> out = all(user, now);
  const std::lock_guard lock(mutex_);
  for (const SeenSession& session : out) erase(session.id);
  return out;
}

}  // namespace stead::proxy
