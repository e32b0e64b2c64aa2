#pragma once
// Who may delegate: the answers to an S4U2Proxy request (MS-SFU §3.2.5.2, as domain controllers of each level answer).
// Pure: facts in, answer out.
#include <optional>

#include "sspi_shim/protocol/errors/error.h"

namespace stead::kdc {

// What the evidence ticket allows.
enum class Evidence {
  delegable,        // forwardable
  transition_only,  // not forwardable only because the front end lacks TRUSTED_TO_AUTH_FOR_DELEGATION: RBCD accepts it,
                    // the list never does
  restricted,       // the user may not be delegated at all
};

struct EvidenceFacts {
  bool forwardable = false;
  bool user_not_delegated = false;       // USER_NOT_DELEGATED in the PAC
  bool protected_user = false;           // RID 525 of the PAC's LogonDomainId
  bool authenticated_by_itself = false;  // S-1-18-1: the user proved its key, no protocol transition
};

enum class DelegationLevel { before_2012, since_2012 };
enum class EvidencePolicy { rbcd_takes_transition, forwardable_only };  // the domain's enforce_forwardable_evidence

// Before 2012 evidence that is not forwardable is always restricted.
[[nodiscard]] Evidence judge_evidence(const EvidenceFacts& facts, DelegationLevel level, EvidencePolicy policy);

enum class TargetPlace { this_domain, another_domain, nowhere };
enum class DelegationList { unset, lists_others, lists_target };  // msDS-AllowedToDelegateTo of the front end

struct DelegationQuestion {
  DelegationLevel level = DelegationLevel::since_2012;
  bool rbcd_bit = true;  // of PA-PAC-OPTIONS
  Evidence evidence = Evidence::delegable;
  TargetPlace target = TargetPlace::this_domain;
  DelegationList list = DelegationList::unset;  // unset for a front end that comes over a trust
  bool rbcd_grants = false;
};

struct DelegationAnswer {
  enum class Kind { service_ticket, referral, refused } kind = Kind::refused;
  KrbErrc code = KrbErrc::KDC_ERR_NONE;
  std::optional<NtStatus> status = {};
  const char* why = "";
  friend bool operator==(const DelegationAnswer& a, const DelegationAnswer& b) {
    return a.kind == b.kind && a.code == b.code && a.status == b.status;
  }
};
[[nodiscard]] DelegationAnswer decide_delegation(const DelegationQuestion& question);

}  // namespace stead::kdc
