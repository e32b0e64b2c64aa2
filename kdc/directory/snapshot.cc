#include "kdc/directory/snapshot.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kdc/directory/certificate_mapping.h"
#include "kdc/directory/group_members.h"
#include "kdc/forest/account_salt.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

struct SidHash {
  std::size_t operator()(const Sid& sid) const noexcept {
    std::uint64_t hash = sid.authority ^ 0xcbf29ce484222325;
    for (const auto part : sid.subauthorities) hash = (hash ^ part) * 0x100000001b3;
    return hash;
  }
};

struct GroupRef {
  const Domain* domain = nullptr;
  const Group* group = nullptr;
  friend auto operator<=>(const GroupRef&, const GroupRef&) = default;
};

// The services that sPNMappings of a new forest maps to HOST (MS-ADTS §3.1.1.3.4.6, MS-DRSR §4.1.4.2.19).
bool host_stands_for(std::string_view service) {
  constexpr std::string_view kServices[] = {
      "alerter",     "appmgmt",      "browser",    "cifs",     "cisvc",       "clipsrv",
      "dcom",        "dhcp",         "dmserver",   "dns",      "dnscache",    "eventlog",
      "eventsystem", "fax",          "http",       "ias",      "iisadmin",    "mcsvc",
      "messenger",   "msdtc",        "msiserver",  "netdde",   "netddedsm",   "netlogon",
      "netman",      "nmagent",      "oakley",     "plugplay", "policyagent", "protectedstorage",
      "rasman",      "remoteaccess", "replicator", "rpc",      "rpclocator",  "rpcss",
      "rsvp",        "samss",        "scardsvr",   "scesrv",   "schedule",    "scm",
      "seclogon",    "snmp",         "spooler",    "tapisrv",  "time",        "trksvr",
      "trkwks",      "ups",          "w3svc",      "wins",     "www"};
  return std::any_of(std::begin(kServices), std::end(kServices),
                     [&](std::string_view known) { return equal_ignoring_case(known, service); });
}

}  // namespace

struct Snapshot::Indexes {
  // The domain-local groups of one domain, by their members and by the groups in them.
  struct LocalGroups {
    std::unordered_map<Sid, std::vector<const Group*>, SidHash> by_member;
    std::map<const Group*, std::vector<const Group*>> parents;
  };
  std::deque<DomainEntry> domains;
  std::deque<AccountEntry> accounts;
  CaselessMap<const DomainEntry*> by_name;  // realm and NetBIOS name
  std::unordered_map<const DomainEntry*, LocalGroups> local_groups;
  std::map<Buffer, std::vector<const AccountEntry*>> by_certificate;
  std::vector<const AccountEntry*> with_mappings;  // altSecurityIdentities in text
};

struct SnapshotBuilder {
  Forest& forest;
  const Snapshot* previous;
  Snapshot::Indexes& out;

  void build() {
    for (const auto& domain : forest.domains) add_groups(domain, out.domains.emplace_back());
    for (auto& domain : forest.domains) add_domain(domain);
    add_local_groups();
    for (const auto& trust : forest.trusts) add_trust(trust);
  }

  static void add_groups(const Domain& domain, DomainEntry& entry) {
    entry.domain = &domain;
    for (const auto& group : domain.groups) {
      entry.groups_by_name.try_emplace(group.name, &group);
      entry.groups_by_rid.try_emplace(group.rid, &group);
    }
  }

  [[nodiscard]] DomainEntry& entry_of(const Domain& domain) const {
    return out.domains[static_cast<std::size_t>(&domain - forest.domains.data())];
  }

  void add_domain(Domain& domain) {
    auto& entry = entry_of(domain);
    out.by_name.emplace(domain.realm, &entry);
    out.by_name.emplace(domain.netbios, &entry);
    for (auto& account : domain.accounts) add_account(domain, account, entry);
    const auto krbtgt = entry.by_rid.find(well_known_rid::krbtgt);
    entry.krbtgt = krbtgt == entry.by_rid.end() ? nullptr : krbtgt->second;
  }

  void add_account(const Domain& domain, Account& account, DomainEntry& domain_entry) {
    auto& entry = out.accounts.emplace_back();
    entry.account = &account;
    entry.domain = &domain_entry;
    entry.sid = domain.sid.with_rid(account.rid);
    entry.primary_group_rid = account.is_computer() ? well_known_rid::domain_computers : well_known_rid::domain_users;
    expand_groups(domain, account, entry);
    entry.is_controller = is_controller(domain, account, entry);
    const auto salt = salt_of(domain, account);
    entry.keys = keys_for(domain, account.rid, account.secret, salt);
    if (account.previous_secret) entry.previous_keys = keys_for(domain, account.rid, *account.previous_secret, salt);
    if (account.rare->older_secret) entry.older_keys = keys_for(domain, account.rid, *account.rare->older_secret, salt);
    entry.failures = failures_for(domain, account);
    domain_entry.accounts.push_back(&entry);
    domain_entry.by_name.emplace(account.name, &entry);
    domain_entry.by_rid.emplace(account.rid, &entry);
    if (!account.upn.empty()) domain_entry.by_upn.emplace(account.upn, &entry);
    for (const auto& spn : account.spns) domain_entry.by_spn[spn].push_back(&entry);
    for (const auto& certificate : account.certificates) out.by_certificate[certificate].push_back(&entry);
    if (!account.alt_security_identities.empty()) out.with_mappings.push_back(&entry);
  }

  static bool is_controller(const Domain& domain, const Account& account, const AccountEntry& entry) {
    const auto& rids = entry.global_group_rids;
    if (std::find(rids.begin(), rids.end(), well_known_rid::domain_controllers) != rids.end()) return true;
    return account.is_computer() &&
           std::any_of(domain.controllers.begin(), domain.controllers.end(), [&](const Controller& dc) {
             const auto host = std::string_view(dc.name).substr(0, dc.name.find('.'));
             return account.name.size() == host.size() + 1 &&
                    is_same_name(host, std::string_view(account.name).substr(0, host.size()));
           });
  }

  [[nodiscard]] std::optional<GroupRef> find(const Domain& own, std::string_view name) const {
    const auto split = split_name(forest, name);
    if (!split) return std::nullopt;
    const Domain* domain = split->domain != nullptr ? split->domain : &own;
    const auto& groups = entry_of(*domain).groups_by_name;
    const auto found = groups.find(split->name);
    if (found == groups.end()) return std::nullopt;
    return GroupRef{domain, found->second};
  }

  void expand_groups(const Domain& domain, Account& account, AccountEntry& entry) {
    std::vector<GroupRef> queue;
    std::set<GroupRef> seen;
    const auto push = [&](const Domain& own, std::string_view name) {
      const auto found = find(own, name);
      if (found && found->group->scope != GroupScope::domain_local && seen.insert(*found).second)
        queue.push_back(*found);
    };
    push(domain, account.is_computer() ? "Domain Computers" : "Domain Users");
    for (const auto& name : account.groups) push(domain, name);
    if (account.has(account_flag::protected_user)) push(domain, "Protected Users");
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const auto [home, group] = queue[i];
      for (const auto& name : group->member_of) push(*home, name);
      if (home != &domain)
        entry.other_group_sids.push_back(home->sid.with_rid(group->rid));
      else if (group->rid != entry.primary_group_rid)
        entry.global_group_rids.push_back(group->rid);
    }
    if (account.has(account_flag::protected_user) &&
        std::find(entry.global_group_rids.begin(), entry.global_group_rids.end(), well_known_rid::protected_users) ==
            entry.global_group_rids.end())
      entry.global_group_rids.push_back(well_known_rid::protected_users);
  }

  [[nodiscard]] const AccountEntry* old_entry(const Domain& domain, std::uint32_t rid) const {
    const auto* old_domain = previous == nullptr ? nullptr : previous->domain(domain.realm);
    if (old_domain == nullptr) return nullptr;
    const auto old = old_domain->by_rid.find(rid);
    return old == old_domain->by_rid.end() ? nullptr : old->second;
  }

  // The count goes on from snapshot to snapshot, until an administrator unlocks the account. The built-in administrator
  // is never locked out.
  [[nodiscard]] std::shared_ptr<LogonFailures> failures_for(const Domain& domain, const Account& account) const {
    if (domain.policy.lockout_threshold == 0 || account.rid == well_known_rid::administrator) return nullptr;
    const auto* old = old_entry(domain, account.rid);
    const bool unlocked = old != nullptr && old->account->rare->lockout_time != 0 && account.rare->lockout_time == 0;
    return old != nullptr && old->failures && !unlocked ? old->failures : std::make_shared<LogonFailures>();
  }

  // Deriving keys is slow, so those of an unchanged secret are taken from the previous snapshot.
  std::shared_ptr<const Keys> keys_for(const Domain& domain, std::uint32_t rid, const Secret& secret,
                                       const std::string& salt) const {
    if (const auto* old = old_entry(domain, rid)) {
      const auto kept = [&](const std::shared_ptr<const Keys>& keys, const std::optional<Secret>& of) {
        return keys && of == secret && keys->salt() == salt;
      };
      if (kept(old->keys, old->account->secret)) return old->keys;
      if (kept(old->previous_keys, old->account->previous_secret)) return old->previous_keys;
      if (kept(old->older_keys, old->account->rare->older_secret)) return old->older_keys;
    }
    return std::make_shared<const Keys>(secret, salt);
  }

  void add_local_groups() {
    const auto add = [&](const Domain& own, const Sid& member, const Group* member_group,
                         const std::vector<std::string>& names) {
      for (const auto& name : names) {
        const auto found = find(own, name);
        if (!found || found->group->scope != GroupScope::domain_local) continue;
        // By the SID also where the member is such a group itself: a PAC may have that group's SID already.
        auto& local = out.local_groups[&entry_of(*found->domain)];
        if (member_group != nullptr && member_group->scope == GroupScope::domain_local)
          local.parents[member_group].push_back(found->group);
        local.by_member[member].push_back(found->group);
      }
    };
    for (const auto& domain : forest.domains) {
      for (const auto& account : domain.accounts)
        add(domain, domain.sid.with_rid(account.rid), nullptr, account.groups);
      for (const auto& group : domain.groups) add(domain, domain.sid.with_rid(group.rid), &group, group.member_of);
    }
  }

  void add_trust(const Trust& trust) {
    auto* first = mutable_domain(trust.first);
    auto* second = mutable_domain(trust.second);
    if (first == nullptr || second == nullptr) return;
    const bool first_trusts_second = trust.direction != TrustDirection::inbound;
    const bool second_trusts_first = trust.direction != TrustDirection::outbound;
    // Both directions have one password; the salts make their AES keys different.
    const auto towards_second = trust_keys(trust, trust.first, trust.second);
    const auto towards_first = trust_keys(trust, trust.second, trust.first);
    first->trusts.push_back(
        {&trust, first, second, second_trusts_first, first_trusts_second, towards_second, towards_first});
    second->trusts.push_back(
        {&trust, second, first, first_trusts_second, second_trusts_first, towards_first, towards_second});
  }

  std::shared_ptr<const Keys> trust_keys(const Trust& trust, const std::string& issuer,
                                         const std::string& target) const {
    const auto* old_domain = previous == nullptr ? nullptr : previous->domain(issuer);
    if (old_domain != nullptr)
      for (const auto& old : old_domain->trusts)
        if (old.partner->domain->realm == target && old.trust->secret == trust.secret) return old.outgoing;
    return std::make_shared<const Keys>(trust.secret, to_upper(issuer) + "krbtgt" + to_upper(target));
  }

  DomainEntry* mutable_domain(std::string_view realm) {
    for (auto& entry : out.domains)
      if (equal_ignoring_case(entry.domain->realm, realm)) return &entry;
    return nullptr;
  }
};

Snapshot::Snapshot(Forest forest, const Snapshot* previous) : forest_(std::move(forest)) {
  auto indexes = std::make_unique<Indexes>();
  SnapshotBuilder{forest_, previous, *indexes}.build();
  indexes_ = std::move(indexes);
  if (previous != nullptr) generation_ = previous->generation_ + 1;
}

Snapshot::~Snapshot() = default;

const DomainEntry* Snapshot::domain(std::string_view realm) const {
  const auto found = indexes_->by_name.find(realm);
  return found == indexes_->by_name.end() ? nullptr : found->second;
}

const AccountEntry* Snapshot::account(const DomainEntry& domain, std::string_view name) const {
  auto found = domain.by_name.find(name);
  constexpr std::size_t kMaxName = 64;
  if (found == domain.by_name.end() && !name.empty() && name.size() < kMaxName && name.back() != '$') {
    std::array<char, kMaxName> computer{};
    *std::copy(name.begin(), name.end(), computer.begin()) = '$';
    found = domain.by_name.find(std::string_view(computer.data(), name.size() + 1));
  }
  return found == domain.by_name.end() ? nullptr : found->second;
}

const AccountEntry* Snapshot::by_spn(const DomainEntry& domain, std::string_view spn) const {
  const auto found = domain.by_spn.find(spn);
  return found == domain.by_spn.end() || found->second.size() != 1 ? nullptr : found->second.front();
}

const AccountEntry* Snapshot::by_host_alias(const DomainEntry& domain, std::string_view spn) const {
  const auto slash = spn.find('/');
  if (slash == spn.npos || !host_stands_for(spn.substr(0, slash)) || domain.by_spn.find(spn) != domain.by_spn.end())
    return nullptr;
  return by_spn(domain, "HOST" + std::string(spn.substr(slash)));
}

const AccountEntry* Snapshot::by_sid(const Sid& sid) const {
  for (const auto& domain : indexes_->domains) {
    if (!sid.is_in(domain.domain->sid)) continue;
    const auto found = domain.by_rid.find(sid.rid());
    return found == domain.by_rid.end() ? nullptr : found->second;
  }
  return nullptr;
}

const AccountEntry* Snapshot::by_upn(const DomainEntry& domain, std::string_view upn) const {
  const auto explicit_in = [&](const DomainEntry& entry) {
    const auto found = entry.by_upn.find(upn);
    return found == entry.by_upn.end() ? nullptr : found->second;
  };
  const auto same_forest = [&](const DomainEntry& entry) {
    return equal_ignoring_case(entry.domain->forest, domain.domain->forest);
  };
  if (const auto* found = explicit_in(domain)) return found;
  for (const auto& entry : indexes_->domains)
    if (&entry != &domain && same_forest(entry))
      if (const auto* found = explicit_in(entry)) return found;
  const auto at = upn.rfind('@');
  if (at == upn.npos || at == 0) return nullptr;
  const auto* home = this->domain(upn.substr(at + 1));
  return home != nullptr && same_forest(*home) ? account(*home, upn.substr(0, at)) : nullptr;
}

NamedGroup Snapshot::group(const DomainEntry& own, std::string_view name) const {
  const auto split = split_name(forest_, name);
  if (!split) return {};
  const DomainEntry* domain = split->domain != nullptr ? this->domain(split->domain->realm) : &own;
  const auto found = domain->groups_by_name.find(split->name);
  return found == domain->groups_by_name.end() ? NamedGroup{} : NamedGroup{domain, found->second};
}

std::vector<NamedGroup> Snapshot::groups_of(const AccountEntry& entry) const {
  std::vector<NamedGroup> out;
  const auto add = [&](const NamedGroup& found) {
    if (found.group != nullptr && std::find(out.begin(), out.end(), found) == out.end()) out.push_back(found);
  };
  for (const auto& name : entry.account->groups) add(group(*entry.domain, name));
  if (entry.account->has(account_flag::protected_user)) add(group(*entry.domain, "Protected Users"));
  return out;
}

const GroupMembers& Snapshot::members() const {
  std::call_once(members_made_, [this] { members_ = std::make_unique<const GroupMembers>(*this); });
  return *members_;
}

std::vector<Sid> Snapshot::domain_local_groups(const DomainEntry& domain, std::span<const Sid> token) const {
  std::vector<Sid> out;
  const auto found = indexes_->local_groups.find(&domain);
  if (found == indexes_->local_groups.end()) return out;
  const auto& local = found->second;
  std::vector<const Group*> groups;
  const auto add = [&](const std::vector<const Group*>& more) {
    for (const auto* group : more)
      if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  };
  for (const auto& sid : token)
    if (const auto direct = local.by_member.find(sid); direct != local.by_member.end()) add(direct->second);
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (const auto parents = local.parents.find(groups[i]); parents != local.parents.end()) add(parents->second);
  out.reserve(groups.size());
  for (const auto* group : groups) out.push_back(domain.domain->sid.with_rid(group->rid));
  return out;
}

std::vector<const AccountEntry*> Snapshot::by_certificate(const DomainEntry& domain, Bytes der) const {
  std::vector<const AccountEntry*> out;
  const auto add = [&](const AccountEntry* entry) {
    if (entry->domain == &domain && std::find(out.begin(), out.end(), entry) == out.end()) out.push_back(entry);
  };
  if (const auto found = indexes_->by_certificate.find(to_buffer(der)); found != indexes_->by_certificate.end())
    for (const auto* entry : found->second) add(entry);
  if (indexes_->with_mappings.empty()) return out;
  const auto names = mapping_names(der);
  for (const auto* entry : indexes_->with_mappings)
    for (const auto& mapping : entry->account->alt_security_identities)
      if (std::find(names.begin(), names.end(), canonical_mapping(mapping)) != names.end()) add(entry);
  return out;
}

}  // namespace stead::kdc
