#include "proxy/doctor/checks/report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::doctor {
namespace {

// In the chain's order; those of one id in the order in which they came.
Checks in_order(Checks checks) {
  std::stable_sort(checks.begin(), checks.end(), [](const Check& a, const Check& b) { return a.id < b.id; });
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
  for (const auto& fix : check.fix) out += "  fix      " + fix + "\n";
  return out;
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
    if (check.verdict == Verdict::fault && (first == nullptr || check.id < first->id)) first = &check;
  }
  return first;
}

void Report::add(Checks more) {
  checks.insert(checks.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string to_text(const Report& report) {
  std::string out, faults;
  for (const Check& check : in_order(report.checks)) {
    out += line_of(check) + "\n";
    if (check.verdict == Verdict::fault) faults += "\n" + details_of(check);
  }
  if (faults.empty()) return out + "\nNo fault was found.\n";
  return out + "\nFaults, the first one of the chain first:\n" + faults;
}

std::string to_json(const Report& report) {
  boost::json::array checks;
  for (const Check& check : in_order(report.checks)) {
    boost::json::array fix;
    for (const auto& line : check.fix) fix.emplace_back(line);
    checks.push_back(boost::json::object{{"id", to_string(check.id)},
                                         {"name", info_of(check.id).name},
                                         {"subject", check.subject},
                                         {"result", to_string(check.verdict)},
                                         {"symptom", check.symptom},
                                         {"proof", check.proof},
                                         {"fix", std::move(fix)}});
  }
  return boost::json::serialize(boost::json::object{{"checks", std::move(checks)}, {"healthy", report.healthy()}});
}

Check ok(CheckId id, std::string subject, std::string proof) {
  return {id, std::move(subject), Verdict::ok, {}, std::move(proof), {}};
}
Check fault(CheckId id, std::string subject, std::string symptom, std::string proof, std::vector<std::string> fix) {
  return {id, std::move(subject), Verdict::fault, std::move(symptom), std::move(proof), std::move(fix)};
}
Check unjudged(CheckId id, std::string subject, std::string why) {
  return {id, std::move(subject), Verdict::unjudged, std::move(why), {}, {}};
}
Check skipped(CheckId id, std::string subject, std::string why) {
  return {id, std::move(subject), Verdict::skipped, std::move(why), {}, {}};
}
Check skipped_by(CheckId broken, CheckId id, std::string subject) {
  return skipped(id, std::move(subject), to_string(broken) + " is broken");
}

}  // namespace stead::doctor
