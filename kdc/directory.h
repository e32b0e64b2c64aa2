#pragma once
// What a KDC answers from: an immutable snapshot of the forest with its indexes, looked up in nanoseconds and shared by all cores.
// A change (stead-kdc directory, a password change) makes a new snapshot; requests under way keep the one they began with.
//
// Keys are made from passwords at first use, which costs milliseconds: a lookup says `nullopt`-like "not yet" and the caller asks
// KeyStore::derive on a thread pool, then handles the request again (see server.h).
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kdc/forest.h"
#include "sspi_shim/protocol/crypto.h"

namespace stead::kdc {

// The keys of one Secret by encryption type, with its salt. Thread-safe without locks: each slot is published once.
class Keys {
 public:
  Keys(Secret secret, std::string salt);
  ~Keys();
  // The key where it is there already, made from given keys, or null: derive() it off the event loop first.
  [[nodiscard]] const Key* find(EncType type) const;
  void derive(EncType type) const;                    // blocking; idempotent
  [[nodiscard]] bool can_have(EncType type) const;    // a password gives any type; given keys only theirs
  [[nodiscard]] std::uint32_t kvno() const { return secret_.kvno; }
  [[nodiscard]] const std::string& salt() const { return salt_; }

 private:
  static constexpr int kSlots = 5;
  Secret secret_;
  std::string salt_;
  mutable std::array<std::atomic<const Key*>, kSlots> slots_{};
};

struct DomainEntry;

// An account with what the KDC derives from it once.
struct AccountEntry {
  const Account* account = nullptr;
  const DomainEntry* domain = nullptr;
  Sid sid;
  std::shared_ptr<const Keys> keys, previous_keys;  // previous_keys may be null
  // Groups of the token, nested ones expanded: global and universal of the own domain as RIDs, universal of other domains as SIDs.
  std::vector<std::uint32_t> global_group_rids;     // without the primary group
  std::vector<Sid> other_group_sids;
  std::uint32_t primary_group_rid = 0;
};

struct TrustEntry {
  const Trust* trust = nullptr;
  const DomainEntry* self = nullptr;    // this side
  const DomainEntry* partner = nullptr; // the other side
  bool partner_trusts_us = false;       // our users (and referrals) may go there
  bool we_trust_partner = false;        // their users may come here
  std::shared_ptr<const Keys> outgoing; // encrypts krbtgt/PARTNER@SELF (their trustAuthOutgoing, our incoming)
  std::shared_ptr<const Keys> incoming; // decrypts krbtgt/SELF@PARTNER
};

struct DomainEntry {
  const Domain* domain = nullptr;
  const AccountEntry* krbtgt = nullptr;
  std::vector<TrustEntry> trusts;
  std::unordered_map<std::string, const AccountEntry*> by_name;  // lower-case sAMAccountName
  std::unordered_map<std::string, std::vector<const AccountEntry*>> by_spn;   // lower-case SPN; more than one: a duplicate
  std::unordered_map<std::string, const AccountEntry*> by_upn;   // lower-case explicit UPN
  std::unordered_map<std::uint32_t, const AccountEntry*> by_rid;
};

class Snapshot {
 public:
  explicit Snapshot(Forest forest, const Snapshot* previous = nullptr);  // keys of unchanged secrets are taken over
  [[nodiscard]] const Forest& forest() const { return forest_; }
  [[nodiscard]] const DomainEntry* domain(std::string_view realm) const;           // any case; also the NetBIOS name
  [[nodiscard]] const AccountEntry* account(const DomainEntry& domain, std::string_view name) const;  // sAMAccountName, computers also without $
  [[nodiscard]] const AccountEntry* by_spn(const DomainEntry& domain, std::string_view spn) const;    // null also where it is a duplicate
  [[nodiscard]] const AccountEntry* by_sid(const Sid& sid) const;
  // An explicit or implicit UPN looked up in every domain of `domain`'s forest: explicit ones first, the own domain first.
  [[nodiscard]] const AccountEntry* by_upn(const DomainEntry& domain, std::string_view upn) const;
  // Domain-local groups of `domain` that any of these SIDs is in, nested ones expanded.
  [[nodiscard]] std::vector<Sid> domain_local_groups(const DomainEntry& domain, std::span<const Sid> token) const;
  // Accounts of `domain` mapped to this certificate (altSecurityIdentities); MS-PKINIT's UPN in the SAN is the caller's business.
  [[nodiscard]] std::vector<const AccountEntry*> by_certificate(const DomainEntry& domain, Bytes der) const;

 private:
  struct Indexes;
  Forest forest_;
  std::shared_ptr<const Indexes> indexes_;
  friend struct SnapshotBuilder;
};

// Holds the current snapshot. With a state folder it lives in SQLite (WAL) there and sees other processes' changes by a generation
// counter; without one it lives in memory.
class Directory {
 public:
  explicit Directory(Forest forest);                                                  // in memory
  ~Directory();
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  // Replaces one account's secret (kpasswd); the old one becomes previous_secret.
  [[nodiscard]] Result<void> set_password(std::string_view realm, std::string_view account, std::string_view password);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stead::kdc
