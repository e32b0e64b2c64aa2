#pragma once
// The table of answers to an S4U2Proxy request (MS-SFU §3.2.5.2 as domain controllers of each level answer it). Pure:
// facts in, answer out.
#include <optional>

#include "sspi_shim/protocol/errors/error.h"

namespace stead::kdc {

// What the evidence ticket allows.
enum class Evidence {
  delegable,        // forwardable
  transition_only,  // not forwardable only because the front end lacks TRUSTED_TO_AUTH_FOR_DELEGATION: RBCD takes it,
                    // the list never
  restricted,       // the user may not be delegated at all
};

struct EvidenceFacts {
  bool forwardable = false;
  bool user_not_delegated = false;       // USER_NOT_DELEGATED in the PAC
  bool protected_user = false;           // RID 525 of the PAC's LogonDomainId
  bool authenticated_by_itself = false;  // S-1-18-1: the user came with a ticket, no protocol transition
};
// `enforce_forwardable`: the domain's enforce_forwardable_evidence. Before 2012 nothing that is not forwardable is
// taken.
[[nodiscard]] Evidence judge_evidence(const EvidenceFacts& facts, bool since_2012, bool enforce_forwardable);

enum class TargetPlace { this_domain, another_domain, nowhere };
enum class DelegationList { unset, lists_others, lists_target };  // msDS-AllowedToDelegateTo of the front end

struct DelegationQuestion {
  bool since_2012 = true;
  bool rbcd_bit = true;  // of PA-PAC-OPTIONS
  Evidence evidence = Evidence::delegable;
  TargetPlace target = TargetPlace::this_domain;
  DelegationList list = DelegationList::unset;  // unset where the front end comes over a trust
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
