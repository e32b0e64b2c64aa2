#include "kdc/exchange/delegation_policy.h"

#include <optional>

namespace stead::kdc {
namespace {

using Kind = DelegationAnswer::Kind;

DelegationAnswer refused(KrbErrc code, std::optional<NtStatus> status, const char* why) {
  return {Kind::refused, code, status, why};
}
DelegationAnswer restricted(const char* why) {
  return refused(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_ACCOUNT_RESTRICTION, why);
}
DelegationAnswer cannot_leave() {
  return refused(KrbErrc::KDC_ERR_POLICY, NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE,
                 "delegation by the list does not leave the domain");
}

DelegationAnswer before_2012(const DelegationQuestion& q) {
  if (q.target == TargetPlace::another_domain && q.list != DelegationList::unset) return cannot_leave();
  if (q.target == TargetPlace::this_domain && q.list == DelegationList::lists_target)
    return {.kind = Kind::service_ticket};
  return refused(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND,
                 "the front end's list does not allow the target");
}

// A client that does not know RBCD is served as if it did not exist (MS-SFU §3.2.5.2.1).
DelegationAnswer by_list_alone(const DelegationQuestion& q) {
  if (q.evidence == Evidence::transition_only)
    return restricted("the front end is not trusted for protocol transition");
  switch (q.list) {
    case DelegationList::unset:
      return refused(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_SUPPORTED,
                     "RBCD was not asked for and the front end has no list");
    case DelegationList::lists_others:
      return refused(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NO_MATCH,
                     "RBCD was not asked for and the target is not in the list");
    case DelegationList::lists_target:
      break;
  }
  if (q.target == TargetPlace::another_domain) return cannot_leave();
  return {.kind = Kind::service_ticket};
}

}  // namespace

Evidence judge_evidence(const EvidenceFacts& facts, DelegationLevel level, EvidencePolicy policy) {
  if (facts.forwardable) return Evidence::delegable;
  if (level == DelegationLevel::before_2012 || policy == EvidencePolicy::forwardable_only) return Evidence::restricted;
  if (facts.user_not_delegated || facts.protected_user || facts.authenticated_by_itself) return Evidence::restricted;
  return Evidence::transition_only;
}

DelegationAnswer decide_delegation(const DelegationQuestion& q) {
  if (q.evidence == Evidence::restricted) return restricted("the evidence may not be delegated");
  const bool since_2012 = q.level == DelegationLevel::since_2012;
  if (since_2012 && !q.rbcd_bit && q.evidence == Evidence::transition_only) return by_list_alone(q);
  if (q.target == TargetPlace::nowhere)
    return refused(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, {}, "no domain has the target");
  if (!since_2012) return before_2012(q);
  if (!q.rbcd_bit) return by_list_alone(q);
  if (q.target == TargetPlace::another_domain) return {.kind = Kind::referral};
  if (q.rbcd_grants) return {.kind = Kind::service_ticket};
  if (q.list != DelegationList::lists_target)
    return refused(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND,
                   "neither the target's RBCD descriptor nor the front end's list allows it");
  if (q.evidence == Evidence::transition_only) return restricted("delegation by the list needs forwardable evidence");
  return {.kind = Kind::service_ticket};
}

}  // namespace stead::kdc
