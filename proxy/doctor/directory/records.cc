#include "proxy/doctor/directory/records.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead::doctor {
namespace {

// userAccountControl (MS-ADTS §2.2.16), and those bits of msDS-User-Account-Control-Computed that are kept nowhere else.
constexpr std::uint32_t kDisabled = 0x2, kLockedOut = 0x10, kWorkstation = 0x1000, kServer = 0x2000,
                        kTrustedForDelegation = 0x80000, kNotDelegated = 0x100000, kPasswordExpired = 0x800000,
                        kTrustedToAuth = 0x1000000;
// trustDirection and trustAttributes (MS-ADTS §6.1.6.7.12 and .9).
constexpr std::uint32_t kInbound = 1, kOutbound = 2;
constexpr std::uint32_t kNotTransitive = 1, kQuarantined = 4, kForest = 8, kSelective = 0x10, kInForest = 0x20,
                        kRc4 = 0x80;

constexpr std::string_view kDelegationList = "msDS-AllowedToDelegateTo",
                           kMayAct = "msDS-AllowedToActOnBehalfOfOtherIdentity";

const std::vector<std::string> kNone;

// A decimal number with a sign, as LDAP writes integers; nothing: there is none.
std::optional<std::int64_t> number_of(const DirectoryEntry& entry, std::string_view name) {
  const std::string text = entry.text(name);
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  const auto value = take_number<std::uint64_t>(rest, INT64_MAX);
  if (!value || !rest.empty()) return std::nullopt;
  return negative ? -static_cast<std::int64_t>(*value) : static_cast<std::int64_t>(*value);
}

std::uint32_t flags_of(const DirectoryEntry& entry, std::string_view name) {
  return static_cast<std::uint32_t>(number_of(entry, name).value_or(0));
}

// A FILETIME, 100 nanoseconds from 1601; 0 and the largest value mean never.
bool is_past(std::optional<std::int64_t> filetime, std::chrono::system_clock::time_point now) {
  if (!filetime || *filetime <= 0 || *filetime == INT64_MAX) return false;
  constexpr std::int64_t kSecondsTo1970 = 11644473600, kTicks = 10000000;
  return *filetime / kTicks - kSecondsTo1970 <
         std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

std::vector<Sid> trustees_of(const std::string& descriptor) {
  std::vector<Sid> out;
  const auto read = decode_security_descriptor(as_bytes(descriptor));
  if (!read || !read->dacl) return out;
  for (const Ace& ace : read->dacl->entries)
    if (ace.type == AceType::access_allowed) out.push_back(ace.sid);
  return out;
}

}  // namespace

const std::vector<std::string>& DirectoryEntry::values(std::string_view name) const {
  const auto found = attributes.find(to_lower(name));
  return found == attributes.end() ? kNone : found->second;
}

std::string DirectoryEntry::text(std::string_view name) const {
  const auto& all = values(name);
  return all.empty() ? std::string() : all.front();
}

const std::vector<std::string>& account_attributes() {
  static const std::vector<std::string> names{"sAMAccountName",
                                              "userPrincipalName",
                                              "objectSid",
                                              "objectClass",
                                              "servicePrincipalName",
                                              std::string(kDelegationList),
                                              std::string(kMayAct),
                                              "memberOf",
                                              "userAccountControl",
                                              "msDS-User-Account-Control-Computed",
                                              "lockoutTime",
                                              "accountExpires",
                                              "pwdLastSet",
                                              "msDS-SupportedEncryptionTypes",
                                              "msDS-KeyVersionNumber"};
  return names;
}

bool AccountRecord::lists(const std::string& spn) const {
  return std::any_of(allowed_to_delegate_to.begin(), allowed_to_delegate_to.end(),
                     [&](const std::string& one) { return equal_ignoring_case(one, spn); });
}

std::optional<AccountRecord> read_account(const DirectoryEntry& entry, const std::string& realm,
                                          std::chrono::system_clock::time_point now) {
  AccountRecord out;
  out.name = entry.text("sAMAccountName");
  if (out.name.empty()) return std::nullopt;
  out.dn = entry.dn;
  out.realm = realm;
  out.upn = entry.text("userPrincipalName");
  if (const auto sid = decode_sid(as_bytes(entry.text("objectSid")))) out.sid = *sid;
  out.spns = entry.values("servicePrincipalName");
  out.allowed_to_delegate_to = entry.values(kDelegationList);
  out.allowed_to_act = trustees_of(entry.text(kMayAct));
  out.member_of = entry.values("memberOf");
  const std::uint32_t control = flags_of(entry, "userAccountControl"),
                      computed = flags_of(entry, "msDS-User-Account-Control-Computed");
  const auto& classes = entry.values("objectClass");
  out.is_computer = (control & (kWorkstation | kServer)) != 0 ||
                    std::find(classes.begin(), classes.end(), "computer") != classes.end();
  out.disabled = (control & kDisabled) != 0;
  out.locked = ((control | computed) & kLockedOut) != 0;
  out.expired = is_past(number_of(entry, "accountExpires"), now);
  out.must_change_password = number_of(entry, "pwdLastSet") == 0;
  out.password_expired = !out.must_change_password && ((control | computed) & kPasswordExpired) != 0;
  out.sensitive = (control & kNotDelegated) != 0;
  out.trusted_to_auth = (control & kTrustedToAuth) != 0;
  out.trusted_for_delegation = (control & kTrustedForDelegation) != 0;
  out.is_protected = std::any_of(out.member_of.begin(), out.member_of.end(), [](const std::string& group) {
    return to_lower(group).starts_with("cn=protected users,");
  });
  if (const auto types = number_of(entry, "msDS-SupportedEncryptionTypes"))
    out.encryption_types = static_cast<std::uint32_t>(*types);
  if (const auto kvno = number_of(entry, "msDS-KeyVersionNumber")) out.kvno = static_cast<std::uint32_t>(*kvno);
  return out;
}

const std::vector<std::string>& trust_attributes() {
  static const std::vector<std::string> names{"trustPartner", "trustDirection", "trustAttributes", "trustType"};
  return names;
}

std::optional<TrustRecord> read_trust(const DirectoryEntry& entry) {
  TrustRecord out;
  out.partner = entry.text("trustPartner");
  if (out.partner.empty()) return std::nullopt;
  const std::uint32_t direction = flags_of(entry, "trustDirection"), attributes = flags_of(entry, "trustAttributes");
  out.inbound = (direction & kInbound) != 0;
  out.outbound = (direction & kOutbound) != 0;
  out.is_forest = (attributes & kForest) != 0;
  out.is_in_forest = (attributes & kInForest) != 0;
  out.not_transitive = (attributes & kNotTransitive) != 0;
  out.selective = (attributes & kSelective) != 0;
  out.quarantined = (attributes & kQuarantined) != 0;
  out.rc4_only = (attributes & kRc4) != 0;
  return out;
}

std::string filter_value(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7f && std::string_view("*()\\").find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    out += '\\';
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

}  // namespace stead::doctor
