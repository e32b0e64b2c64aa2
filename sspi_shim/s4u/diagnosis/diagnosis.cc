#include "sspi_shim/s4u/diagnosis/diagnosis.h"

#include <cstdint>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/s4u/diagnosis/account_diagnosis.h"
#include "sspi_shim/s4u/diagnosis/delegation_diagnosis.h"

namespace stead {
namespace {

using Code = KrbErrc;

std::string in_brackets(const std::string& text) {
  return text.empty() ? text : " (" + text + ")";
}

std::string after_colon(const std::string& text) {
  return text.empty() ? text : ": " + text;
}

std::string name_of(const Error& error) {
  return error.category() == krb_category() ? krb_error_name(error.value()) : error.message();
}

Finding unreachable_realm(const DiagnosisFacts& facts) {
  const std::string& realm = facts.refusal.realm;
  std::string what = facts.refusal.what.empty() ? "no domain controller of " + realm + " answered" : facts.refusal.what;
  what.replace(0, 1, to_upper(what.substr(0, 1)));
  const bool is_busy = facts.refusal.stage == Stage::password && !facts.refusal.what.empty();
  if (is_busy) return {DiagnosisCode::dc_unreachable, what + ". Try again in a moment.", {}};
  return {DiagnosisCode::dc_unreachable,
          what + ". Look at the network, at DNS or the [locator] table, and at the controllers.",
          {"nltest /dsgetdc:" + realm, "stead locate " + realm}};
}

Finding clocks_differ(const DiagnosisFacts& facts) {
  return {DiagnosisCode::clock_skew,
          "The clocks of this computer and of " + controller_of(facts.refusal) + " differ too much.",
          {"w32tm /resync", "chronyc makestep"}};
}

Finding no_common_etype(const DiagnosisFacts& facts) {
  const Refusal& refusal = facts.refusal;
  const bool of_front_end = facts.about.service.empty() || refusal.stage == Stage::own_tgt;
  const std::string& account = of_front_end ? facts.front : facts.target;
  return {DiagnosisCode::etype_mismatch,
          "No encryption type in common with " + controller_of(refusal) + after_colon(refusal.what) +
              ". Enable AES on the account and set its password again.",
          {cmdlet_for(account) + " " + identity_value(account) + " -KerberosEncryptionType AES128,AES256" +
           server_option(refusal.realm)}};
}

Finding duplicate_spn(const DiagnosisFacts& facts) {
  return {DiagnosisCode::spn_duplicate,
          "More than one account of " + facts.refusal.realm + " has the SPN " + facts.about.service + ".",
          {"setspn -X", "setspn -D " + facts.about.service + " ACCOUNT"}};
}

Finding expired_ticket(const DiagnosisFacts& facts) {
  return {DiagnosisCode::tgt_expired,
          "A ticket on the path has expired for " + controller_of(facts.refusal) +
              ". Try again; if it stays so, compare the clocks.",
          {"w32tm /stripchart /computer:" + facts.refusal.by.where.name}};
}

Finding unsupported_request(const DiagnosisFacts& facts) {
  const Refusal& refusal = facts.refusal;
  if (refusal.stage == Stage::s4u2self && refusal.kind == FailureKind::unusable) {
    return {DiagnosisCode::user_account_refused,
            facts.about.user +
                " is this service itself, and not a user to act for. Requests in its own name need no delegation.",
            {}};
  }
  return {DiagnosisCode::rbcd_not_supported_by_dc,
          controller_of(refusal) + " does not support the request" + after_colon(refusal.what) + ".",
          {"nltest /dsgetdc:" + refusal.realm + " /ds_8"}};
}

Finding not_the_front_end(const DiagnosisFacts& facts) {
  return {DiagnosisCode::spn_unknown,
          controller_of(facts.refusal) + " finds that " + to_string(facts.about.front_end) +
              " is not the account that asks: the SPN belongs to another account.",
          {"setspn -Q " + to_string(facts.about.front_end.name)}};
}

Finding invalid_ticket(const DiagnosisFacts& facts) {
  const Refusal& refusal = facts.refusal;
  return {DiagnosisCode::pac_rejected,
          controller_of(refusal) + " answers " + name_of(refusal.error) + in_brackets(refusal.what) +
              ": it does not accept a ticket or its content.",
          {"netdom trust " + facts.about.front_end.realm + " /domain:" + refusal.realm + " /verify"}};
}

bool is_about_account(const Error& error) {
  return error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN || error == Code::KDC_ERR_CLIENT_REVOKED ||
         error == Code::KDC_ERR_KEY_EXPIRED || error == Code::KDC_ERR_NAME_EXP ||
         error == Code::KDC_ERR_PREAUTH_FAILED || error == Code::KDC_ERR_CLIENT_NOTYET;
}

// Errors that are neither about an account nor about a permission.
Finding other(const DiagnosisFacts& facts) {
  const Refusal& refusal = facts.refusal;
  const auto& error = refusal.error;
  if (error == Code::KRB_AP_ERR_SKEW || error == Code::KRB_AP_ERR_TKT_NYV ||
      refusal.status == NtStatus::STATUS_TIME_DIFFERENCE_AT_DC)
    return clocks_differ(facts);
  if (error == Code::KDC_ERR_ETYPE_NOSUPP || error == Code::KDC_ERR_NULL_KEY ||
      refusal.status == NtStatus::STATUS_KDC_UNKNOWN_ETYPE)
    return no_common_etype(facts);
  if (auto found = certificate_owner(facts)) return std::move(*found);
  if (error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE) return duplicate_spn(facts);
  if (error == Code::KRB_AP_ERR_TKT_EXPIRED || error == Code::KDC_ERR_NEVER_VALID) return expired_ticket(facts);
  if (error == Code::KDC_ERR_PADATA_TYPE_NOSUPP) return unsupported_request(facts);
  if (error == Code::KRB_AP_ERR_BADMATCH || error == Code::KRB_AP_ERR_BADKEYVER ||
      error == Code::KDC_ERR_SERVER_NOMATCH)
    return not_the_front_end(facts);
  return invalid_ticket(facts);
}

// KDC_ERR_BADOPTION: the NTSTATUS says which option.
Finding bad_option(const DiagnosisFacts& facts) {
  const Refusal& refusal = facts.refusal;
  if (refusal.status == NtStatus::STATUS_ACCOUNT_RESTRICTION) return account_restriction(facts);
  if (refusal.status == NtStatus::STATUS_NO_MATCH) return not_listed(facts);
  if (refusal.status == NtStatus::STATUS_NOT_SUPPORTED) {
    Finding out = not_allowed(facts);
    out.code = DiagnosisCode::rbcd_not_supported_by_dc;
    return out;
  }
  // Without a status: evidence that is not forwardable explains it, else nothing permits the delegation.
  if (!refusal.status && facts.about.have_evidence && !facts.about.forwardable) return account_restriction(facts);
  return refusal.stage == Stage::s4u2self ? other(facts) : not_allowed(facts);
}

}  // namespace

Finding find_cause(const Refusal& refusal, const Circumstances& circumstances) {
  const DiagnosisFacts facts(refusal, circumstances);
  const auto& error = refusal.error;
  if (refusal.kind == FailureKind::unreachable || error == Code::KDC_ERR_SVC_UNAVAILABLE)
    return unreachable_realm(facts);
  if (refusal.no_capable_dc) return no_capable_dc(facts);
  if (refusal.stage == Stage::own_tgt && error == Code::KDC_ERR_WRONG_REALM) return own_account(facts);
  // The evidence is sealed with a key that the keytab lacks.
  if (refusal.kind == FailureKind::rejected && error == Code::KRB_AP_ERR_BADKEYVER) return own_account(facts);
  if (is_about_account(error)) return refusal.stage == Stage::own_tgt ? own_account(facts) : user_account(facts);
  if (error == Code::KDC_ERR_S_PRINCIPAL_UNKNOWN || error == Code::KDC_ERR_MUST_USE_USER2USER)
    return unknown_service(facts);
  if (error == Code::KDC_ERR_SERVICE_REVOKED || error == Code::KDC_ERR_SERVICE_EXP) return service_account(facts);
  if (error == Code::KDC_ERR_BADOPTION) return bad_option(facts);
  if (error == Code::KDC_ERR_POLICY) return policy(facts);
  return other(facts);
}

Diagnosis to_diagnosis(Finding finding) {
  return {std::string(to_string(finding.code)), std::move(finding.summary), std::move(finding.fix)};
}

std::string one_line(const Refusal& refusal, const Circumstances& circumstances) {
  std::string out;
  if (refusal.kind == FailureKind::unreachable) {
    out = refusal.what.empty() ? "no KDC of " + refusal.realm + " answered" : refusal.what;
    out += " (" + refusal.error.message() + ")";
  } else {
    out = name_of(refusal.error);
    if (refusal.status) out += " (" + nt_status_name(static_cast<std::uint32_t>(*refusal.status)) + ")";
    out += refusal.by.where.name.empty() && refusal.by.where.address.empty() ? " in " + refusal.realm
                                                                             : " from " + controller_of(refusal);
    if (!refusal.what.empty()) out += ": " + refusal.what;
  }
  if (!circumstances.service.empty() && refusal.stage != Stage::own_tgt)
    return circumstances.service + " for " + circumstances.user + ": " + out;
  if (!circumstances.user.empty() && refusal.stage != Stage::own_tgt) return circumstances.user + ": " + out;
  return to_string(circumstances.front_end) + ": " + out;
}

}  // namespace stead
