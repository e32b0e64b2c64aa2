#include "sspi_shim/s4u/diagnosis/account_diagnosis.h"

#include <optional>
#include <string>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/certificate_names.h"
#include "sspi_shim/s4u/diagnosis/new_keytab.h"

namespace stead {
namespace {

using Code = KrbErrc;

struct AccountState {
  std::string what;  // "is locked"
  std::string fix;
};

// Why the KDC refuses an account that it knows; nothing: it does not say. `never`: in place of a new password, which would
// end what uses the present one.
std::optional<AccountState> state_of(const Refusal& refusal, const std::string& account, const std::string& at) {
  const auto status = refusal.status.value_or(NtStatus::STATUS_SUCCESS);
  const std::string user = cmdlet_for(account) + " " + identity_value(account);
  const std::string any = " " + identity_value(account) + at;
  if (status == NtStatus::STATUS_ACCOUNT_LOCKED_OUT)
    return AccountState{"is locked after too many wrong passwords", "Unlock-ADAccount" + any};
  if (status == NtStatus::STATUS_ACCOUNT_EXPIRED || refusal.error == Code::KDC_ERR_NAME_EXP)
    return AccountState{"has expired", "Clear-ADAccountExpiration" + any};
  if (status == NtStatus::STATUS_PASSWORD_MUST_CHANGE)
    return AccountState{"must change its password at the next sign-in", user + " -ChangePasswordAtLogon $false" + at};
  if (status == NtStatus::STATUS_PASSWORD_EXPIRED || refusal.error == Code::KDC_ERR_KEY_EXPIRED)
    return AccountState{"has a password that has expired", user + " -PasswordNeverExpires $true" + at};
  if (status == NtStatus::STATUS_INVALID_LOGON_HOURS)
    return AccountState{"may not sign in at this time", user + " -Clear logonHours" + at};
  if (status == NtStatus::STATUS_INVALID_WORKSTATION)
    return AccountState{"may not sign in from this computer", user + " -Clear userWorkstations" + at};
  if (status == NtStatus::STATUS_ACCOUNT_DISABLED) return AccountState{"is disabled", "Enable-ADAccount" + any};
  return std::nullopt;
}

}  // namespace

Finding own_account(const DiagnosisFacts& facts) {
  Finding out;
  const auto name = to_string(facts.about.front_end);
  if (facts.refusal.error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) {
    out.code = DiagnosisCode::spn_unknown;
    out.summary =
        "The domain " + facts.refusal.realm + " knows no account " + name + ", which is the identity of this service.";
    out.fix = {"setspn -S " + to_string(facts.about.front_end.name) + " " + identity_value(facts.front)};
  } else if (facts.refusal.error == Code::KDC_ERR_CLIENT_REVOKED || facts.refusal.error == Code::KDC_ERR_KEY_EXPIRED) {
    out.code = DiagnosisCode::user_account_refused;
    const std::string at = server_option(facts.about.front_end.realm);
    const auto state = state_of(facts.refusal, facts.front, at);
    out.summary = "The account of this service, " + name + ", " +
                  (state ? state->what : std::string("is disabled, locked or expired")) + ".";
    out.fix = {state ? state->fix : "Enable-ADAccount " + identity_value(facts.front) + at};
  } else if (facts.refusal.error == Code::KDC_ERR_WRONG_REALM) {
    out.code = DiagnosisCode::spn_unknown;
    out.summary =
        "The identity of this service, " + name + ", has its realm in the wrong case: " + facts.refusal.what + ".";
  } else {
    out.code = DiagnosisCode::keytab_kvno_old;
    out.summary = "The keytab's key for " + name +
                  " is not the account's: its password was changed after the keytab was written. Write a new keytab.";
    out.fix = new_keytab_commands({.file = "service.keytab", .principal = name, .account = facts.front});
  }
  return out;
}

Finding user_account(const DiagnosisFacts& facts) {
  Finding out;
  out.code = DiagnosisCode::user_account_refused;
  const auto account = identity_value(facts.user_account_name());
  const auto at = server_option(facts.user_realm());
  if (facts.refusal.error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) {
    out.summary =
        "No domain that was asked knows the user " + facts.about.user + ". Check the spelling and the suffix.";
    out.fix = {"Get-ADUser -Filter \"UserPrincipalName -eq '" + facts.about.user + "'\""};
    return out;
  }
  const auto status = facts.refusal.status.value_or(NtStatus::STATUS_SUCCESS);
  if (facts.refusal.error == Code::KDC_ERR_PREAUTH_FAILED) {
    out.summary = "The password of " + facts.about.user + " is wrong.";
    return out;
  }
  const auto state = state_of(facts.refusal, facts.user_account_name(), at);
  if (status == NtStatus::STATUS_PASSWORD_EXPIRED || status == NtStatus::STATUS_PASSWORD_MUST_CHANGE ||
      facts.refusal.error == Code::KDC_ERR_KEY_EXPIRED) {
    out.summary = "The password of " + facts.about.user + " has expired and must be changed.";
    out.fix = {password_warning("Set-ADAccountPassword", account), "Set-ADAccountPassword " + account + " -Reset" + at};
  } else if (state) {
    out.summary = "The account of " + facts.about.user + " " + state->what + ".";
    out.fix = {state->fix};
  } else {
    out.summary =
        "The domain refuses the account of " + facts.about.user + ": it is disabled, locked, expired or restricted.";
    out.fix = {"Enable-ADAccount " + account + at};
  }
  return out;
}

Finding unknown_service(const DiagnosisFacts& facts) {
  Finding out;
  out.code = DiagnosisCode::spn_unknown;
  // S4U2Self begins in the user's realm: where that is another, it looked for the way back to ours.
  const bool no_way_back =
      facts.refusal.stage == Stage::s4u2self && !equal_ignoring_case(facts.refusal.realm, facts.about.front_end.realm);
  if (facts.refusal.stage == Stage::user_tgt || no_way_back) {
    out.code = DiagnosisCode::foreign_user_needs_trust;
    out.summary = controller_of(facts.refusal) + " finds no path of trusts between the realm of " + facts.about.user +
                  " and " + facts.about.front_end.realm + ", which must trust each other.";
    out.fix = {"netdom trust " + facts.about.front_end.realm + " /domain:" + facts.user_realm() + " /verify"};
    return out;
  }
  if (facts.refusal.stage == Stage::s4u2self || facts.refusal.stage == Stage::password) {
    out.summary =
        controller_of(facts.refusal) + " does not know this service, " + to_string(facts.about.front_end) + ".";
    out.fix = {"setspn -S " + to_string(facts.about.front_end.name) + " " + identity_value(facts.front)};
    return out;
  }
  if (!facts.refusal.what.empty()) {
    out.summary = facts.about.service + " is not where it was asked for: " + facts.refusal.what + ".";
  } else if (facts.refusal.error == Code::KDC_ERR_MUST_USE_USER2USER) {
    out.summary = "The account that " + facts.about.service + " names has no SPN.";
  } else {
    out.summary = controller_of(facts.refusal) + " knows no account with the SPN " + facts.about.service +
                  ", or more than one, nor a trusted domain to ask for it.";
  }
  out.fix = {"setspn -Q " + facts.about.service,
             "setspn -S " + facts.about.service + " " + identity_value(facts.target), "setspn -X"};
  return out;
}

Finding service_account(const DiagnosisFacts& facts) {
  Finding out;
  out.code = DiagnosisCode::spn_unknown;
  const bool ours =
      facts.about.service.empty() || facts.refusal.stage == Stage::s4u2self || facts.refusal.stage == Stage::password;
  out.summary = controller_of(facts.refusal) + " says that the account with the SPN " +
                (ours ? to_string(facts.about.front_end.name) : facts.about.service) + " is disabled or expired.";
  out.fix = {"Enable-ADAccount " + identity_value(ours ? facts.front : facts.target) +
             server_option(facts.refusal.realm)};
  return out;
}

std::optional<Finding> certificate_owner(const DiagnosisFacts& facts) {
  const Refusal& refusal = facts.refusal;
  if (refusal.stage != Stage::user_realm && refusal.stage != Stage::s4u2self) return std::nullopt;
  const std::string mappings = "Get-ADUser -LDAPFilter '(altSecurityIdentities=*)' -Properties altSecurityIdentities" +
                               server_option(refusal.realm);
  Finding out;
  out.code = DiagnosisCode::user_account_refused;
  if (facts.about.by_certificate && refusal.error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE) {
    out.summary = "The certificate is mapped to more than one account of " + refusal.realm +
                  ": name the one that is meant, or remove the mapping from the others.";
    out.fix = {mappings};
    return out;
  }
  if (refusal.error == kClientNameMismatch) {
    out.summary = controller_of(refusal) + " finds that the certificate is not that of " + facts.about.user + ".";
    out.fix = {"Get-ADUser " + identity_value(facts.user_account_name()) + " -Properties altSecurityIdentities" +
               server_option(refusal.realm)};
    return out;
  }
  if (refusal.error == kCertificateMismatch) {
    out.summary = controller_of(refusal) +
                  " finds in the certificate the SID of another account than the one that it is mapped to.";
    out.fix = {mappings};
    return out;
  }
  return std::nullopt;
}

}  // namespace stead
