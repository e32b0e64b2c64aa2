#include "proxy/doctor/checks/service.h"

#include <string>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"
#include "sspi_shim/s4u/diagnosis/new_keytab.h"

namespace stead::doctor {
namespace {

using enum CheckId;

using Code = KrbErrc;

// Other realms have the SPN too: which account gets the ticket depends on who is asked.
void judge_unique(const ServiceFacts& service, Checks& out) {
  const std::string bare = service.spn.substr(0, service.spn.find('@'));
  std::string others;
  std::vector<std::string> fix{"setspn -Q " + bare};
  for (const auto& other : service.elsewhere) {
    if (!other.has_spn) continue;
    others += (others.empty() ? "" : ", ") + other.realm;
    fix.push_back("setspn -D " + bare + " " + account_guess(bare) + " -Server " + other.realm);
  }
  if (others.empty()) {
    out.push_back(
        ok(S2, service.spn,
           service.elsewhere.empty() ? "its domain has one account for it" : "no other domain that is known has it"));
    return;
  }
  out.push_back(fault(S2, service.spn,
                      "Accounts of two domains have this SPN: one of " + service.realm + ", and one of " + others +
                          ". Leave it on the one that runs the service.",
                      "the KDCs of " + service.realm + " and of " + others + " each issue a ticket to " + bare, fix));
}

// No controller of ours knows the SPN: because no trust leads to its domain, or because names of that domain are not
// routed there? False: neither.
bool judge_trust_to(const ServiceFacts& service, const AccountFacts& account, Checks& out) {
  const std::string& ours = account.principal.realm;
  const std::string proof = last_step_text(service.question.steps);
  const std::string host = to_lower(service.spn.substr(service.spn.find('/') + 1));
  for (const auto& other : service.elsewhere) {
    if (other.has_spn) {
      out.push_back(fault(D7, service.spn,
                          "An account of " + other.realm +
                              " has the SPN and the trust is there, but the controllers of " + ours +
                              " do not refer to it: the trust does not route this name (its suffix is not among "
                              "the trust's name suffixes, or is switched off).",
                          proof + "; the KDC of " + other.realm + " issues a ticket to it",
                          {"netdom trust " + ours + " /domain:" + other.realm + " /namesuffixes:" + other.realm,
                           "netdom trust " + ours + " /domain:" + other.realm + " /togglesuffix:NUMBER"}));
      return true;
    }
    if (!other.reached && host.ends_with('.' + to_lower(other.realm))) {
      out.push_back(
          fault(D7, service.spn,
                "No trust leads from " + ours + " to " + other.realm +
                    ", where the back end's name belongs: there is none, it is one-way in the other direction, "
                    "or it is not transitive.",
                proof + "; no referral to krbtgt/" + other.realm,
                {"nltest /domain_trusts", "netdom trust " + ours + " /domain:" + other.realm + " /verify"}));
      return true;
    }
  }
  return false;
}

void judge_one(const ServiceFacts& service, bool allow_rc4, const AccountFacts& account, Checks& out) {
  const auto& question = service.question;
  const std::string holder = account_guess(service.spn);
  if (question.granted()) {
    const std::string proof = last_step_text(question.steps) + "; its realm is " + service.realm;
    out.push_back(ok(S1, service.spn, proof));
    judge_unique(service, out);
    const std::string sealed = "its ticket is encrypted with " + enctype_name(service.etype);
    if (is_weak(service.etype) && !allow_rc4) {
      const std::string cmdlet = holder.ends_with('$') ? "Set-ADComputer " : "Set-ADUser ";
      out.push_back(fault(S5, service.spn,
                          "The back end's account has no AES keys: its tickets are encrypted with " +
                              enctype_name(service.etype) + ", which controllers refuse by default since 2026.",
                          sealed,
                          {cmdlet + holder + " -KerberosEncryptionType AES128,AES256 -Server " + service.realm}));
    } else {
      out.push_back(ok(S5, service.spn, sealed));
    }
    return;
  }
  const auto& refusal = *question.refusal;
  const Diagnosis diagnosis = diagnosis_of(question, account, service.spn);
  CheckId id = D7;
  if (refusal.kind == FailureKind::unreachable)
    id = N2;
  else if (refusal.error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE)
    id = S2;
  else if (refusal.error == Code::KDC_ERR_S_PRINCIPAL_UNKNOWN || refusal.error == Code::KDC_ERR_MUST_USE_USER2USER ||
           refusal.error == Code::KDC_ERR_SERVICE_REVOKED || refusal.error == Code::KDC_ERR_SERVICE_EXP)
    id = S1;
  else if (refusal.error == Code::KDC_ERR_ETYPE_NOSUPP || refusal.error == Code::KDC_ERR_NULL_KEY)
    id = S5;
  else if (refusal.error == Code::KRB_AP_ERR_SKEW || refusal.error == Code::KRB_AP_ERR_TKT_NYV ||
           refusal.error == Code::KRB_AP_ERR_TKT_EXPIRED)
    id = N3;
  if (id == S1 && judge_trust_to(service, account, out))
    id = D7;
  else
    out.push_back(fault(id, service.spn, diagnosis.summary, last_step_text(question.steps), diagnosis.fix));
  out.back().realm = refusal.realm;
  for (const CheckId other : {S1, S2, S5}) {
    if (id != other) out.push_back(skipped_by(id, other, service.spn));
  }
}

}  // namespace

Checks judge_services(const std::vector<ServiceFacts>& services, const AccountFacts& account, BrokenCheck broken) {
  Checks out;
  for (const ServiceFacts& service : services) {
    if (!broken) {
      judge_one(service, account.allow_rc4, account, out);
    } else {
      for (const CheckId id : {S1, S2, S5}) out.push_back(skipped_by(*broken, id, service.spn));
    }
  }
  return out;
}

}  // namespace stead::doctor
