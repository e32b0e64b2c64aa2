#pragma once
// Accounts and trusts as a domain's directory has them (MS-ADTS, MS-ADA1 to 3), from entries read by LDAP. No I/O.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/doctor/directory/entry.h"
#include "sspi_shim/protocol/security/sid.h"

namespace stead::doctor {

// What read_account uses; ask for these.
[[nodiscard]] const std::vector<std::string>& account_attributes();

struct AccountRecord {
  std::string dn, name, upn;  // `name`: sAMAccountName
  std::string realm;          // of the directory that answered
  Sid sid;
  std::vector<std::string> spns, allowed_to_delegate_to;
  std::vector<Sid> allowed_to_act;  // whom msDS-AllowedToActOnBehalfOfOtherIdentity lets in
  std::vector<std::string> member_of;
  bool is_computer = false;
  bool disabled = false, locked = false, expired = false, password_expired = false, must_change_password = false;
  bool sensitive = false;                         // NOT_DELEGATED
  bool is_protected = false;                      // a direct member of Protected Users
  bool trusted_to_auth = false;                   // TRUSTED_TO_AUTH_FOR_DELEGATION
  bool trusted_for_delegation = false;            // unconstrained
  std::optional<std::uint32_t> encryption_types;  // msDS-SupportedEncryptionTypes
  std::optional<std::uint32_t> kvno;

  [[nodiscard]] bool lists(const std::string& spn) const;  // in msDS-AllowedToDelegateTo, in any case of letters
};
// Nothing: the entry is no account.
[[nodiscard]] std::optional<AccountRecord> read_account(const DirectoryEntry& entry, const std::string& realm,
                                                        std::chrono::system_clock::time_point now);

[[nodiscard]] const std::vector<std::string>& trust_attributes();

struct TrustRecord {
  std::string partner;                     // DNS name of the other domain
  bool inbound = false, outbound = false;  // inbound: they trust us; outbound: we trust them
  bool is_forest = false, is_in_forest = false;
  bool not_transitive = false, selective = false, quarantined = false, rc4_only = false;
};
[[nodiscard]] std::optional<TrustRecord> read_trust(const DirectoryEntry& entry);

// `text` as a value in a search filter (RFC 4515 §3).
[[nodiscard]] std::string filter_value(std::string_view text);

}  // namespace stead::doctor
