#include "proxy/doctor/checks/delegation.h"

#include <algorithm>
#include <map>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::doctor {
namespace {

using enum CheckId;

std::string realm_of(const std::string& service) {
  const auto at = service.rfind('@');
  return at == std::string::npos ? "" : service.substr(at + 1);
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
  if (capable || !needed)
    return ok(D5, realm.realm, seen + (capable ? "" : "; delegation by the front end's list needs no newer one"));
  if (unknown)
    return unjudged(D5, realm.realm,
                    "the levels of its controllers are not known (" + seen + "); the client tries them");
  return fault(D5, realm.realm,
               "The way to a back end in another domain goes through " + realm.realm +
                   ", where no controller of Windows Server 2012 or later answers. Older ones refuse the request.",
               seen, {"nltest /dsgetdc:" + realm.realm + " /ds_8", "stead locate " + realm.realm + " --level 2012"});
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

}  // namespace

CheckId check_of(const Failure& failure) {
  if (failure.kind == FailureKind::unreachable) return N2;
  if (!failure.trace.diagnosis) return D7;
  static const std::map<std::string_view, CheckId> by_code = {{"service_not_trusted_for_transition", D1},
                                                              {"spn_not_in_kcd_list", D2},
                                                              {"rbcd_denied_on_target", D3},
                                                              {"rbcd_not_supported_by_dc", D5},
                                                              {"no_2012_dc_found", D5},
                                                              {"cross_realm_needs_rbcd", D5},
                                                              {"user_is_sensitive", U3},
                                                              {"evidence_not_forwardable_config", D8},
                                                              {"foreign_user_needs_trust", D6},
                                                              {"selective_authentication", D7},
                                                              {"spn_unknown", S1},
                                                              {"spn_duplicate", S2},
                                                              {"clock_skew", N3},
                                                              {"tgt_expired", N3},
                                                              {"etype_mismatch", S5},
                                                              {"keytab_kvno_old", A2},
                                                              {"dc_unreachable", N2},
                                                              {"pac_rejected", D7},
                                                              {"user_account_refused", U2}};
  const auto found = by_code.find(failure.trace.diagnosis->code);
  return found == by_code.end() ? D7 : found->second;
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
  std::vector<CheckId> broken{check_of(failure)};
  // In one domain either permission is enough; the diagnosis has a command for each.
  if (broken.front() == D3 && diagnosis.fix.size() > 1) {
    out.push_back(
        fault(D2, service,
              "The front end's list does not have exactly this SPN, and the back end's account does not name the front "
              "end: one of the two is needed.",
              proof, {diagnosis.fix[1]}));
    broken.push_back(D2);
    out.push_back(fault(D3, service, diagnosis.summary, proof, {diagnosis.fix[0]}));
  } else if (broken.front() == U3) {  // judge_user reports U3 if the PAC of the user's ticket says so
    if (!user.sensitive) out.push_back(fault(U3, user.principal, diagnosis.summary, proof, diagnosis.fix));
  } else {
    out.push_back(fault(broken.front(), service, diagnosis.summary, proof,
                        diagnosis.fix.empty() ? std::vector<std::string>{"stead s4u --trace"} : diagnosis.fix));
  }
  for (const CheckId id : {D6, D7, D8, D1, D2, D3, D4}) {
    if (std::find(broken.begin(), broken.end(), id) != broken.end()) continue;
    if ((id == D8 || id == D1) && user.forwardable)
      out.push_back(ok(id, service, "the ticket from S4U2Self is forwardable"));
    else
      out.push_back(skipped_by(broken.front(), id, service));
  }
  return out;
}

}  // namespace stead::doctor
