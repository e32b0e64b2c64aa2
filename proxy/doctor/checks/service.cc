#include "proxy/doctor/checks/service.h"

#include <string>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"
#include "sspi_shim/s4u/diagnosis/new_keytab.h"

namespace stead::doctor {
namespace {

using enum CheckId;

using Code = KrbErrc;

void judge_one(const ServiceFacts& service, bool allow_rc4, const AccountFacts& account, Checks& out) {
  const auto& question = service.question;
  const std::string holder = account_guess(service.spn);
  if (question.granted()) {
    const std::string proof = last_step_text(question.steps) + "; its realm is " + service.realm;
    out.push_back(ok(S1, service.spn, proof));
    out.push_back(
        ok(S2, service.spn, "its domain has one account for it; `setspn -X` looks for duplicates in other domains"));
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
