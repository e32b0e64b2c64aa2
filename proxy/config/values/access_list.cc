#include "proxy/config/values/access_list.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/config/values/folded_name.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {
namespace {

constexpr std::string_view kAnyDomain = "S-1-5-21-*-";

std::optional<SidPattern> parse_sid_pattern(const std::string& text) {
  SidPattern out;
  out.text = to_upper(text);
  out.any_domain = out.text.starts_with(kAnyDomain);
  if (out.any_domain) {
    const auto rid = parse_number<std::uint32_t>(std::string_view(out.text).substr(kAnyDomain.size()));
    if (!rid) return std::nullopt;
    out.sid = Sid{5, {*rid}};
    return out;
  }
  auto sid = parse_sid(out.text);
  if (!sid) return std::nullopt;
  out.sid = std::move(*sid);
  return out;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The number of the pattern; nothing: there are too many.
std::optional<std::uint8_t> number_of(GroupPatterns& patterns, SidPattern pattern) {
  auto& all = patterns.patterns;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const SidPattern& known) { return known.text == pattern.text; });
  const auto number = static_cast<std::size_t>(found - all.begin());
  if (number >= GroupPatterns::kMaxPatterns) return std::nullopt;
  if (found == all.end()) all.push_back(std::move(pattern));
  return static_cast<std::uint8_t>(number);
}

void read_entry(const std::string& text, FilePosition at, std::string_view key, FileErrors& errors,
                GroupPatterns& patterns, AccessList& out) {
  const std::string quoted = std::string(key) + ": \"" + text + "\"";
  const std::size_t sign = text.rfind('@');
  if (sign == text.npos) {
    auto pattern = parse_sid_pattern(text);
    if (!pattern)
      return errors.add(at, quoted +
                                " is none of \"USER@REALM\", \"*@REALM\", a SID as \"S-1-5-21-1-2-3-513\", and "
                                "\"S-1-5-21-*-512\"");
    const auto number = number_of(patterns, std::move(*pattern));
    if (!number) return errors.add(at, quoted + ": the file names more than 256 groups");
    out.groups.push_back(*number);
    return;
  }
  const std::string name = text.substr(0, sign), realm = text.substr(sign + 1);
  const bool is_pattern = name != "*" && name.find('*') != name.npos;
  if (name.empty() || realm.empty() || is_pattern || realm.find_first_of("* \t/\\") != realm.npos)
    return errors.add(at, quoted + " is neither \"USER@REALM\" nor \"*@REALM\"");
  if (name == "*")
    out.realms.push_back(folded_name(realm));
  else
    out.users.push_back(folded_name(text));
}

}  // namespace

bool SidPattern::matches(const Sid& other) const {
  if (!any_domain) return sid == other;
  return other.authority == 5 && other.subauthorities.size() == 5 && other.subauthorities.front() == 21 &&
         other.rid() == sid.rid();
}

std::vector<std::uint8_t> GroupPatterns::matching(const std::vector<Sid>& sids) const {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < patterns.size(); ++i)
    if (std::any_of(sids.begin(), sids.end(), [&](const Sid& sid) { return patterns[i].matches(sid); }))
      out.push_back(static_cast<std::uint8_t>(i));
  return out;
}

Buffer GroupPatterns::digest() const {
  constexpr std::size_t kSize = 8;
  std::string all;
  for (const SidPattern& pattern : patterns) all.append(pattern.text).append("\n");
  Buffer out(SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), out.data());
  out.resize(kSize);
  return out;
}

bool AccessList::has_by_itself(const KnownUser& user) const {
  if (!users.empty() && contains(users, folded_name(user.principal))) return true;
  return std::any_of(groups.begin(), groups.end(), [&](std::uint8_t group) {
    return std::find(user.groups.begin(), user.groups.end(), group) != user.groups.end();
  });
}

bool AccessList::has(const KnownUser& user) const {
  if (has_by_itself(user)) return true;
  if (realms.empty()) return false;
  const std::size_t at = user.principal.rfind('@');
  return at != user.principal.npos && contains(realms, folded_name(user.principal.substr(at + 1)));
}

void read_access_list(TomlTable& table, std::string_view key, FileErrors& errors, GroupPatterns& patterns,
                      AccessList& out) {
  for (const auto& [text, at] : table.texts(key)) read_entry(text, at, key, errors, patterns, out);
}

}  // namespace stead::proxy
