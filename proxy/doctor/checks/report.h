#pragma once
// What `stead doctor` prints: a line for each family of checks and for each fault, then the cause with its symptom, its
// proof and the commands that repair it.
#include <string>
#include <string_view>
#include <vector>

#include "proxy/doctor/checks/check_id.h"
#include "proxy/doctor/checks/command_place.h"

namespace stead::doctor {

enum class Verdict {
  ok,
  fault,
  unjudged,  // cannot be seen from here; `symptom` says why
  skipped,   // an earlier check failed, or the configuration makes this one pointless; `symptom` says which
};
[[nodiscard]] std::string_view to_string(Verdict verdict);  // "ok", "fault", "unjudged", "skipped": the words of --json

// What a fault does. A harm does not stop users now: a file that others may read, one of several controllers that is down.
enum class Effect { breaks, harms };

struct Check {
  CheckId id{};
  std::string subject;  // which DC, host, SPN or file; empty: all
  Verdict verdict = Verdict::ok;
  std::string symptom;           // one or two sentences
  std::string proof;             // what was asked of whom, and the answer
  std::vector<std::string> fix;  // commands and lines to paste
  Effect effect = Effect::breaks;
  Place place = Place::front_end;           // of those commands that may be typed on any computer
  PresentList list = PresentList::unknown;  // of a command in `fix` that replaces a list
  std::string realm{};                      // of a fault on the network: where it is; empty: not of one realm
};
using Checks = std::vector<Check>;

// The subject of a fault of the computer that runs the doctor.
constexpr std::string_view kThisComputer = "this computer";

struct Report {
  Checks checks;
  bool reached = true;  // a KDC of the front end's realm answered
  [[nodiscard]] bool healthy() const;
  // The first in the chain of those that break, else the first that harms; null: none.
  [[nodiscard]] const Check* first_fault() const;
  void add(Checks more);
};

enum class Detail {
  brief,  // a line for each family of checks, one for each fault, and the first fault in full
  all,    // a line for each check, and all faults in full
};
// `about`: what was asked, for the verdict: "alice to HTTP/x"; empty: no user.
[[nodiscard]] std::string to_text(const Report& report, Detail detail, const std::string& about);
// {"checks": [{"id", "name", "subject", "result", "symptom", "proof", "fix": […], "steps": [{"place", "kind", "text"}]}],
// "healthy": bool}. The checks are in the chain's order; faults that only harm come last.
[[nodiscard]] std::string to_json(const Report& report);

[[nodiscard]] Check ok(CheckId id, std::string subject, std::string proof);
[[nodiscard]] Check fault(CheckId id, std::string subject, std::string symptom, std::string proof,
                          std::vector<std::string> fix);
[[nodiscard]] Check unjudged(CheckId id, std::string subject, std::string why);
[[nodiscard]] Check skipped(CheckId id, std::string subject, std::string why);
[[nodiscard]] Check harm(CheckId id, std::string subject, std::string symptom, std::string proof,
                         std::vector<std::string> fix);
// Skipped because an earlier check failed.
[[nodiscard]] Check skipped_by(CheckId broken, CheckId id, std::string subject);

}  // namespace stead::doctor
