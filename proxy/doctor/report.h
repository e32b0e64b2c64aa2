#pragma once
// What `stead doctor` says: one line a check, and for what is broken its symptom, its proof and the commands that would
// mend it.
#include <string>
#include <string_view>
#include <vector>

namespace stead::doctor {

enum class Verdict {
  ok,
  fault,
  unjudged,  // nothing that can be seen from here tells; `symptom` says why
  skipped,   // an earlier link is broken, or the configuration makes the check pointless; `symptom` says which
};
[[nodiscard]] std::string_view to_string(Verdict verdict);  // "ok", "fault", "unjudged", "skipped": the words of --json

struct Check {
  std::string id;       // of doctor-checks: "N2", "A4"
  std::string subject;  // which DC, host, SPN or file; empty: the whole
  Verdict verdict = Verdict::ok;
  std::string symptom;           // one or two sentences
  std::string proof;             // what was asked of whom, and the answer
  std::vector<std::string> fix;  // to paste
};
using Checks = std::vector<Check>;

struct Report {
  Checks checks;
  bool reached = true;  // some KDC of the own realm answered
  [[nodiscard]] bool healthy() const;
  [[nodiscard]] const Check* first_fault() const;  // the first broken link; null: none
  void add(Checks more);
};

// One row for each check there is, in the order of the chain.
struct CheckInfo {
  std::string_view id, name;
  std::string_view not_from_outside;  // why it is never judged; empty: it is
};
[[nodiscard]] const std::vector<CheckInfo>& catalogue();
[[nodiscard]] std::string_view name_of(std::string_view id);
// The checks that are never judged, one a line; for --help.
[[nodiscard]] std::string not_judged_text();

// The checks in the catalogue's order, the broken ones told below.
[[nodiscard]] std::string to_text(const Report& report);
// {"checks": [{"id", "name", "subject", "result", "symptom", "proof", "fix": […]}], "healthy": bool}
[[nodiscard]] std::string to_json(const Report& report);

// Makers, so that a judgement reads as a table.
[[nodiscard]] Check ok(std::string id, std::string subject, std::string proof);
[[nodiscard]] Check fault(std::string id, std::string subject, std::string symptom, std::string proof,
                          std::vector<std::string> fix);
[[nodiscard]] Check unjudged(std::string id, std::string subject, std::string why);
[[nodiscard]] Check skipped(std::string id, std::string subject, std::string why);

}  // namespace stead::doctor
