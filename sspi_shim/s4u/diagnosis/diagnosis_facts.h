#pragma once
// What the functions of a diagnosis share: the refusal, the circumstances, and the directory commands of a fix.
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/s4u/action.h"
#include "sspi_shim/s4u/circumstances.h"
#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"

namespace stead {

// A Diagnosis of stead/s4u.h with its code as an enum.
struct Finding {
  DiagnosisCode code{};
  std::string summary;
  std::vector<std::string> fix;
};

struct DiagnosisFacts {
  DiagnosisFacts(const Refusal& refusal, const Circumstances& circumstances);

  const Refusal& refusal;
  const Circumstances& about;
  std::string front;   // account of the front end: "frontend$"
  std::string target;  // account of the back end, guessed from its SPN

  // The back end's realm; empty: it is another one than ours, and unknown.
  [[nodiscard]] std::string target_realm() const;
  [[nodiscard]] std::string user_account_name() const;  // "alice" of "alice@REALM"
  [[nodiscard]] std::string user_realm() const;
  // Commands that permit the delegation: on the back end's account, in the front end's list, from any authentication.
  [[nodiscard]] std::string allow_by_target() const;
  [[nodiscard]] std::string allow_by_list() const;
  [[nodiscard]] std::string allow_transition() const;
};

// The DC that refused, with its level.
[[nodiscard]] std::string controller_of(const Refusal& refusal);
// An account as a value of PowerShell's -Identity.
[[nodiscard]] std::string identity_value(std::string_view account);
// "Set-ADComputer" or "Set-ADUser", by the account's kind.
[[nodiscard]] std::string cmdlet_for(std::string_view account);
// " -Server REALM"; empty for an empty realm.
[[nodiscard]] std::string server_option(const std::string& realm);

}  // namespace stead
