#pragma once
// What a KDC answers from: an immutable snapshot of the forest with its indexes, looked up in nanoseconds and shared by
// all cores. A change (stead-kdc directory, a password change) makes a new snapshot; requests under way keep the one
// they began with.
//
// Keys are made from passwords at first use, which costs milliseconds: a lookup says `nullopt`-like "not yet" and the
// caller asks Keys::derive on a thread pool, then handles the request again (see server.h).
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kdc/directory/case_map.h"
#include "kdc/directory/forest.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::kdc {

// The keys of one Secret by encryption type, with its salt. Thread-safe without locks: each slot is published once.
class Keys {
 public:
  Keys(Secret secret, std::string salt);
  ~Keys();
  // The key where it is there already, made from given keys, or null: derive() it off the event loop first.
  [[nodiscard]] const Key* find(EncType type) const;
  void derive(EncType type) const;                  // blocking; idempotent
  [[nodiscard]] bool can_have(EncType type) const;  // a password gives any type; given keys only theirs
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
  // Groups of the token, nested ones expanded: global and universal of the own domain as RIDs, universal of other
  // domains as SIDs.
  std::vector<std::uint32_t> global_group_rids;  // without the primary group
  std::vector<Sid> other_group_sids;
  std::uint32_t primary_group_rid = 0;
};

struct TrustEntry {
  const Trust* trust = nullptr;
  const DomainEntry* self = nullptr;     // this side
  const DomainEntry* partner = nullptr;  // the other side
  bool partner_trusts_us = false;        // our users (and referrals) may go there
  bool we_trust_partner = false;         // their users may come here
  std::shared_ptr<const Keys> outgoing;  // encrypts krbtgt/PARTNER@SELF (their trustAuthOutgoing, our incoming)
  std::shared_ptr<const Keys> incoming;  // decrypts krbtgt/SELF@PARTNER
};

struct DomainEntry {
  const Domain* domain = nullptr;
  const AccountEntry* krbtgt = nullptr;
  std::vector<TrustEntry> trusts;
  CaselessMap<const AccountEntry*> by_name;              // sAMAccountName
  CaselessMap<std::vector<const AccountEntry*>> by_spn;  // more than one: a duplicate
  CaselessMap<const AccountEntry*> by_upn;               // explicit UPN
  std::unordered_map<std::uint32_t, const AccountEntry*> by_rid;
};

class Snapshot {
 public:
  explicit Snapshot(Forest forest, const Snapshot* previous = nullptr);  // keys of unchanged secrets are taken over
  Snapshot(const Snapshot&) = delete;                                    // its entries point into it
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();
  [[nodiscard]] const Forest& forest() const { return forest_; }
  [[nodiscard]] const DomainEntry* domain(std::string_view realm) const;  // any case; also the NetBIOS name
  [[nodiscard]] const AccountEntry* account(const DomainEntry& domain,
                                            std::string_view name) const;  // sAMAccountName, computers also without $
  [[nodiscard]] const AccountEntry* by_spn(const DomainEntry& domain,
                                           std::string_view spn) const;  // null also where it is a duplicate
  // The account with HOST/x where `spn` is SERVICE/x of a service that sPNMappings has HOST stand for, and nobody has
  // that SPN itself.
  [[nodiscard]] const AccountEntry* by_host_alias(const DomainEntry& domain, std::string_view spn) const;
  [[nodiscard]] const AccountEntry* by_sid(const Sid& sid) const;
  // An explicit or implicit UPN looked up in every domain of `domain`'s forest: explicit ones first, the own domain
  // first.
  [[nodiscard]] const AccountEntry* by_upn(const DomainEntry& domain, std::string_view upn) const;
  // Domain-local groups of `domain` that any of these SIDs is in, nested ones expanded.
  [[nodiscard]] std::vector<Sid> domain_local_groups(const DomainEntry& domain, std::span<const Sid> token) const;
  // Accounts of `domain` mapped to this certificate (altSecurityIdentities); MS-PKINIT's UPN in the SAN is the caller's
  // business.
  [[nodiscard]] std::vector<const AccountEntry*> by_certificate(const DomainEntry& domain, Bytes der) const;

 private:
  struct Indexes;
  Forest forest_;
  std::unique_ptr<const Indexes> indexes_;
  friend struct SnapshotBuilder;
};

class DirectoryStore;

// Holds the current snapshot. With a state folder it lives in SQLite (WAL) there and sees other processes' changes at
// the next call; without one it lives in memory. Thread-safe.
class Directory {
 public:
  explicit Directory(Forest forest);  // in memory
  Directory(Forest forest,
            std::unique_ptr<DirectoryStore>);  // on disk; `forest` is what the store holds (DirectoryStore::open)
  ~Directory();
  // The state as of now: another process's acknowledged change is in it. A few loads from memory where nothing has
  // changed.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  // The same for one thread that asks again and again: `cached` is replaced only where the directory has changed, so
  // that cores do not share a reference count on the request path.
  const Snapshot& snapshot(std::shared_ptr<const Snapshot>& cached) const;
  // Replaces one account's secret (kpasswd); the old one becomes previous_secret. Without a trace of the password in
  // the error.
  [[nodiscard]] Result<void> set_password(std::string_view realm, std::string_view account, std::string_view password);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What of MS-KILE §2.2.7 the account's tickets may be encrypted with: msDS-SupportedEncryptionTypes, by default AES,
// and RC4 where the domain allows it; RC4 never where it does not.
[[nodiscard]] std::uint32_t supported_encryption_types(const AccountEntry& account);
// The encryption types among these that the account has keys of, strongest first.
[[nodiscard]] std::vector<EncType> ticket_enctypes(const AccountEntry& account);

}  // namespace stead::kdc
