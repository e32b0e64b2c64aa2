#pragma once
// An immutable view of the forest with its indexes, shared by all cores. A change of the directory makes a new
// snapshot; requests in progress keep the one they began with.
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kdc/directory/keys.h"
#include "kdc/directory/logon_failures.h"
#include "kdc/forest/case_map.h"
#include "kdc/forest/forest.h"

namespace stead::kdc {

struct DomainEntry;

// An account with the values derived from it.
struct AccountEntry {
  const Account* account = nullptr;
  const DomainEntry* domain = nullptr;
  Sid sid;
  std::shared_ptr<const Keys> keys, previous_keys, older_keys;  // of the last two passwords; null: none
  std::shared_ptr<LogonFailures> failures;                      // null where the domain locks no account out
  // The account's global and universal groups, nested ones expanded: those of its own domain as RIDs, universal groups
  // of other domains as SIDs.
  std::vector<std::uint32_t> global_group_rids;  // without the primary group
  std::vector<Sid> other_group_sids;
  std::uint32_t primary_group_rid = 0;
  bool is_controller = false;  // a DC's own account: by its group, or by its name
};

// One side of a trust.
struct TrustEntry {
  const Trust* trust = nullptr;
  const DomainEntry* self = nullptr;     // this side
  const DomainEntry* partner = nullptr;  // the other side
  bool partner_trusts_us = false;        // our users (and referrals) may go there
  bool we_trust_partner = false;         // their users may come here
  std::shared_ptr<const Keys> outgoing;  // encrypts krbtgt/PARTNER@SELF
  std::shared_ptr<const Keys> incoming;  // decrypts krbtgt/SELF@PARTNER
};

struct DomainEntry {
  const Domain* domain = nullptr;
  const AccountEntry* krbtgt = nullptr;
  std::vector<TrustEntry> trusts;
  CaselessMap<const AccountEntry*> by_name;              // sAMAccountName
  CaselessMap<std::vector<const AccountEntry*>> by_spn;  // several entries: a duplicate SPN
  CaselessMap<const AccountEntry*> by_upn;               // explicit UPN
  std::unordered_map<std::uint32_t, const AccountEntry*> by_rid;
  std::vector<const AccountEntry*> accounts;  // in the order of Domain::accounts
  CaselessMap<const Group*> groups_by_name;
  std::unordered_map<std::uint32_t, const Group*> groups_by_rid;
};

struct NamedGroup {
  const DomainEntry* domain = nullptr;
  const Group* group = nullptr;
  friend bool operator==(const NamedGroup&, const NamedGroup&) = default;
};

class GroupMembers;

class Snapshot {
 public:
  // `previous`: keys of secrets that have not changed are taken from it.
  explicit Snapshot(Forest forest, const Snapshot* previous = nullptr);
  Snapshot(const Snapshot&) = delete;  // its entries point into it
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

  [[nodiscard]] const Forest& forest() const { return forest_; }

  // The lookups ignore case and return null if nothing matches.
  // By realm or NetBIOS name.
  [[nodiscard]] const DomainEntry* domain(std::string_view realm) const;
  // By sAMAccountName; a computer also without its `$`.
  [[nodiscard]] const AccountEntry* account(const DomainEntry& domain, std::string_view name) const;
  // Null also for a duplicate SPN.
  [[nodiscard]] const AccountEntry* by_spn(const DomainEntry& domain, std::string_view spn) const;
  // For an SPN that no account has: the account with HOST/x, if `spn` is SERVICE/x and SERVICE is one of the services
  // that AD's sPNMappings map to HOST.
  [[nodiscard]] const AccountEntry* by_host_alias(const DomainEntry& domain, std::string_view spn) const;
  [[nodiscard]] const AccountEntry* by_sid(const Sid& sid) const;
  // An explicit or implicit UPN in any domain of the forest of `domain`. Explicit UPNs come first, and `domain` before
  // the others.
  [[nodiscard]] const AccountEntry* by_upn(const DomainEntry& domain, std::string_view upn) const;
  // The domain-local groups of `domain` with any of these SIDs as a member, nested groups expanded.
  [[nodiscard]] std::vector<Sid> domain_local_groups(const DomainEntry& domain, std::span<const Sid> token) const;
  // A group by its name, or by NETBIOS\name; null if there is none.
  [[nodiscard]] NamedGroup group(const DomainEntry& own, std::string_view name) const;
  // The groups that list the account, and Protected Users for one with that flag; not its primary group.
  [[nodiscard]] std::vector<NamedGroup> groups_of(const AccountEntry& account) const;
  // Members by their groups. The first call takes time linear in the number of accounts. Thread-safe.
  [[nodiscard]] const GroupMembers& members() const;
  // How many snapshots the directory had up to this one.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  // The accounts of `domain` to which altSecurityIdentities or userCertificate maps this certificate. Names inside the
  // certificate (UPN, SID) are not looked at: see lookup/certificate_lookup.h.
  [[nodiscard]] std::vector<const AccountEntry*> by_certificate(const DomainEntry& domain, Bytes der) const;

 private:
  struct Indexes;
  Forest forest_;
  std::unique_ptr<const Indexes> indexes_;
  std::uint64_t generation_ = 1;
  mutable std::once_flag members_made_;
  mutable std::unique_ptr<const GroupMembers> members_;
  friend struct SnapshotBuilder;
};

}  // namespace stead::kdc
