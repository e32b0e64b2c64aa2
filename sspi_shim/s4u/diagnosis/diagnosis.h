#pragma once
// From a refusal to a code, a summary and directory commands, in an administrator's words. The codes are those of
// stead/s4u.h.
#include <string>

#include "sspi_shim/s4u/diagnosis/diagnosis_facts.h"

namespace stead {

[[nodiscard]] Finding find_cause(const Refusal& refusal, const Circumstances& circumstances);
// The same for callers of the SDK.
[[nodiscard]] Diagnosis to_diagnosis(Finding finding);
[[nodiscard]] inline Diagnosis diagnose(const Refusal& refusal, const Circumstances& circumstances) {
  return to_diagnosis(find_cause(refusal, circumstances));
}

// One line for a log or a terminal: what failed, where, and the error.
[[nodiscard]] std::string one_line(const Refusal& refusal, const Circumstances& circumstances);

}  // namespace stead
