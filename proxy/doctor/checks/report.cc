#include "proxy/doctor/checks/report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::doctor {
namespace {

bool only_harms(const Check& check) {
  return check.verdict == Verdict::fault && check.effect == Effect::harms;
}

bool is_before(const Check& a, const Check& b) {
  return std::pair(only_harms(a), a.id) < std::pair(only_harms(b), b.id);
}

// In the chain's order; those of one id in the order in which they came. Faults that only harm come last.
Checks in_order(Checks checks) {
  std::stable_sort(checks.begin(), checks.end(), is_before);
  return checks;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

// "the keytab's key: front.keytab"
std::string title_of(const Check& check) {
  const std::string name(info_of(check.id).name);
  return check.subject.empty() ? name : name + ": " + check.subject;
}

std::string line_of(const Check& check) {
  const std::string out = padded(to_string(check.id), 4) + padded(title_of(check), 62);
  switch (check.verdict) {
    case Verdict::ok:
      return out + "  ok";
    case Verdict::fault:
      return out + "  FAULT";
    case Verdict::unjudged:
      return out + "  could not be judged: " + check.symptom;
    case Verdict::skipped:
      break;
  }
  return out + "  skipped: " + check.symptom;
}

std::string details_of(const Check& check) {
  std::string out = to_string(check.id) + " " + title_of(check) + "\n";
  out += "  symptom  " + check.symptom + "\n";
  if (!check.proof.empty()) out += "  proof    " + check.proof + "\n";
  std::optional<Place> place;
  for (const FixLine& line : fix_lines(check.fix, check.place, check.list)) {
    if (place != line.place) out += "  on       " + std::string(to_string(line.place)) + ":\n";
    place = line.place;
    out += (line.kind == LineKind::look ? "  look     " : "  fix      ") + line.text + "\n";
  }
  return out;
}

// One line for the checks of a family, from the first of `checks` on.
std::string family_line(const Checks& checks, const Check& first) {
  const char letter = info_of(first.id).text.front();
  std::size_t faults = 0, ok = 0, open = 0;
  const Check* skipped = nullptr;
  for (const Check& check : checks) {
    if (info_of(check.id).text.front() != letter) continue;
    faults += check.verdict == Verdict::fault ? 1 : 0;
    ok += check.verdict == Verdict::ok ? 1 : 0;
    open += check.verdict == Verdict::unjudged ? 1 : 0;
    if (check.verdict == Verdict::skipped && skipped == nullptr) skipped = &check;
  }
  std::string out = padded(std::string(1, letter), 4) + padded(std::string(family_of(first.id)), 28);
  if (faults > 0) return out + "FAULT\n";
  if (ok == 0 && open == 0) return out + "skipped: " + skipped->symptom + "\n";
  return out + "ok" + (open > 0 ? "; could not be judged: " + std::to_string(open) : "") + "\n";
}

// A line for each family, and below it one for each of its faults.
std::string brief_lines(const Checks& checks) {
  std::string out;
  std::set<char> told;
  for (const Check& check : checks) {
    if (told.insert(info_of(check.id).text.front()).second) out += family_line(checks, check);
    if (check.verdict == Verdict::fault) out += line_of(check) + "\n";
  }
  return out;
}

boost::json::object to_object(const FixLine& line) {
  const std::string_view kind = line.kind == LineKind::look     ? "look"
                                : line.kind == LineKind::change ? "change"
                                                                : "note";
  return {{"place", to_string(line.place)}, {"kind", kind}, {"text", line.text}};
}

std::string verdict_of(const Report& report, const std::string& about) {
  const Check* const cause = report.first_fault();
  if (cause == nullptr) return "No fault was found" + (about.empty() ? "" : ": " + about + " is delegated") + ".\n";
  if (cause->effect == Effect::harms) return "Users are served. What is wrong all the same:\n";
  return (about.empty() ? "It does not work" : about + " is not delegated") + ". The cause:\n";
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::fault:
      return "fault";
    case Verdict::unjudged:
      return "unjudged";
    case Verdict::skipped:
      break;
  }
  return "skipped";
}

bool Report::healthy() const {
  return first_fault() == nullptr;
}

const Check* Report::first_fault() const {
  const Check* first = nullptr;
  for (const Check& check : checks) {
    if (check.verdict == Verdict::fault && (first == nullptr || is_before(check, *first))) first = &check;
  }
  return first;
}

void Report::add(Checks more) {
  checks.insert(checks.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string to_text(const Report& report, Detail detail, const std::string& about) {
  const Checks checks = in_order(report.checks);
  std::string out;
  if (detail == Detail::brief) {
    out = brief_lines(checks);
  } else {
    for (const Check& check : checks) out += line_of(check) + "\n";
  }
  const Check* const cause = report.first_fault();
  for (const Check& check : checks) {
    const bool is_cause = cause != nullptr && check.id == cause->id && check.subject == cause->subject;
    if (check.verdict != Verdict::fault || is_cause) continue;
    out += detail == Detail::all ? "\n" + details_of(check)
                                 : "\n" + to_string(check.id) + " besides: " + check.symptom + "\n";
  }
  out += "\n" + verdict_of(report, about);
  if (cause != nullptr) out += details_of(*cause);
  return out;
}

std::string to_json(const Report& report) {
  boost::json::array checks;
  for (const Check& check : in_order(report.checks)) {
    boost::json::array fix;
    for (const auto& line : check.fix) fix.emplace_back(line);
    boost::json::array steps;
    for (const FixLine& line : fix_lines(check.fix, check.place, check.list)) steps.push_back(to_object(line));
    checks.push_back(boost::json::object{{"id", to_string(check.id)},
                                         {"name", info_of(check.id).name},
                                         {"subject", check.subject},
                                         {"result", to_string(check.verdict)},
                                         {"symptom", check.symptom},
                                         {"proof", check.proof},
                                         {"fix", std::move(fix)},
                                         {"steps", std::move(steps)}});
  }
  return boost::json::serialize(boost::json::object{{"checks", std::move(checks)}, {"healthy", report.healthy()}});
}

Check ok(CheckId id, std::string subject, std::string proof) {
  return {.id = id,
          .subject = std::move(subject),
          .verdict = Verdict::ok,
          .symptom = {},
          .proof = std::move(proof),
          .fix = {}};
}
Check fault(CheckId id, std::string subject, std::string symptom, std::string proof, std::vector<std::string> fix) {
  return {.id = id,
          .subject = std::move(subject),
          .verdict = Verdict::fault,
          .symptom = std::move(symptom),
          .proof = std::move(proof),
          .fix = std::move(fix)};
}
Check harm(CheckId id, std::string subject, std::string symptom, std::string proof, std::vector<std::string> fix) {
  Check out = fault(id, std::move(subject), std::move(symptom), std::move(proof), std::move(fix));
  out.effect = Effect::harms;
  return out;
}
Check unjudged(CheckId id, std::string subject, std::string why) {
  return {.id = id,
          .subject = std::move(subject),
          .verdict = Verdict::unjudged,
          .symptom = std::move(why),
          .proof = {},
          .fix = {}};
}
Check skipped(CheckId id, std::string subject, std::string why) {
  return {.id = id,
          .subject = std::move(subject),
          .verdict = Verdict::skipped,
          .symptom = std::move(why),
          .proof = {},
          .fix = {}};
}
Check skipped_by(CheckId broken, CheckId id, std::string subject) {
  return skipped(id, std::move(subject), to_string(broken) + " is broken");
}

}  // namespace stead::doctor
