#include "kdc/ldap/entries/attributes.h"

#include <algorithm>
#include <array>
#include <string>

#include "kdc/directory/domain_guid.h"
#include "kdc/directory/group_members.h"
#include "kdc/forest/case_map.h"
#include "kdc/forest/controller_accounts.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead::kdc {
namespace {

constexpr std::int64_t kFileTimeUnix = 11644473600;  // seconds from 1601 to 1970

std::int64_t file_time(std::int64_t unix_seconds) {
  return (unix_seconds + kFileTimeUnix) * 10'000'000;
}

Buffer text(std::string_view value) {
  return to_buffer(as_bytes(value));
}
Values one(std::string_view value) {
  return {text(value)};
}
Values number(std::int64_t value) {
  return one(std::to_string(value));
}
Values texts(const std::vector<std::string>& values) {
  Values out;
  for (const auto& value : values) out.push_back(text(value));
  return out;
}
template <std::size_t Size>
Values octets(const std::array<std::uint8_t, Size>& value) {
  return {Buffer(value.begin(), value.end())};
}

Values classes_of(const AccountEntry& entry) {
  Values out = texts({"top", "person", "organizationalPerson", "user"});
  if (entry.account->is_computer()) out.push_back(text("computer"));
  return out;
}

Values category(const Tree& tree, std::string_view name) {
  return one("CN=" + std::string(name) + ',' + tree.schema_dn());
}

Values names_of_groups(const std::vector<NamedGroup>& groups) {
  Values out;
  for (const auto& group : groups) out.push_back(text(Tree::dn_of(group)));
  return out;
}

Values password_last_set(const AccountEntry& entry) {
  const Account& account = *entry.account;
  if (account.has(account_flag::must_change_password)) return number(0);
  if (account.password_last_set == 0) return {};
  return number(file_time(account.password_last_set));
}

Values stored(const Account& account, std::string_view name) {
  Values out;
  for (const auto& attribute : account.other_attributes)
    if (equal_ignoring_case(attribute.name, name)) out.push_back(text(attribute.value));
  return out;
}

// A DC's is in the forest file.
Values dns_host_name(const AccountEntry& entry) {
  if (entry.is_controller)
    for (const auto& controller : entry.domain->domain->controllers)
      if (equal_ignoring_case(controller_account_name(controller), entry.account->name)) return one(controller.name);
  return stored(*entry.account, "dNSHostName");
}

Values computed_control(const AccountEntry& entry) {
  constexpr std::uint32_t kLockout = 0x10, kPasswordExpired = 0x800000;
  return number((entry.account->has(account_flag::locked_out) ? kLockout : 0) |
                (entry.account->has(account_flag::password_expired) ? kPasswordExpired : 0));
}

Values sids(const std::vector<Sid>& list) {
  Values out;
  for (const auto& sid : list) out.push_back(encode(sid));
  return out;
}

std::uint32_t primary_group(const AccountEntry& entry) {
  return entry.is_controller ? well_known_rid::domain_controllers : entry.primary_group_rid;
}

using OfAccount = Values (*)(const Tree&, const AccountEntry&);
using OfGroup = Values (*)(const Tree&, const NamedGroup&);

struct Row {
  AttributeType type;
  OfAccount of_account = nullptr;
  OfGroup of_group = nullptr;
};

Values canonical(const Tree& tree, const Entry& entry) {
  const auto name = parse_ldap_name(tree.dn(entry));
  return name ? one(canonical_path(*name)) : Values{};
}

// Names, classes, security identifiers.
constexpr Row kIdentity[] = {
    {{"objectClass", Syntax::object_class},
     [](const Tree&, const AccountEntry& e) { return classes_of(e); },
     [](const Tree&, const NamedGroup&) { return texts({"top", "group"}); }},
    {{"cn"},
     [](const Tree&, const AccountEntry& e) { return one(common_name(*e.account)); },
     [](const Tree&, const NamedGroup& g) { return one(g.group->name); }},
    {{"name"},
     [](const Tree&, const AccountEntry& e) { return one(common_name(*e.account)); },
     [](const Tree&, const NamedGroup& g) { return one(g.group->name); }},
    {{"distinguishedName", Syntax::name},
     [](const Tree&, const AccountEntry& e) { return one(Tree::dn_of(e)); },
     [](const Tree&, const NamedGroup& g) { return one(Tree::dn_of(g)); }},
    {{"instanceType", Syntax::integer},
     [](const Tree&, const AccountEntry&) { return number(4); },
     [](const Tree&, const NamedGroup&) { return number(4); }},
    {{"objectGUID", Syntax::octets},
     [](const Tree&, const AccountEntry& e) { return octets(principal_guid(*e.domain->domain, e.account->rid)); },
     [](const Tree&, const NamedGroup& g) { return octets(principal_guid(*g.domain->domain, g.group->rid)); }},
    {{"objectSid", Syntax::sid},
     [](const Tree&, const AccountEntry& e) { return Values{encode(e.sid)}; },
     [](const Tree&, const NamedGroup& g) { return Values{encode(g.domain->domain->sid.with_rid(g.group->rid))}; }},
    {{"objectCategory", Syntax::category},
     [](const Tree& t, const AccountEntry& e) { return category(t, e.account->is_computer() ? "Computer" : "Person"); },
     [](const Tree& t, const NamedGroup&) { return category(t, "Group"); }},
    {{"sAMAccountName"},
     [](const Tree&, const AccountEntry& e) { return one(e.account->name); },
     [](const Tree&, const NamedGroup& g) { return one(g.group->name); }},
    {{"sAMAccountType", Syntax::integer},
     [](const Tree&, const AccountEntry& e) { return number(e.account->is_computer() ? 0x30000001 : 0x30000000); },
     [](const Tree&, const NamedGroup& g) {
       return number(g.group->scope == GroupScope::domain_local ? 0x20000000 : 0x10000000);
     }},
    {{"memberOf", Syntax::name},
     [](const Tree& t, const AccountEntry& e) { return names_of_groups(t.snapshot().groups_of(e)); },
     [](const Tree& t, const NamedGroup& g) {
       std::vector<NamedGroup> groups;
       for (const auto& name : g.group->member_of)
         if (const auto found = t.snapshot().group(*g.domain, name); found.group != nullptr) groups.push_back(found);
       return names_of_groups(groups);
     }},
    {{"groupType", Syntax::integer},
     nullptr,
     [](const Tree&, const NamedGroup& g) {
       constexpr std::int32_t kGlobal = 2, kLocal = 4, kUniversal = 8;
       const auto scope = g.group->scope;
       const auto kind = scope == GroupScope::global ? kGlobal : scope == GroupScope::universal ? kUniversal : kLocal;
       return number(std::int32_t(0x80000000U | std::uint32_t(kind)));
     }},
    {{"member", Syntax::name}},
    {{"canonicalName", Syntax::text, true}},
    {{"tokenGroups", Syntax::sid, true},
     [](const Tree& t, const AccountEntry& e) { return sids(token_groups(t.snapshot(), e)); }},
};

// How an account signs in and what it may do.
constexpr Row kAccount[] = {
    {{"userAccountControl", Syntax::integer},
     [](const Tree&, const AccountEntry& e) { return number(user_account_control(e)); }},
    {{"primaryGroupID", Syntax::integer}, [](const Tree&, const AccountEntry& e) { return number(primary_group(e)); }},
    {{"pwdLastSet", Syntax::integer}, [](const Tree&, const AccountEntry& e) { return password_last_set(e); }},
    {{"accountExpires", Syntax::integer},
     [](const Tree&, const AccountEntry& e) {
       const std::int64_t expires = e.account->rare->expires;
       if (expires != 0) return number(file_time(expires));
       return number(e.account->has(account_flag::account_expired) ? 1 : 0x7fffffffffffffff);
     }},
    {{"lockoutTime", Syntax::integer},
     [](const Tree&, const AccountEntry& e) {
       const std::int64_t since = e.account->rare->lockout_time;
       return since == 0 ? Values{} : number(file_time(since));
     }},
    {{"badPwdCount", Syntax::integer},
     [](const Tree&, const AccountEntry& e) { return number(e.failures ? e.failures->count() : 0); }},
    {{"userPrincipalName"},
     [](const Tree&, const AccountEntry& e) { return e.account->upn.empty() ? Values{} : one(e.account->upn); }},
    {{"servicePrincipalName"}, [](const Tree&, const AccountEntry& e) { return texts(e.account->spns); }},
    {{"dNSHostName"}, [](const Tree&, const AccountEntry& e) { return dns_host_name(e); }},
    {{"msDS-AllowedToDelegateTo"},
     [](const Tree&, const AccountEntry& e) { return texts(e.account->allowed_to_delegate_to); }},
    {{"msDS-AllowedToActOnBehalfOfOtherIdentity", Syntax::octets},
     [](const Tree&, const AccountEntry& e) {
       return e.account->allowed_to_act ? Values{encode(*e.account->allowed_to_act)} : Values{};
     }},
    {{"msDS-SupportedEncryptionTypes", Syntax::integer},
     [](const Tree&, const AccountEntry& e) {
       const auto types = e.account->supported_encryption_types;
       return types ? number(std::int32_t(*types)) : Values{};
     }},
    {{"altSecurityIdentities"},
     [](const Tree&, const AccountEntry& e) { return texts(e.account->alt_security_identities); }},
    {{"userCertificate", Syntax::octets}, [](const Tree&, const AccountEntry& e) { return e.account->certificates; }},
    {{"msDS-KeyVersionNumber", Syntax::integer, true},
     [](const Tree&, const AccountEntry& e) { return number(e.account->secret.kvno); }},
    {{"msDS-User-Account-Control-Computed", Syntax::integer, true},
     [](const Tree&, const AccountEntry& e) { return computed_control(e); }},
    {{"msDS-PrincipalName", Syntax::text, true},
     [](const Tree&, const AccountEntry& e) { return one(e.domain->domain->netbios + '\\' + e.account->name); },
     [](const Tree&, const NamedGroup& g) { return one(g.domain->domain->netbios + '\\' + g.group->name); }},
};

// Of fixed entries, or stored with an account, that are not text.
constexpr Row kOthers[] = {
    {{"mS-DS-CreatorSID", Syntax::sid},
     [](const Tree&, const AccountEntry& e) {
       Values out;
       for (const auto& value : stored(*e.account, "mS-DS-CreatorSID"))
         if (const auto sid = parse_sid(as_text(value))) out.push_back(encode(*sid));
       return out;
     }},
    {{"nCName", Syntax::name}},
    {{"serverReference", Syntax::name}},
    {{"hasMasterNCs", Syntax::name}},
    {{"trustDirection", Syntax::integer}},
    {{"trustType", Syntax::integer}},
    {{"trustAttributes", Syntax::integer}},
    {{"securityIdentifier", Syntax::sid}},
    {{"systemFlags", Syntax::integer}},
    {{"options", Syntax::integer}},
    {{"msDS-Behavior-Version", Syntax::integer}},
    {{"ms-DS-MachineAccountQuota", Syntax::integer}},
    {{"Enabled", Syntax::boolean}},
    {{"showInAdvancedViewOnly", Syntax::boolean}},
    {{"isCriticalSystemObject", Syntax::boolean}},
};

using RowIndex = CaselessMap<const Row*>;

const RowIndex& rows() {
  static const RowIndex kIndex = [] {
    RowIndex out;
    for (const auto& row : kIdentity) out.emplace(row.type.name, &row);
    for (const auto& row : kAccount) out.emplace(row.type.name, &row);
    for (const auto& row : kOthers) out.emplace(row.type.name, &row);
    return out;
  }();
  return kIndex;
}

const Row* row_of(std::string_view name) {
  const auto found = rows().find(name);
  return found == rows().end() ? nullptr : found->second;
}

}  // namespace

const AttributeType* attribute_type(std::string_view name) {
  const Row* row = row_of(name);
  return row == nullptr ? nullptr : &row->type;
}

Values values_of(const Tree& tree, const Entry& entry, std::string_view attribute) {
  if (equal_ignoring_case(attribute, "canonicalName")) return canonical(tree, entry);
  if (entry.fixed) {
    for (const auto& each : tree.fixed()[*entry.fixed].attributes)
      if (equal_ignoring_case(each.name, attribute)) return each.values;
    return {};
  }
  const Row* row = row_of(attribute);
  if (entry.account != nullptr) {
    if (row == nullptr) return stored(*entry.account->account, attribute);
    return row->of_account == nullptr ? Values{} : row->of_account(tree, *entry.account);
  }
  return row == nullptr || row->of_group == nullptr ? Values{} : row->of_group(tree, entry.group);
}

std::vector<std::string_view> default_attributes(const Tree& tree, const Entry& entry) {
  std::vector<std::string_view> out;
  if (entry.fixed) {
    for (const auto& each : tree.fixed()[*entry.fixed].attributes) out.push_back(each.name);
    return out;
  }
  const auto add = [&](const auto& table) {
    for (const Row& row : table)
      if (!row.type.constructed && (row.type.name == "member" ||
                                    (entry.account != nullptr ? row.of_account != nullptr : row.of_group != nullptr)))
        out.push_back(row.type.name);
  };
  add(kIdentity);
  add(kAccount);
  if (entry.account == nullptr) return out;
  for (const auto& attribute : entry.account->account->other_attributes)
    if (std::find(out.begin(), out.end(), attribute.name) == out.end()) out.push_back(attribute.name);
  return out;
}

std::vector<Sid> token_groups(const Snapshot& snapshot, const AccountEntry& account) {
  const Sid& home = account.domain->domain->sid;
  std::vector<Sid> out = {home.with_rid(account.primary_group_rid)};
  for (const auto rid : account.global_group_rids) out.push_back(home.with_rid(rid));
  out.insert(out.end(), account.other_group_sids.begin(), account.other_group_sids.end());
  std::vector<Sid> token = out;
  token.push_back(account.sid);
  for (auto& sid : snapshot.domain_local_groups(*account.domain, token)) out.push_back(std::move(sid));
  return out;
}

std::uint32_t user_account_control(const AccountEntry& entry) {
  constexpr std::uint32_t kNormal = 0x200, kWorkstation = 0x1000, kServer = 0x2000;
  struct Bit {
    std::uint32_t flag, bit;
  };
  constexpr Bit kBits[] = {{account_flag::disabled, 0x2},
                           {account_flag::password_never_expires, 0x10000},
                           {account_flag::smartcard_required, 0x40000},
                           {account_flag::trusted_for_delegation, 0x80000},
                           {account_flag::not_delegated, 0x100000},
                           {account_flag::no_preauth, 0x400000},
                           {account_flag::trusted_to_auth_for_delegation, 0x1000000},
                           {account_flag::no_auth_data_required, 0x2000000}};
  std::uint32_t out = entry.is_controller ? kServer : entry.account->is_computer() ? kWorkstation : kNormal;
  for (const auto& [flag, bit] : kBits)
    if (entry.account->has(flag)) out |= bit;
  return out;
}

std::size_t member_count(const Tree& tree, const NamedGroup& group) {
  const auto& members = tree.snapshot().members().of(*group.group);
  return members.groups.size() + members.accounts.size();
}

Values member_names(const Tree& tree, const NamedGroup& group, std::size_t first, std::size_t count) {
  const auto& members = tree.snapshot().members().of(*group.group);
  const std::size_t all = members.groups.size() + members.accounts.size();
  Values out;
  for (std::size_t i = first; i < all && out.size() < count; ++i)
    out.push_back(text(i < members.groups.size() ? Tree::dn_of(members.groups[i])
                                                 : Tree::dn_of(*members.accounts[i - members.groups.size()])));
  return out;
}

}  // namespace stead::kdc
