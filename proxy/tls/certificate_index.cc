#include "proxy/tls/certificate_index.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

using Entry = CertificateIndex::Entry;
using Set = CertificateIndex::Set;

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Adds those of the entries whose type of key the set does not have.
template <class Matches>
void add_matching(const std::vector<Entry>& entries, const Matches& matches, Set& out) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto same_type = [&](std::size_t other) { return entries[other].key_type == entries[i].key_type; };
    if (matches(entries[i].names) && std::none_of(out.begin(), out.end(), same_type)) out.push_back(i);
  }
}

Set for_wildcard(const std::vector<Entry>& entries, std::string_view rest, Set out = {}) {
  add_matching(entries, [&](const CertificateNames& names) { return has(names.wildcards(), rest); }, out);
  return out;
}

Set for_name(const std::vector<Entry>& entries, std::string_view name) {
  Set out;
  add_matching(entries, [&](const CertificateNames& names) { return has(names.exact(), name); }, out);
  const std::string_view rest = behind_first_label(name);
  return rest.empty() ? out : for_wildcard(entries, rest, std::move(out));
}

Set default_set(const std::vector<Entry>& entries) {
  const CertificateNames& names = entries.front().names;
  if (!names.exact().empty()) return for_name(entries, names.exact().front());
  if (!names.wildcards().empty()) return for_wildcard(entries, names.wildcards().front());
  return {0};
}

}  // namespace

CertificateIndex::CertificateIndex(const std::vector<Entry>& entries) {
  (void)number_of(default_set(entries));
  for (const Entry& entry : entries) {
    for (const std::string& name : entry.names.exact())
      if (!exact_.contains(name)) exact_.emplace(name, number_of(for_name(entries, name)));
    for (const std::string& rest : entry.names.wildcards())
      if (!wildcards_.contains(rest)) wildcards_.emplace(rest, number_of(for_wildcard(entries, rest)));
  }
}

std::size_t CertificateIndex::number_of(Set set) {
  std::sort(set.begin(), set.end());
  const auto found = std::find(sets_.begin(), sets_.end(), set);
  if (found != sets_.end()) return static_cast<std::size_t>(found - sets_.begin());
  sets_.push_back(std::move(set));
  return sets_.size() - 1;
}

std::size_t CertificateIndex::find(std::string_view name) const {
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  const auto found = wildcards_.find(behind_first_label(name));
  return found != wildcards_.end() ? found->second : 0;
}

}  // namespace stead::proxy
