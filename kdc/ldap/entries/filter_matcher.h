#pragma once
// Evaluates the filter of a search (RFC 4511 §4.5.1.7, MS-ADTS §3.1.1.3.1.3) and finds the few entries that it can
// match by the directory's indexes.
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kdc/ldap/entries/attributes.h"
#include "kdc/ldap/wire/ldap_filter.h"

namespace stead::kdc {

namespace matching_rule {
constexpr std::string_view bit_and = "1.2.840.113556.1.4.803", bit_or = "1.2.840.113556.1.4.804",
                           in_chain = "1.2.840.113556.1.4.1941";
}

// Of one search. The tree must outlive it. What a term needs besides the entry (the closure of a group for "in chain")
// is computed once.
class FilterMatcher {
 public:
  FilterMatcher(const Tree& tree, Filter filter);
  FilterMatcher(const FilterMatcher&) = delete;
  FilterMatcher& operator=(const FilterMatcher&) = delete;

  // The entries that the filter can match, in no order and without duplicates, where names, SPNs, UPNs, SIDs or GUIDs
  // decide it. Nothing: any entry may match.
  [[nodiscard]] std::optional<std::vector<Entry>> candidates() const;
  [[nodiscard]] bool matches(const Entry& entry) const;
  // True if the filter asks for members of groups, in either direction: Snapshot::members() is to be called first.
  [[nodiscard]] static bool needs_members(const Filter& filter);

 private:
  enum class Truth { no, undefined, yes };
  // What the terms "member of this, in chain" and "has this member" compare with.
  struct Chain {
    std::unordered_set<const Group*> groups;
  };

  [[nodiscard]] Truth evaluate(const Filter& filter, const Entry& entry) const;
  [[nodiscard]] Truth evaluate_parts(const Filter& filter, const Entry& entry) const;
  [[nodiscard]] Truth evaluate_member(const Filter& filter, const Entry& entry) const;
  [[nodiscard]] Truth evaluate_chain(const Filter& filter, const Entry& entry) const;
  [[nodiscard]] Truth evaluate_bits(const Filter& filter, const Entry& entry) const;
  [[nodiscard]] bool value_matches(const Filter& filter, Syntax syntax, Bytes value) const;
  [[nodiscard]] bool equals(Syntax syntax, Bytes asserted, Bytes value) const;
  [[nodiscard]] std::optional<std::vector<Entry>> candidates_of(const Filter& filter) const;
  [[nodiscard]] std::optional<std::vector<Entry>> candidates_by_value(const Filter& filter) const;
  void prepare(const Filter& filter);
  [[nodiscard]] std::vector<NamedGroup> direct_groups(const Entry& entry) const;

  const Tree& tree_;
  Filter filter_;
  std::unordered_map<const Filter*, Chain> chains_;  // by the term in filter_
};

}  // namespace stead::kdc
