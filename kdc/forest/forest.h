#pragma once
// The model of a forest: domains with their DCs, accounts and groups, and the trusts between them. Plain values;
// forest_file.h reads them, directory.h serves them.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kdc/forest/account_policy.h"
#include "kdc/forest/faults.h"
#include "kdc/forest/sparse.h"
#include "sspi_shim/protocol/messages/netlogon.h"
#include "sspi_shim/protocol/security/security_descriptor.h"
#include "sspi_shim/protocol/security/sid.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead::kdc {

// A DC's operating system. functional_level.h has what it decides.
enum class Level { w2003, w2008, w2008r2, w2012, w2012r2, w2016, w2019, w2022 };

struct Controller {
  std::string name;     // full DNS name
  std::string address;  // IPv4 or IPv6
  std::uint16_t kerberos_port = 88, ldap_port = 389, kpasswd_port = 464;
  Level level = Level::w2016;
  std::string site = "Default-First-Site-Name";
  // Its TLS certificate and key (PEM files): with them it answers LDAPS on ldaps_port, and StartTLS. Empty: no TLS.
  std::string certificate, key;
  std::uint16_t ldaps_port = 636;
  // Its Netlogon service is paused: it answers pings with "paused", so that clients look for another DC. Its KDC still
  // answers.
  bool paused = false;
  Faults faults;
  friend bool operator==(const Controller&, const Controller&) = default;
};

// Bits of Account::flags. account_flags.h has their names.
namespace account_flag {
constexpr std::uint32_t not_delegated = 1u << 0, trusted_to_auth_for_delegation = 1u << 1,
                        trusted_for_delegation = 1u << 2, disabled = 1u << 3, password_expired = 1u << 4,
                        protected_user = 1u << 5, no_preauth = 1u << 6, no_auth_data_required = 1u << 7,
                        locked_out = 1u << 8, account_expired = 1u << 9, must_change_password = 1u << 10,
                        logon_hours_denied = 1u << 11, password_never_expires = 1u << 12, smartcard_required = 1u << 13,
                        computer = 1u << 14, user = 1u << 15;
}

// One password (or given keys) of an account or trust. kvno counts from 1.
struct Secret {
  std::uint32_t kvno = 1;
  std::string password;             // UTF-8; empty if keys are given
  std::vector<EncryptionKey> keys;  // given in place of a password
  friend bool operator==(const Secret&, const Secret&) = default;
};

// A value of an attribute that decides nothing: it is kept as written and read by clients of LDAP.
struct StoredAttribute {
  std::string name;  // as AD spells it
  std::string value;
  friend bool operator==(const StoredAttribute&, const StoredAttribute&) = default;
};

// What few accounts have.
struct RareAttributes {
  std::int64_t lockout_time = 0;               // lockoutTime, seconds since 1970; 0: not locked out
  std::int64_t expires = 0;                    // accountExpires, seconds since 1970; 0: never
  std::optional<LogonHours> logon_hours;       // none: at any time
  std::vector<std::string> workstations;       // userWorkstations, NetBIOS names; empty: any
  std::optional<Secret> older_secret;          // the one before Account::previous_secret
  std::vector<SecretBuffer> password_history;  // NT hashes of earlier passwords, the newest first
  friend bool operator==(const RareAttributes&, const RareAttributes&) = default;
};

struct Account {
  std::string name;  // sAMAccountName; a trailing $ makes it a computer: see is_computer()
  std::uint32_t rid = 0;
  Secret secret;
  std::optional<Secret> previous_secret;  // its keys still decrypt until the next password change
  std::string upn;                        // explicit, empty: none
  std::vector<std::string> groups;        // names as in the file, "NETBIOS\\name" for another domain's
  std::uint32_t flags = 0;                // account_flag
  std::optional<std::uint32_t> supported_encryption_types;
  std::vector<std::string> spns;
  std::vector<std::string> allowed_to_delegate_to;   // msDS-AllowedToDelegateTo
  std::optional<SecurityDescriptor> allowed_to_act;  // msDS-AllowedToActOnBehalfOfOtherIdentity
  std::vector<Sid> allowed_to_authenticate;          // "Allowed to Authenticate": see Trust::selective_authentication
  std::vector<Buffer> certificates;                  // DER, altSecurityIdentities
  std::vector<std::string> alt_security_identities;  // X509:<…> mappings in text
  std::int64_t password_last_set = 0;                // seconds since 1970; 0: when the directory was created
  std::vector<StoredAttribute> other_attributes;     // by name: what describes the account only, such as dNSHostName
  // What the salt had of the account's names when the password was set: a rename does not change it. salt_name_of()
  // (account_salt.h) says what a new password gets.
  std::string salt_name;
  Sparse<RareAttributes> rare;

  // The flags `computer` and `user` count where the name and the object's class disagree.
  [[nodiscard]] bool is_computer() const {
    return has(account_flag::computer) || (!name.empty() && name.back() == '$' && !has(account_flag::user));
  }
  [[nodiscard]] bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
  friend bool operator==(const Account&, const Account&) = default;
};

enum class GroupScope { global, universal, domain_local };
struct Group {
  std::string name;
  std::uint32_t rid = 0;
  GroupScope scope = GroupScope::global;
  std::vector<std::string> member_of;  // group names, "NETBIOS\\name" for another domain's
  friend bool operator==(const Group&, const Group&) = default;
};

struct Domain {
  std::string realm;  // upper case
  std::string netbios;
  Sid sid;
  std::string forest;  // lower case DNS name of the forest
  bool enforce_forwardable_evidence = false;
  bool allow_rc4 = false;
  AccountPolicy policy;
  std::vector<Controller> controllers;
  std::vector<Account> accounts;  // with `krbtgt`, whose SPN is kadmin/changepw, as in AD
  std::vector<Group> groups;      // with the well-known ones
  std::uint32_t next_rid = 1103;  // of the next new account; a RID is never used twice
  friend bool operator==(const Domain&, const Domain&) = default;
};

enum class TrustKind { parent_child, forest, external };
enum class TrustDirection { both, outbound, inbound };
struct Trust {
  std::string first, second;  // realms; "outbound": the first trusts the second, so the second's users reach the first
  TrustDirection direction = TrustDirection::both;
  TrustKind kind = TrustKind::parent_child;
  Secret secret;
  bool sid_filtering = false;
  bool tgt_delegation = false;
  // Users who come over the trust reach only the accounts that list them, or a group of theirs, in
  // allowed_to_authenticate.
  bool selective_authentication = false;
  std::vector<std::string> name_suffixes;  // of the second's forest besides its domain names
  friend bool operator==(const Trust&, const Trust&) = default;
};

struct Forest {
  std::vector<Domain> domains;
  std::vector<Trust> trusts;
  friend bool operator==(const Forest&, const Forest&) = default;
};

}  // namespace stead::kdc
