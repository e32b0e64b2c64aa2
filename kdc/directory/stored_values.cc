#include "kdc/directory/stored_values.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/forest/logon_hours.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/sid.h"

namespace stead::kdc {
namespace {

// The parts between the separators; empty ones are left out.
std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// In hexadecimal: a password may have blanks.
std::string secret_text(const Secret& secret) {
  return std::to_string(secret.kvno) + " =" + to_hex(as_bytes(secret.password)) + ' ' + join_keys(secret.keys);
}

bool parse_secret(std::string_view text, Secret& out) {
  const auto kvno = take_number<std::uint32_t>(text, 0xffffffff);
  if (!kvno || !text.starts_with(" =")) return false;
  text.remove_prefix(2);
  const auto blank = std::min(text.find(' '), text.size());
  out.kvno = *kvno;
  out.password = as_text(from_hex(text.substr(0, blank)));
  return parse_keys(text.substr(blank), out.keys);
}

std::int64_t number_of(const std::string& text) {
  return std::strtoll(text.c_str(), nullptr, 10);
}

constexpr std::string_view kRare[] = {"lockoutTime",      "accountExpires", "logonHours",
                                      "userWorkstations", "older secret",   "ntPwdHistory"};

// False: the value cannot be read.
bool take_rare_value(RareAttributes& rare, std::string_view attribute, const std::string& value) {
  if (attribute == "lockoutTime") rare.lockout_time = number_of(value);
  if (attribute == "accountExpires") rare.expires = number_of(value);
  if (attribute == "logonHours") return (rare.logon_hours = logon_hours_from_hex(value)).has_value();
  if (attribute == "userWorkstations") rare.workstations = split(value, ',');
  if (attribute == "older secret") return parse_secret(value, rare.older_secret.emplace());
  if (attribute == "ntPwdHistory") rare.password_history.push_back(to_secret(from_hex(value)));
  return true;
}

}  // namespace

std::string join_keys(const std::vector<EncryptionKey>& keys) {
  std::string out;
  for (const auto& key : keys)
    out.append(out.empty() ? "" : " ").append(enctype_name(key.type)).append(":").append(to_hex(key.value));
  return out;
}

std::vector<std::string> split_words(std::string_view text) {
  return split(text, ' ');
}

bool parse_keys(std::string_view text, std::vector<EncryptionKey>& out) {
  for (const auto& word : split_words(text)) {
    const auto colon = word.find(':');
    if (colon == word.npos) return false;
    EncryptionKey key;
    key.type = enctype_by_name(std::string_view(word).substr(0, colon));
    key.value = to_secret(from_hex(std::string_view(word).substr(colon + 1)));
    if (key.type == EncType::null || key.value.empty()) return false;
    out.push_back(std::move(key));
  }
  return true;
}

AttributeValues rare_values(const RareAttributes& rare) {
  AttributeValues out;
  if (rare.lockout_time != 0) out.emplace_back("lockoutTime", std::to_string(rare.lockout_time));
  if (rare.expires != 0) out.emplace_back("accountExpires", std::to_string(rare.expires));
  if (rare.logon_hours) out.emplace_back("logonHours", to_hex(*rare.logon_hours));
  if (!rare.workstations.empty()) {
    std::string names;
    for (const auto& name : rare.workstations) names.append(names.empty() ? "" : ",").append(name);
    out.emplace_back("userWorkstations", std::move(names));
  }
  if (rare.older_secret) out.emplace_back("older secret", secret_text(*rare.older_secret));
  for (const auto& hash : rare.password_history) out.emplace_back("ntPwdHistory", to_hex(hash));
  return out;
}

AttributeValues policy_values(const AccountPolicy& policy) {
  return {{"lockoutThreshold", std::to_string(policy.lockout_threshold)},
          {"lockoutDuration", std::to_string(policy.lockout_duration.count())},
          {"lockOutObservationWindow", std::to_string(policy.lockout_window.count())},
          {"minPwdLength", std::to_string(policy.password_min_length)},
          {"pwdHistoryLength", std::to_string(policy.password_history)},
          {"pwdProperties", policy.password_complexity ? "1" : "0"},
          {"minPwdAge", std::to_string(policy.password_min_age.count())},
          {"maxPwdAge", std::to_string(policy.password_max_age.count())}};
}

void take_policy_value(AccountPolicy& policy, std::string_view attribute, const std::string& value) {
  const auto number = std::max<std::int64_t>(number_of(value), 0);
  if (attribute == "lockoutThreshold") policy.lockout_threshold = std::uint32_t(number);
  if (attribute == "lockoutDuration") policy.lockout_duration = std::chrono::seconds(number);
  if (attribute == "lockOutObservationWindow") policy.lockout_window = std::chrono::seconds(number);
  if (attribute == "minPwdLength") policy.password_min_length = std::uint32_t(number);
  if (attribute == "pwdHistoryLength") policy.password_history = std::uint32_t(number);
  if (attribute == "pwdProperties") policy.password_complexity = (number & 1) != 0;
  if (attribute == "minPwdAge") policy.password_min_age = std::chrono::seconds(number);
  if (attribute == "maxPwdAge") policy.password_max_age = std::chrono::seconds(number);
}

// False: the value cannot be read.
bool take_account_value(Account& account, std::string_view attribute, std::string value) {
  if (attribute == kMemberOf) {
    account.groups.push_back(std::move(value));
  } else if (attribute == kSpn) {
    account.spns.push_back(std::move(value));
  } else if (attribute == kDelegateTo) {
    account.allowed_to_delegate_to.push_back(std::move(value));
  } else if (attribute == kCertificate) {
    account.certificates.push_back(from_hex(value));
  } else if (attribute == kMapping) {
    account.alt_security_identities.push_back(std::move(value));
  } else if (attribute == kMayAuthenticate) {
    if (auto sid = parse_sid(value)) account.allowed_to_authenticate.push_back(std::move(*sid));
  } else if (std::find(std::begin(kRare), std::end(kRare), attribute) == std::end(kRare)) {
    account.other_attributes.push_back({std::string(attribute), std::move(value)});
  } else {
    bool ok = true;
    account.rare.edit([&](RareAttributes& rare) { ok = take_rare_value(rare, attribute, value); });
    return ok;
  }
  return true;
}

}  // namespace stead::kdc
