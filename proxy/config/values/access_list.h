#pragma once
// Lists of who is meant: users, whole realms, and groups of the directory by their SIDs.
//
//   "alice@ROOT.FABRIKAM.COM"    a user
//   "*@ROOT.FABRIKAM.COM"        every user of a realm
//   "S-1-5-21-1-2-3-1104"        members of a group, or a user by SID
//   "S-1-5-21-*-512"             of each domain's group with this number
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/protocol/security/sid.h"

namespace stead {
class FileErrors;
class TomlTable;
}  // namespace stead

namespace stead::proxy {

struct SidPattern {
  std::string text;  // as in the file
  Sid sid;           // with `any_domain`, the RID alone
  bool any_domain = false;
  [[nodiscard]] bool matches(const Sid& other) const;
};

// The patterns of all lists, each once. A session remembers the user's by their numbers.
struct GroupPatterns {
  static constexpr std::size_t kMaxPatterns = 256;
  std::vector<SidPattern> patterns;
  [[nodiscard]] std::vector<std::uint8_t> matching(const std::vector<Sid>& sids) const;
  // Changes with the patterns or their order: numbers of other patterns mean nothing. Eight octets.
  [[nodiscard]] Buffer digest() const;
};

// What is known of a user when a list is judged.
struct KnownUser {
  std::string_view principal;  // "alice@REALM"
  const std::vector<std::uint8_t>& groups;
};

struct AccessList {
  std::vector<std::string> users, realms;  // folded
  std::vector<std::uint8_t> groups;        // numbers in GroupPatterns
  [[nodiscard]] bool empty() const { return users.empty() && realms.empty() && groups.empty(); }
  [[nodiscard]] bool has(const KnownUser& user) const;
  // Named as a user or by a group: a realm names people and not machines.
  [[nodiscard]] bool has_by_itself(const KnownUser& user) const;
};

// Reads the key's array; adds its SIDs to `patterns`.
void read_access_list(TomlTable& table, std::string_view key, FileErrors& errors, GroupPatterns& patterns,
                      AccessList& out);

}  // namespace stead::proxy
