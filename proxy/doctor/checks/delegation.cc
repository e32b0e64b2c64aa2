#include "proxy/doctor/checks/delegation.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"

namespace stead::doctor {
namespace {

using enum CheckId;

std::string realm_of(const std::string& service) {
  const auto at = service.rfind('@');
  return at == std::string::npos ? "" : service.substr(at + 1);
}

CheckId check_of(DiagnosisCode code) {
  switch (code) {
    case DiagnosisCode::service_not_trusted_for_transition:
      return D1;
    case DiagnosisCode::spn_not_in_kcd_list:
      return D2;
    case DiagnosisCode::rbcd_denied_on_target:
      return D3;
    case DiagnosisCode::rbcd_not_supported_by_dc:
    case DiagnosisCode::no_2012_dc_found:
    case DiagnosisCode::cross_realm_needs_rbcd:
      return D5;
    case DiagnosisCode::foreign_user_needs_trust:
      return D6;
    case DiagnosisCode::evidence_not_forwardable_config:
      return D8;
    case DiagnosisCode::user_is_sensitive:
      return U3;
    case DiagnosisCode::user_account_refused:
      return U2;
    case DiagnosisCode::spn_unknown:
      return S1;
    case DiagnosisCode::spn_duplicate:
      return S2;
    case DiagnosisCode::etype_mismatch:
      return S5;
    case DiagnosisCode::keytab_kvno_old:
      return A2;
    case DiagnosisCode::clock_skew:
    case DiagnosisCode::tgt_expired:
      return N3;
    case DiagnosisCode::dc_unreachable:
      return N2;
    case DiagnosisCode::selective_authentication:
    case DiagnosisCode::pac_rejected:
      break;
  }
  return D7;
}

Check judge_realm_level(const RealmFacts& realm, bool needed) {
  std::string seen;
  bool capable = false, unknown = false;
  for (const ControllerFacts& dc : realm.controllers) {
    seen += (seen.empty() ? "" : ", ") + controller_text(dc.where) + " level " + std::string(to_string(dc.level));
    capable = capable || dc.level >= DcLevel::w2012;
    unknown = unknown || (dc.level == DcLevel::unknown && dc.answers());
  }
  if (seen.empty()) seen = "no controller is known";
  if (!realm.kdc_proxy.empty() && needed)
    return unjudged(D5, realm.realm, "its controllers are asked through " + realm.kdc_proxy);
  if (capable || !needed)
    return ok(D5, realm.realm, seen + (capable ? "" : "; delegation by the front end's list needs no newer one"));
  if (unknown)
    return unjudged(D5, realm.realm,
                    "the levels of its controllers are not known (" + seen + "); the client tries them");
  Check out =
      fault(D5, realm.realm,
            "The way to a back end in another domain goes through " + realm.realm +
                ", where no controller of Windows Server 2012 or later answers. Older ones refuse the request.",
            seen, {"nltest /dsgetdc:" + realm.realm + " /ds_8", "stead locate " + realm.realm + " --level 2012"});
  out.realm = realm.realm;
  return out;
}

// Which of the two permissions allowed it, as far as it can be seen.
void judge_granted(const UserFacts& user, const DelegationFacts& delegation, const AccountFacts& account, Checks& out) {
  const std::string& service = delegation.granted_service;
  const std::string proof = last_step_text(delegation.steps);
  const bool other_realm = !equal_ignoring_case(realm_of(service), account.principal.realm);
  const std::string level = delegation.steps.empty() ? "" : delegation.steps.back().level;
  const bool old_dc = level == to_string(DcLevel::w2003) || level == to_string(DcLevel::w2008);
  const bool by_target = other_realm || !user.forwardable;
  if (by_target) {
    out.push_back(
        skipped(D2, service,
                other_realm ? "a list does not reach other domains" : "it is not what allows this delegation: see D3"));
    out.push_back(ok(D3, service, proof));
  } else if (old_dc) {
    out.push_back(ok(D2, service, proof));
    out.push_back(skipped(D3, service, "a controller before 2012 knows only the front end's list"));
  } else {
    out.push_back(unjudged(D2, service, "D2 or D3 allows it; the controller does not say which"));
    out.push_back(unjudged(D3, service, "D2 or D3 allows it; the controller does not say which"));
  }
  out.push_back(ok(D4, service,
                   std::string(by_target ? "resource-based, by the back end's account"
                               : old_dc  ? "the front end's list"
                                         : "the front end's list or the back end's account") +
                       "; " + proof));
  out.push_back(ok(D6, service, proof));
  out.push_back(ok(D7, service, proof));
  out.push_back(
      ok(D8, service, user.forwardable ? "it is" : "it is not, and resource-based delegation does not need that"));
  out.push_back(user.forwardable ? ok(D1, service, "the ticket from S4U2Self is forwardable")
                                 : skipped(D1, service, "resource-based delegation does not need it"));
}

// The fault of a refusal, with the first of the ways to mend it.
Check fault_of(CheckId id, const DelegationFacts& delegation, const Diagnosis& diagnosis) {
  const std::vector<TraceStep>& steps = delegation.steps;
  const std::string& service = delegation.service;
  std::vector<std::string> fix = diagnosis.fix;
  const bool has_ways = id == D1 || id == D2 || id == D3;
  if (has_ways && fix.size() > 1) fix.resize(1);
  if (fix.empty()) fix.emplace_back("stead s4u --trace --for USER --service " + service);
  Check out = fault(id, service, diagnosis.summary, last_step_text(steps), std::move(fix));
  if (!steps.empty()) out.realm = steps.back().realm;
  return out;
}

}  // namespace

CheckId check_of(const Failure& failure) {
  if (failure.kind == FailureKind::unreachable) return N2;
  const auto* const known = failure.trace.diagnosis ? find_diagnosis_code(failure.trace.diagnosis->code) : nullptr;
  return known == nullptr ? D7 : check_of(known->code);
}

Checks judge_levels(const Principal& self, const std::vector<RealmFacts>& realms,
                    const std::vector<ServiceFacts>& services) {
  Checks out;
  for (const RealmFacts& realm : realms) {
    const bool passed = std::any_of(services.begin(), services.end(), [&](const ServiceFacts& service) {
      return service.question.granted() && service.way.size() > 1 &&
             std::any_of(service.way.begin(), service.way.end(),
                         [&](const auto& name) { return equal_ignoring_case(name, realm.realm); });
    });
    if (passed || equal_ignoring_case(realm.realm, self.realm)) out.push_back(judge_realm_level(realm, passed));
  }
  return out;
}

Checks judge_delegation(const UserFacts& user, const DelegationFacts& delegation, const AccountFacts& account) {
  Checks out;
  if (!delegation.failure) {
    judge_granted(user, delegation, account, out);
    return out;
  }
  const Failure& failure = *delegation.failure;
  const Diagnosis diagnosis = failure.trace.diagnosis.value_or(Diagnosis{"", failure.text, {"stead s4u --trace"}});
  const std::string& service = delegation.service;
  const std::string proof = last_step_text(delegation.steps);
  const CheckId broken = check_of(failure);
  if (broken == U3) {  // judge_user reports U3 if the PAC of the user's ticket says so
    if (!user.sensitive) out.push_back(fault(U3, user.principal, diagnosis.summary, proof, diagnosis.fix));
  } else {
    out.push_back(fault_of(broken, delegation, diagnosis));
  }
  for (const CheckId id : {D6, D7, D8, D1, D2, D3, D4}) {
    if (id == broken) continue;
    if ((id == D8 || id == D1) && user.forwardable)
      out.push_back(ok(id, service, "the ticket from S4U2Self is forwardable"));
    else
      out.push_back(skipped_by(broken, id, service));
  }
  return out;
}

}  // namespace stead::doctor
