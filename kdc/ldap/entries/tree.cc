#include "kdc/ldap/entries/tree.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kdc/directory/domain_guid.h"
#include "kdc/forest/controller_accounts.h"
#include "kdc/ldap/entries/fixed_entries.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

std::string dn_of_domain(const DomainEntry& domain) {
  return dn_of_zone(to_lower(domain.domain->realm));
}

// The content of "<SID=…>" or "<GUID=…>".
std::optional<std::string_view> within(std::string_view text, std::string_view begin) {
  if (text.size() <= begin.size() || text.back() != '>' || !equal_ignoring_case(text.substr(0, begin.size()), begin))
    return std::nullopt;
  return text.substr(begin.size(), text.size() - begin.size() - 1);
}

// Hexadecimal digits in the order of the octets, or a GUID as text.
Buffer guid_octets(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '-' && c != '{' && c != '}') digits += c;
  Buffer out = from_hex(digits);
  if (out.size() != 16 || text.find('-') == text.npos) return out;
  std::reverse(out.begin(), out.begin() + 4);
  std::reverse(out.begin() + 4, out.begin() + 6);
  std::reverse(out.begin() + 6, out.begin() + 8);
  return out;
}

Entry of_account(const AccountEntry* account) {
  Entry out;
  out.account = account;
  return out;
}

Entry of_group(const NamedGroup& group) {
  Entry out;
  out.group = group;
  return out;
}

Entry of_fixed(std::size_t index) {
  Entry out;
  out.fixed = index;
  return out;
}

}  // namespace

std::string common_name(const Account& account) {
  const bool strips = account.is_computer() && account.name.ends_with('$');
  return account.name.substr(0, account.name.size() - (strips ? 1 : 0));
}

Tree::Tree(std::shared_ptr<const Snapshot> snapshot, const DomainEntry& domain, const Controller& controller)
    : snapshot_(std::move(snapshot)),
      domain_(domain),
      controller_(controller),
      domain_dn_(dn_of_domain(domain)),
      root_dn_(dn_of_zone(domain.domain->forest)) {
  fixed_ = make_fixed_entries(*this);
  for (std::size_t i = 0; i < fixed_.size(); ++i)
    if (const auto name = parse_ldap_name(fixed_[i].dn)) fixed_by_key_.emplace(name_key(*name), i);
  const auto place = [&](const char* rdn) {
    return find_fixed(parse_ldap_name(rdn + domain_dn_).value_or(LdapName{})).value_or(0);
  };
  users_ = place("CN=Users,");
  computers_ = place("CN=Computers,");
  controllers_ = place("OU=Domain Controllers,");
}

std::string Tree::server_dn() const {
  auto name = controller_account_name(controller_);
  name.pop_back();
  return "CN=" + name + ",CN=Servers,CN=" + escaped_value(controller_.site) + ",CN=Sites," + configuration_dn();
}

Level Tree::level_of(const Domain& domain) const {
  if (domain.controllers.empty()) return controller_.level;
  const auto older = [](const Controller& a, const Controller& b) { return a.level < b.level; };
  return std::min_element(domain.controllers.begin(), domain.controllers.end(), older)->level;
}

Level Tree::forest_level() const {
  Level level = domain_level();
  for (const auto& each : snapshot_->forest().domains)
    if (equal_ignoring_case(each.forest, domain_.domain->forest)) level = std::min(level, level_of(each));
  return level;
}

std::optional<Entry> Tree::find(std::string_view dn) const {
  if (const auto sid = within(dn, "<SID=")) {
    const auto parsed =
        sid->starts_with("S-") || sid->starts_with("s-") ? parse_sid(to_upper(*sid)) : decode_sid(from_hex(*sid));
    if (!parsed) return std::nullopt;
    if (*parsed == domain_.domain->sid) return of_fixed(0);
    return by_sid(*parsed);
  }
  if (const auto guid = within(dn, "<GUID=")) {
    const Buffer octets = guid_octets(*guid);
    if (const auto rid = rid_of_guid(*domain_.domain, octets)) return by_sid(domain_.domain->sid.with_rid(*rid));
    for (std::size_t i = 0; i < fixed_.size(); ++i)
      for (const auto& attribute : fixed_[i].attributes)
        if (attribute.name == "objectGUID" && attribute.values.front() == octets) return of_fixed(i);
    return std::nullopt;
  }
  const auto name = parse_ldap_name(dn);
  return name && !name->empty() ? find(*name) : std::nullopt;
}

std::optional<std::size_t> Tree::find_fixed(const LdapName& name) const {
  const auto found = fixed_by_key_.find(name_key(name));
  if (found == fixed_by_key_.end()) return std::nullopt;
  return found->second;
}

std::optional<Entry> Tree::find(const LdapName& name) const {
  if (const auto fixed = find_fixed(name)) return of_fixed(*fixed);
  if (zone_of(name) != to_lower(domain_.domain->realm)) return std::nullopt;
  return find_principal(name);
}

std::optional<Entry> Tree::find_principal(const LdapName& name) const {
  const DomainEntry* domain = snapshot_->domain(to_upper(zone_of(name)));
  if (domain == nullptr || name.size() < 3 || name[0].type != "cn" || name[2].type != "dc") return std::nullopt;
  const auto& [container_type, container] = name[1];
  const auto exact = [&](const std::string& text) -> const AccountEntry* {
    const auto found = domain->by_name.find(text);
    return found == domain->by_name.end() ? nullptr : found->second;
  };
  const std::string& value = name[0].value;
  if (container_type == "cn" && equal_ignoring_case(container, "Users")) {
    if (const auto* account = exact(value); account != nullptr && !account->account->is_computer())
      return of_account(account);
    const auto group = domain->groups_by_name.find(value);
    if (group != domain->groups_by_name.end()) return of_group({domain, group->second});
    return std::nullopt;
  }
  const bool controllers = container_type == "ou" && equal_ignoring_case(container, "Domain Controllers");
  if (!controllers && !(container_type == "cn" && equal_ignoring_case(container, "Computers"))) return std::nullopt;
  for (const auto& text : {value + '$', value})
    if (const auto* account = exact(text);
        account != nullptr && account->account->is_computer() && account->is_controller == controllers)
      return of_account(account);
  return std::nullopt;
}

std::optional<Entry> Tree::by_sid(const Sid& sid) const {
  if (!sid.is_in(domain_.domain->sid)) return std::nullopt;
  if (const auto found = domain_.by_rid.find(sid.rid()); found != domain_.by_rid.end())
    return of_account(found->second);
  if (const auto found = domain_.groups_by_rid.find(sid.rid()); found != domain_.groups_by_rid.end())
    return of_group({&domain_, found->second});
  return std::nullopt;
}

std::string Tree::dn(const Entry& entry) const {
  if (entry.fixed) return fixed_[*entry.fixed].dn;
  return entry.account != nullptr ? dn_of(*entry.account) : dn_of(entry.group);
}

std::string Tree::dn_of(const AccountEntry& account) {
  const char* container = !account.account->is_computer() ? ",CN=Users,"
                          : account.is_controller         ? ",OU=Domain Controllers,"
                                                          : ",CN=Computers,";
  return "CN=" + escaped_value(common_name(*account.account)) + container + dn_of_domain(*account.domain);
}

std::string Tree::dn_of(const NamedGroup& group) {
  return "CN=" + escaped_value(group.group->name) + ",CN=Users," + dn_of_domain(*group.domain);
}

std::string Tree::dn_of(const Sid& sid) const {
  if (const auto* account = snapshot_->by_sid(sid)) return dn_of(*account);
  for (const auto& domain : snapshot_->forest().domains) {
    if (!sid.is_in(domain.sid)) continue;
    const DomainEntry* entry = snapshot_->domain(domain.realm);
    if (const auto found = entry->groups_by_rid.find(sid.rid()); found != entry->groups_by_rid.end())
      return dn_of(NamedGroup{entry, found->second});
  }
  return {};
}

std::optional<std::size_t> Tree::parent(const Entry& entry) const {
  if (entry.fixed) return fixed_[*entry.fixed].parent;
  if (entry.account == nullptr || !entry.account->account->is_computer()) return users_;
  return entry.account->is_controller ? controllers_ : computers_;
}

bool Tree::is_below(const Entry& entry, std::size_t fixed_entry) const {
  auto at = entry.fixed ? entry.fixed : parent(entry);
  while (at && *at != fixed_entry) at = fixed_[*at].parent;
  return at.has_value();
}

std::size_t Tree::size() const {
  return fixed_.size() + domain_.domain->groups.size() + domain_.accounts.size();
}

Entry Tree::at(std::size_t position) const {
  if (position < fixed_.size()) return of_fixed(position);
  position -= fixed_.size();
  const auto& groups = domain_.domain->groups;
  if (position < groups.size()) return of_group({&domain_, &groups[position]});
  return of_account(domain_.accounts[position - groups.size()]);
}

}  // namespace stead::kdc
