#include <algorithm>

#include "proxy/doctor/checks.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::doctor {
namespace {

std::string realm_of(const std::string& service) {
  const auto at = service.rfind('@');
  return at == std::string::npos ? "" : service.substr(at + 1);
}

Check judge_realm_level(const RealmFacts& realm, bool needed) {
  std::string seen;
  bool capable = false, unknown = false;
  for (const ControllerFacts& dc : realm.controllers) {
    seen += (seen.empty() ? "" : ", ") + where_text(dc.where) + " level " + std::string(to_string(dc.level));
    capable = capable || dc.level >= DcLevel::w2012;
    unknown = unknown || (dc.level == DcLevel::unknown && dc.answers());
  }
  if (seen.empty()) seen = "no controller is known";
  if (capable || !needed)
    return ok("D5", realm.realm, seen + (capable ? "" : "; delegation by the front end's list needs no newer one"));
  if (unknown)
    return unjudged("D5", realm.realm, "its controllers tell no level (" + seen + "); they are asked all the same");
  return fault("D5", realm.realm,
               "The way to a back end in another domain goes through " + realm.realm +
                   ", and no controller there that is Windows Server 2012 or later answers: older ones refuse it.",
               seen, {"nltest /dsgetdc:" + realm.realm + " /ds_8", "stead locate " + realm.realm + " --level 2012"});
}

// Which of the two allowed it, as far as can be told.
void judge_granted(const UserFacts& user, const DelegationFacts& delegation, const AccountFacts& account, Checks& out) {
  const std::string& service = delegation.granted_service;
  const std::string proof = last_of(delegation.steps);
  const bool abroad = !equal_ignoring_case(realm_of(service), account.principal.realm);
  const std::string level = delegation.steps.empty() ? "" : delegation.steps.back().level;
  const bool old_dc = level == "2003" || level == "2008";
  const bool by_target = abroad || !user.forwardable;
  if (by_target) {
    out.push_back(skipped("D2", service,
                          abroad ? "a list reaches no other domain" : "it is not what allows this delegation: see D3"));
    out.push_back(ok("D3", service, proof));
  } else if (old_dc) {
    out.push_back(ok("D2", service, proof));
    out.push_back(skipped("D3", service, "a controller before 2012 knows the front end's list alone"));
  } else {
    out.push_back(unjudged("D2", service, "D2 or D3 allows it: the controller does not say which"));
    out.push_back(unjudged("D3", service, "D2 or D3 allows it: the controller does not say which"));
  }
  out.push_back(ok("D4", service,
                   std::string(by_target ? "resource-based, by the back end's account"
                               : old_dc  ? "the front end's list"
                                         : "the front end's list or the back end's account") +
                       "; " + proof));
  out.push_back(ok("D6", service, proof));
  out.push_back(ok("D7", service, proof));
  out.push_back(
      ok("D8", service, user.forwardable ? "it is" : "it is not, and resource-based delegation takes it all the same"));
  out.push_back(user.forwardable ? ok("D1", service, "a ticket by S4U2Self is forwardable")
                                 : skipped("D1", service, "resource-based delegation does not need it"));
}

}  // namespace

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
  const std::string proof = last_of(delegation.steps);
  std::vector<std::string> broken{check_of(failure)};
  // In one domain either would do; the diagnosis has a command for both.
  if (broken.front() == "D3" && diagnosis.fix.size() > 1) {
    out.push_back(fault("D2", service,
                        "The front end's list does not have the SPN to the letter, and the back end's account does not "
                        "name the front end: one of the two is needed.",
                        proof, {diagnosis.fix[1]}));
    broken.push_back("D2");
    out.push_back(fault("D3", service, diagnosis.summary, proof, {diagnosis.fix[0]}));
  } else if (broken.front() == "U3") {  // U3 is told by the user's own ticket, where its PAC says it
    if (!user.sensitive) out.push_back(fault("U3", user.principal, diagnosis.summary, proof, diagnosis.fix));
  } else {
    out.push_back(fault(broken.front(), service, diagnosis.summary, proof,
                        diagnosis.fix.empty() ? std::vector<std::string>{"stead s4u --trace"} : diagnosis.fix));
  }
  for (const char* id : {"D6", "D7", "D8", "D1", "D2", "D3", "D4"}) {
    if (std::find(broken.begin(), broken.end(), id) != broken.end()) continue;
    if (std::string_view(id) == "D8" && user.forwardable)
      out.push_back(ok("D8", service, "a ticket by S4U2Self is forwardable"));
    else if (std::string_view(id) == "D1" && user.forwardable)
      out.push_back(ok("D1", service, "a ticket by S4U2Self is forwardable"));
    else
      out.push_back(skipped(id, service, broken.front() + " is broken"));
  }
  return out;
}

}  // namespace stead::doctor
