#include "kdc/ldap/entries/filter_matcher.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "kdc/directory/domain_guid.h"
#include "kdc/directory/group_members.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

// The bare name of an attribute description: options such as ";binary" do not matter to a filter.
std::string_view bare(std::string_view attribute) {
  return attribute.substr(0, attribute.find(';'));
}

bool is_attribute(const Filter& filter, std::string_view name) {
  return equal_ignoring_case(bare(filter.attribute), name);
}

bool is_equality(const Filter& filter) {
  return filter.kind == Filter::Kind::equality || filter.kind == Filter::Kind::approximate ||
         (filter.kind == Filter::Kind::extensible && filter.rule.empty());
}

std::string folded(Bytes value) {
  return name_key({{"", std::string(as_text(value))}});
}

// Without the frame that name_key puts around a value.
std::string_view folded_value(const std::string& key) {
  return std::string_view(key).substr(1, key.size() - 2);
}

bool substrings_match(const Filter& filter, Bytes value) {
  const std::string key = folded(value);
  std::string_view rest = folded_value(key);
  if (filter.initial) {
    const auto part = folded(*filter.initial);
    if (!rest.starts_with(folded_value(part))) return false;
    rest.remove_prefix(part.size() - 2);
  }
  for (const Buffer& middle : filter.middle) {
    const auto part = folded(middle);
    const auto at = rest.find(folded_value(part));
    if (at == rest.npos) return false;
    rest.remove_prefix(at + part.size() - 2);
  }
  if (!filter.final) return true;
  const auto part = folded(*filter.final);
  return rest.ends_with(folded_value(part));
}

void add_unique(std::vector<Entry>& out, const Entry& entry) {
  if (std::find(out.begin(), out.end(), entry) == out.end()) out.push_back(entry);
}

Entry entry_of(const AccountEntry* account) {
  Entry out;
  out.account = account;
  return out;
}

// "user" is what AD also takes for CN=Person,CN=Schema,…
std::string_view category_of_class(std::string_view name) {
  if (equal_ignoring_case(name, "user") || equal_ignoring_case(name, "person")) return "Person";
  if (equal_ignoring_case(name, "organizationalUnit")) return "Organizational-Unit";
  if (equal_ignoring_case(name, "trustedDomain")) return "Trusted-Domain";
  if (equal_ignoring_case(name, "domainDNS") || equal_ignoring_case(name, "domain")) return "Domain-DNS";
  if (equal_ignoring_case(name, "crossRef")) return "Cross-Ref";
  if (equal_ignoring_case(name, "nTDSDSA")) return "NTDS-DSA";
  return name;
}

// The entries that an index has for the value of a term.
class Finder {
 public:
  Finder(const Tree& tree, const Filter& filter)
      : tree_(tree), domain_(tree.domain()), filter_(filter), value_(as_text(filter.value)) {}

  void by_account_name() {
    add_account(value_);
    add_group();
  }
  void by_common_name() {
    add_account(value_);
    add_account(value_ + '$');
    add_group();
    add_fixed([&](Bytes value) { return is_same_name(as_text(value), value_); });
  }
  void by_spn() {
    const auto accounts = domain_.by_spn.find(value_);
    if (accounts == domain_.by_spn.end()) return;
    for (const AccountEntry* account : accounts->second) add_unique(found, entry_of(account));
  }
  void by_upn() {
    const auto account = domain_.by_upn.find(value_);
    if (account != domain_.by_upn.end()) add_unique(found, entry_of(account->second));
  }
  void by_name() { add(tree_.find(value_)); }
  void by_sid() {
    const auto sid = value_.starts_with("S-1-") ? parse_sid(value_) : decode_sid(filter_.value);
    if (!sid) return;
    if (*sid == domain_.domain->sid) found.push_back(tree_.at(0));
    add(tree_.by_sid(*sid));
  }
  void by_guid() {
    if (const auto rid = rid_of_guid(*domain_.domain, filter_.value))
      return add(tree_.by_sid(domain_.domain->sid.with_rid(*rid)));
    add_fixed([&](Bytes value) { return std::ranges::equal(value, filter_.value); });
  }

  std::vector<Entry> found;

 private:
  void add(const std::optional<Entry>& entry) {
    if (entry) add_unique(found, *entry);
  }
  void add_account(const std::string& name) {
    const auto account = domain_.by_name.find(name);
    if (account != domain_.by_name.end()) add_unique(found, entry_of(account->second));
  }
  void add_group() {
    const auto group = domain_.groups_by_name.find(value_);
    if (group == domain_.groups_by_name.end()) return;
    Entry entry;
    entry.group = {&domain_, group->second};
    add_unique(found, entry);
  }
  template <class Matches>
  void add_fixed(const Matches& matches) {
    const auto attribute = bare(filter_.attribute);
    for (std::size_t i = 0; i < tree_.fixed().size(); ++i) {
      const auto& attributes = tree_.fixed()[i].attributes;
      if (std::any_of(attributes.begin(), attributes.end(), [&](const EntryAttribute& each) {
            return equal_ignoring_case(each.name, attribute) && matches(each.values.front());
          }))
        add_unique(found, tree_.at(i));
    }
  }

  const Tree& tree_;
  const DomainEntry& domain_;
  const Filter& filter_;
  std::string value_;
};

}  // namespace

FilterMatcher::FilterMatcher(const Tree& tree, Filter filter) : tree_(tree), filter_(std::move(filter)) {
  prepare(filter_);
}

bool FilterMatcher::needs_members(const Filter& filter) {
  if (filter.rule == matching_rule::in_chain || is_attribute(filter, "member")) return true;
  return std::any_of(filter.parts.begin(), filter.parts.end(), needs_members);
}

std::vector<NamedGroup> FilterMatcher::direct_groups(const Entry& entry) const {
  if (entry.account != nullptr) return tree_.snapshot().groups_of(*entry.account);
  std::vector<NamedGroup> out;
  if (entry.group.group == nullptr) return out;
  for (const auto& name : entry.group.group->member_of)
    if (const auto found = tree_.snapshot().group(*entry.group.domain, name); found.group != nullptr)
      out.push_back(found);
  return out;
}

void FilterMatcher::prepare(const Filter& filter) {
  for (const Filter& part : filter.parts) prepare(part);
  const bool in_chain = filter.kind == Filter::Kind::extensible && filter.rule == matching_rule::in_chain;
  const bool of_member = is_attribute(filter, "member");
  if (!(in_chain && (of_member || is_attribute(filter, "memberOf"))) && !(of_member && is_equality(filter))) return;
  Chain& chain = chains_[&filter];
  const auto name = parse_ldap_name(as_text(filter.value));
  const auto asserted = name ? tree_.find_principal(*name) : std::nullopt;
  if (!asserted) return;
  std::vector<NamedGroup> queue;
  const auto add = [&](const NamedGroup& group) {
    if (chain.groups.insert(group.group).second) queue.push_back(group);
  };
  if (of_member) {
    // Upwards: the groups that the asserted object belongs to.
    for (const auto& group : direct_groups(*asserted)) add(group);
    for (std::size_t i = 0; in_chain && i < queue.size(); ++i) {
      Entry entry;
      entry.group = queue[i];
      for (const auto& group : direct_groups(entry)) add(group);
    }
  } else if (asserted->group.group != nullptr) {
    // Downwards: the groups within the asserted one.
    add(asserted->group);
    for (std::size_t i = 0; i < queue.size(); ++i)
      for (const auto& group : tree_.snapshot().members().of(*queue[i].group).groups) add(group);
  }
}

bool FilterMatcher::matches(const Entry& entry) const {
  return evaluate(filter_, entry) == Truth::yes;
}

// The least of the parts for an AND, the greatest for an OR.
FilterMatcher::Truth FilterMatcher::evaluate_parts(const Filter& filter, const Entry& entry) const {
  const bool all = filter.kind == Filter::Kind::all;
  Truth out = all ? Truth::yes : Truth::no;
  for (const Filter& part : filter.parts) {
    const Truth one = evaluate(part, entry);
    out = all ? std::min(out, one) : std::max(out, one);
    if (out == (all ? Truth::no : Truth::yes)) break;
  }
  return out;
}

FilterMatcher::Truth FilterMatcher::evaluate(const Filter& filter, const Entry& entry) const {
  if (filter.kind == Filter::Kind::all || filter.kind == Filter::Kind::any) return evaluate_parts(filter, entry);
  if (filter.kind == Filter::Kind::negation) {
    const Truth inner = evaluate(filter.parts.front(), entry);
    return inner == Truth::undefined ? inner : inner == Truth::yes ? Truth::no : Truth::yes;
  }
  if (chains_.contains(&filter)) return evaluate_chain(filter, entry);
  if (is_attribute(filter, "member")) return evaluate_member(filter, entry);
  if (filter.kind == Filter::Kind::extensible && !filter.rule.empty()) return evaluate_bits(filter, entry);
  const Values values = values_of(tree_, entry, bare(filter.attribute));
  if (filter.kind == Filter::Kind::present) return values.empty() ? Truth::no : Truth::yes;
  const AttributeType* type = attribute_type(bare(filter.attribute));
  const Syntax syntax = type != nullptr ? type->syntax : Syntax::text;
  // tokenGroups and the like are for reading: AD does not search by what it constructs.
  if (type != nullptr && type->constructed) return Truth::undefined;
  const bool any = std::any_of(values.begin(), values.end(),
                               [&](const Buffer& value) { return value_matches(filter, syntax, value); });
  return any ? Truth::yes : Truth::no;
}

FilterMatcher::Truth FilterMatcher::evaluate_chain(const Filter& filter, const Entry& entry) const {
  const Chain& chain = chains_.at(&filter);
  if (is_attribute(filter, "member")) return chain.groups.contains(entry.group.group) ? Truth::yes : Truth::no;
  const auto groups = direct_groups(entry);
  return std::any_of(groups.begin(), groups.end(),
                     [&](const NamedGroup& group) { return chain.groups.contains(group.group); })
             ? Truth::yes
             : Truth::no;
}

// What is left for a group's members: whether there are any.
FilterMatcher::Truth FilterMatcher::evaluate_member(const Filter& filter, const Entry& entry) const {
  if (filter.kind != Filter::Kind::present) return Truth::undefined;
  return entry.group.group != nullptr && member_count(tree_, entry.group) > 0 ? Truth::yes : Truth::no;
}

FilterMatcher::Truth FilterMatcher::evaluate_bits(const Filter& filter, const Entry& entry) const {
  const bool all = filter.rule == matching_rule::bit_and;
  if (!all && filter.rule != matching_rule::bit_or) return Truth::undefined;
  const auto bits = parse_number<std::int64_t>(as_text(filter.value));
  if (!bits) return Truth::undefined;
  for (const Buffer& value : values_of(tree_, entry, bare(filter.attribute))) {
    const auto number = parse_number<std::int64_t>(as_text(value));
    if (number && (all ? (*number & *bits) == *bits : (*number & *bits) != 0)) return Truth::yes;
  }
  return Truth::no;
}

bool FilterMatcher::equals(Syntax syntax, Bytes asserted, Bytes value) const {
  const auto a = as_text(asserted), b = as_text(value);
  switch (syntax) {
    case Syntax::text:
    case Syntax::object_class:
    case Syntax::boolean:
      return is_same_name(a, b);
    case Syntax::integer: {
      const auto x = parse_number<std::int64_t>(a), y = parse_number<std::int64_t>(b);
      return x && x == y;
    }
    case Syntax::octets:
      return std::ranges::equal(asserted, value);
    case Syntax::sid:
      if (a.starts_with("S-1-"))
        if (const auto sid = parse_sid(a)) return std::ranges::equal(encode(*sid), value);
      return std::ranges::equal(asserted, value);
    case Syntax::category:
      if (a.find('=') == a.npos)
        return is_same_name(as_text(value), "CN=" + std::string(category_of_class(a)) + ',' + tree_.schema_dn());
      [[fallthrough]];
    case Syntax::name: {
      const auto x = parse_ldap_name(a), y = parse_ldap_name(b);
      return x && y && name_key(*x) == name_key(*y);
    }
  }
  return false;
}

bool FilterMatcher::value_matches(const Filter& filter, Syntax syntax, Bytes value) const {
  if (is_equality(filter)) return equals(syntax, filter.value, value);
  if (filter.kind == Filter::Kind::substrings) {
    const bool is_text = syntax == Syntax::text || syntax == Syntax::object_class;
    return is_text && substrings_match(filter, value);
  }
  const bool greater = filter.kind == Filter::Kind::greater_or_equal;
  if (syntax == Syntax::integer) {
    const auto x = parse_number<std::int64_t>(as_text(filter.value)), y = parse_number<std::int64_t>(as_text(value));
    return x && y && (greater ? *y >= *x : *y <= *x);
  }
  const auto x = folded(filter.value), y = folded(value);
  return syntax == Syntax::text && (greater ? y >= x : y <= x);
}

std::optional<std::vector<Entry>> FilterMatcher::candidates() const {
  return candidates_of(filter_);
}

std::optional<std::vector<Entry>> FilterMatcher::candidates_of(const Filter& filter) const {
  if (filter.kind == Filter::Kind::all) {
    for (const Filter& part : filter.parts)
      if (auto found = candidates_of(part)) return found;
    return std::nullopt;
  }
  if (filter.kind == Filter::Kind::any) {
    std::vector<Entry> out;
    for (const Filter& part : filter.parts) {
      const auto found = candidates_of(part);
      if (!found) return std::nullopt;
      for (const Entry& entry : *found) add_unique(out, entry);
    }
    return out;
  }
  return is_equality(filter) && !chains_.contains(&filter) ? candidates_by_value(filter) : std::nullopt;
}

std::optional<std::vector<Entry>> FilterMatcher::candidates_by_value(const Filter& filter) const {
  using Find = void (Finder::*)();
  constexpr std::pair<std::string_view, Find> kIndexes[] = {
      {"sAMAccountName", &Finder::by_account_name},
      {"cn", &Finder::by_common_name},
      {"name", &Finder::by_common_name},
      {"servicePrincipalName", &Finder::by_spn},
      {"userPrincipalName", &Finder::by_upn},
      {"distinguishedName", &Finder::by_name},
      {"objectSid", &Finder::by_sid},
      {"objectGUID", &Finder::by_guid},
  };
  const auto index = std::find_if(std::begin(kIndexes), std::end(kIndexes),
                                  [&](const auto& each) { return is_attribute(filter, each.first); });
  if (index == std::end(kIndexes)) return std::nullopt;
  Finder finder(tree_, filter);
  (finder.*index->second)();
  return std::move(finder.found);
}

}  // namespace stead::kdc
