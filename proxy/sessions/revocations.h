#pragma once
// Sessions that were ended by signing out: cookies with their ids are refused until the sessions would have expired.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/tickets/session.h"

namespace stead::proxy {

// One list for all cores. Thread-safe. It is bounded: where a user, or all users together, have too many, the entries
// that end first make room, and from then on every session that ends no later than those is refused. So a session that
// was signed out is never taken again; at worst a user has to sign in once more.
class Revocations {
 public:
  using Time = std::chrono::sys_seconds;
  struct Limits {
    std::size_t sessions = 100'000, per_user = 32;
  };
  // A sign-out, as the file beside the key has it. Without an id: all sessions of the user, or without both of everybody,
  // that end by `expires`.
  struct Entry {
    std::string id, user_key;  // user_key: identifies the user, and does not name them
    Time expires{};
  };
  Revocations() : Revocations(Limits()) {}
  explicit Revocations(Limits limits);

  [[nodiscard]] static Entry entry_of(const Session& session);
  void add(const Entry& entry, Time now);
  // Takes no lock unless the session or its user may be in the list.
  [[nodiscard]] bool has(const Session& session) const;
  [[nodiscard]] std::vector<Entry> all() const;
  [[nodiscard]] std::size_t size() const;

 private:
  static constexpr std::size_t kMarks = std::size_t{1} << 16;
  struct OfUser {
    std::set<std::pair<Time, std::string>> sessions;
    Time dropped{};  // the latest end of an entry that made room
  };

  [[nodiscard]] std::atomic<std::uint32_t>& mark_of(std::string_view text) const;
  void expire(Time now);
  void drop_of_user(OfUser& user, const std::string& user_key, Time until);
  void drop_of_all(Time until);
  void erase(Time expires, const std::string& id);
  void erase_user_if_empty(const std::string& user_key, Time now);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::set<std::pair<Time, std::string>> by_end_;         // ids
  std::unordered_map<std::string, std::string> user_of_;  // by id
  std::unordered_map<std::string, OfUser> users_;         // by user_key
  std::set<std::pair<Time, std::string>> dropped_;        // users with OfUser::dropped, by it
  std::atomic<std::int64_t> all_dropped_{0};              // OfUser::dropped of everybody
  std::atomic<std::size_t> users_dropped_{0};             // size of dropped_
  // How many ids and users have this hash: a session whose marks are zero is not in the list.
  const std::unique_ptr<std::atomic<std::uint32_t>[]> marks_;
};

}  // namespace stead::proxy
