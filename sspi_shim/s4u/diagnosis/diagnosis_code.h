#pragma once
// The codes of a Diagnosis (stead/s4u.h), with what each means in general: `stead err CODE` prints it. A Diagnosis
// itself has the names and the commands of its case.
#include <optional>
#include <span>
#include <string_view>

namespace stead {

enum class DiagnosisCode {
  service_not_trusted_for_transition,
  spn_not_in_kcd_list,
  rbcd_denied_on_target,
  rbcd_not_supported_by_dc,
  cross_realm_needs_rbcd,
  no_2012_dc_found,
  user_is_sensitive,
  user_account_refused,
  evidence_not_forwardable_config,
  foreign_user_needs_trust,
  selective_authentication,
  spn_unknown,
  spn_duplicate,
  clock_skew,
  etype_mismatch,
  keytab_kvno_old,
  dc_unreachable,
  tgt_expired,
  pac_rejected,
};

struct DiagnosisCodeInfo {
  DiagnosisCode code;
  std::string_view name;     // Diagnosis::code
  std::string_view meaning;  // one or two sentences
  std::string_view advice;   // what to do about it
};
// The table, in the order of the enumerators.
[[nodiscard]] std::span<const DiagnosisCodeInfo> diagnosis_codes();
// Null for a name that is not in the table.
[[nodiscard]] const DiagnosisCodeInfo* find_diagnosis_code(std::string_view name);
// The name in the table.
[[nodiscard]] std::string_view to_string(DiagnosisCode code);

}  // namespace stead
