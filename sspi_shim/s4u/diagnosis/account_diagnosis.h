#pragma once
// Refusals that are about an account: of this service, of the user, or of the target service.
#include <optional>

#include "sspi_shim/s4u/diagnosis/diagnosis_facts.h"

namespace stead {

// The AS exchange of this service was refused.
[[nodiscard]] Finding own_account(const DiagnosisFacts& facts);
// The user is unknown, or the account or the password is not valid.
[[nodiscard]] Finding user_account(const DiagnosisFacts& facts);
// No account has the SPN.
[[nodiscard]] Finding unknown_service(const DiagnosisFacts& facts);
// The account with the SPN is disabled or expired.
[[nodiscard]] Finding service_account(const DiagnosisFacts& facts);
// The KDC finds no account for the certificate, or another than the caller named. Nothing: the refusal is not about
// that.
[[nodiscard]] std::optional<Finding> certificate_owner(const DiagnosisFacts& facts);

}  // namespace stead
