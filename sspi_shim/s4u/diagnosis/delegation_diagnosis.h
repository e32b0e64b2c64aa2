#pragma once
// Refusals of a delegation that is valid in form: nothing permits it, the evidence does not, or a trust does not.
#include "sspi_shim/s4u/diagnosis/diagnosis_facts.h"

namespace stead {

// No DC of the 2012 level was found.
[[nodiscard]] Finding no_capable_dc(const DiagnosisFacts& facts);
// Neither the front end's list nor the back end's account permits the delegation.
[[nodiscard]] Finding not_allowed(const DiagnosisFacts& facts);
// The front end's list does not have the SPN.
[[nodiscard]] Finding not_listed(const DiagnosisFacts& facts);
// The user, or the evidence, may not be delegated.
[[nodiscard]] Finding account_restriction(const DiagnosisFacts& facts);
// KDC_ERR_POLICY: a trust does not permit it.
[[nodiscard]] Finding policy(const DiagnosisFacts& facts);

}  // namespace stead
