#pragma once
// What `stead doctor` prints: one line for each check, and for each fault its symptom, its proof and the commands that
// repair it.
#include <string>
#include <string_view>
#include <vector>

#include "proxy/doctor/checks/check_id.h"

namespace stead::doctor {

enum class Verdict {
  ok,
  fault,
  unjudged,  // cannot be seen from here; `symptom` says why
  skipped,   // an earlier check failed, or the configuration makes this one pointless; `symptom` says which
};
[[nodiscard]] std::string_view to_string(Verdict verdict);  // "ok", "fault", "unjudged", "skipped": the words of --json

struct Check {
  CheckId id{};
  std::string subject;  // which DC, host, SPN or file; empty: all
  Verdict verdict = Verdict::ok;
  std::string symptom;           // one or two sentences
  std::string proof;             // what was asked of whom, and the answer
  std::vector<std::string> fix;  // commands and lines to paste
};
using Checks = std::vector<Check>;

struct Report {
  Checks checks;
  bool reached = true;  // a KDC of the front end's realm answered
  [[nodiscard]] bool healthy() const;
  [[nodiscard]] const Check* first_fault() const;  // the first in the chain; null: none
  void add(Checks more);
};

// All checks in the chain's order, then the faults with their details.
[[nodiscard]] std::string to_text(const Report& report);
// {"checks": [{"id", "name", "subject", "result", "symptom", "proof", "fix": […]}], "healthy": bool}
[[nodiscard]] std::string to_json(const Report& report);

[[nodiscard]] Check ok(CheckId id, std::string subject, std::string proof);
[[nodiscard]] Check fault(CheckId id, std::string subject, std::string symptom, std::string proof,
                          std::vector<std::string> fix);
[[nodiscard]] Check unjudged(CheckId id, std::string subject, std::string why);
[[nodiscard]] Check skipped(CheckId id, std::string subject, std::string why);
// Skipped because an earlier check failed.
[[nodiscard]] Check skipped_by(CheckId broken, CheckId id, std::string subject);

}  // namespace stead::doctor
