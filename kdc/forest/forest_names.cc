#include "kdc/forest/forest_names.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr std::uint32_t kFirstRid = 1103;

template <class List>
auto* find_named(List& list, std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& entry) { return is_same_name(entry.name, name); });
  return found == list.end() ? nullptr : &*found;
}

template <class DomainType>
auto* find_account_in(DomainType& domain, std::string_view name) {
  auto* found = find_named(domain.accounts, name);
  if (found == nullptr && !name.empty() && name.back() != '$')
    found = find_named(domain.accounts, std::string(name) + '$');
  return found;
}

template <class ForestType>
auto* find_domain_in(ForestType& forest, std::string_view name) {
  const auto found = std::find_if(forest.domains.begin(), forest.domains.end(), [&](const Domain& domain) {
    return equal_ignoring_case(domain.realm, name) || equal_ignoring_case(domain.netbios, name);
  });
  return found == forest.domains.end() ? nullptr : &*found;
}

std::optional<Sid> well_known(std::string_view name) {
  static const std::pair<std::string_view, Sid> kNames[] = {
      {"Everyone", well_known_sid::everyone},
      {"NT AUTHORITY\\Authenticated Users", well_known_sid::authenticated_users},
      {"Authenticated Users", well_known_sid::authenticated_users},
      {"BUILTIN\\Administrators", well_known_sid::builtin_administrators},
  };
  for (const auto& [known, sid] : kNames)
    if (equal_ignoring_case(known, name)) return sid;
  return std::nullopt;
}

}  // namespace

const Domain* find_domain(const Forest& forest, std::string_view name) {
  return find_domain_in(forest, name);
}
Domain* find_domain(Forest& forest, std::string_view name) {
  return find_domain_in(forest, name);
}
Account* find_account(Domain& domain, std::string_view name) {
  return find_account_in(domain, name);
}
const Account* find_account(const Domain& domain, std::string_view name) {
  return find_account_in(domain, name);
}
const Group* find_group(const Domain& domain, std::string_view name) {
  return find_named(domain.groups, name);
}

std::optional<QualifiedName> split_name(const Forest& forest, std::string_view text) {
  QualifiedName out{nullptr, text};
  if (const auto backslash = text.find('\\'); backslash != text.npos) {
    out = {find_domain(forest, text.substr(0, backslash)), text.substr(backslash + 1)};
  } else if (const auto at = text.rfind('@'); at != text.npos) {
    out = {find_domain(forest, text.substr(at + 1)), text.substr(0, at)};
  } else {
    return out;
  }
  if (out.domain == nullptr) return std::nullopt;
  return out;
}

std::optional<NamedPrincipal> find_principal(const Forest& forest, const Domain& own, std::string_view text) {
  return find_principal(
      forest, own, text,
      {.account = [](const Domain& domain, std::string_view name) { return find_named(domain.accounts, name); },
       .group = find_group});
}

std::optional<NamedPrincipal> find_principal(const Forest& forest, const Domain& own, std::string_view text,
                                             const NameSearch& search) {
  const auto split = split_name(forest, text);
  if (split) {
    const Domain& domain = split->domain != nullptr ? *split->domain : own;
    // An exact name before a computer's without its $: "web" may be a group or user beside "web$".
    const auto* account = search.account(domain, split->name);
    if (account != nullptr) return NamedPrincipal{domain.sid.with_rid(account->rid), &domain, account, nullptr};
    if (const auto* group = search.group(domain, split->name))
      return NamedPrincipal{domain.sid.with_rid(group->rid), &domain, nullptr, group};
    if (!split->name.ends_with('$')) account = search.account(domain, std::string(split->name) + '$');
    if (account != nullptr) return NamedPrincipal{domain.sid.with_rid(account->rid), &domain, account, nullptr};
  }
  if (auto sid = well_known(text)) return NamedPrincipal{*sid, nullptr, nullptr, nullptr};
  if (text.starts_with("S-1-"))
    if (auto sid = parse_sid(text)) return NamedPrincipal{*sid, nullptr, nullptr, nullptr};
  return std::nullopt;
}

std::string principal_name(const Forest& forest, const Sid& sid) {
  for (const auto& domain : forest.domains) {
    if (!sid.is_in(domain.sid)) continue;
    const auto has_rid = [&](const auto& entry) { return entry.rid == sid.rid(); };
    const auto account = std::find_if(domain.accounts.begin(), domain.accounts.end(), has_rid);
    if (account != domain.accounts.end()) return domain.netbios + '\\' + account->name;
    const auto group = std::find_if(domain.groups.begin(), domain.groups.end(), has_rid);
    if (group != domain.groups.end()) return domain.netbios + '\\' + group->name;
  }
  return to_string(sid);
}

SecurityDescriptor allowed_to_act_descriptor(std::span<const Sid> principals) {
  SecurityDescriptor out;
  out.owner = well_known_sid::builtin_administrators;
  out.dacl.emplace();
  for (const auto& sid : principals) {
    Ace ace;
    ace.type = AceType::access_allowed;
    ace.mask = access_right::ds_full_control;
    ace.sid = sid;
    out.dacl->entries.push_back(std::move(ace));
  }
  return out;
}

std::vector<Sid> principals_allowed_to_act(const SecurityDescriptor& descriptor) {
  std::vector<Sid> out;
  if (!descriptor.dacl) return out;
  for (const auto& ace : descriptor.dacl->entries)
    if (ace.type == AceType::access_allowed && std::find(out.begin(), out.end(), ace.sid) == out.end())
      out.push_back(ace.sid);
  return out;
}

bool is_spn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos || slash == 0 || slash + 1 == text.size() || text.back() == '/') return false;
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c == '@' || c <= ' ' || c == 0x7f; }) &&
         text.find("//") == text.npos;
}

std::string account_name_fault(std::string_view name) {
  if (name.empty() || name == "$") return "an account name is empty";
  if (name.front() == ' ' || name.back() == ' ' || name.back() == '.')
    return "an account name cannot begin with a blank, or end with a blank or a dot";
  const auto bad = name.find_first_of("\"/\\[]:;|=,+*?<>");
  if (bad != name.npos) return std::string("an account name cannot have '") + name[bad] + "' in it";
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    return "an account name cannot have control characters in it";
  return {};
}

FreeRids::FreeRids(const Domain& domain) : next_(kFirstRid) {
  for (const auto& account : domain.accounts) taken_.insert(account.rid);
  for (const auto& group : domain.groups) taken_.insert(group.rid);
}

std::uint32_t FreeRids::take() {
  while (taken_.contains(next_)) ++next_;
  return next_++;
}

}  // namespace stead::kdc
