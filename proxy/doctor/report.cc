#include "proxy/doctor/report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace stead::doctor {
namespace {

std::size_t place_of(std::string_view id) {
  const auto& all = catalogue();
  return static_cast<std::size_t>(
      std::find_if(all.begin(), all.end(), [&](const CheckInfo& info) { return info.id == id; }) - all.begin());
}

// In the chain's order; those of one check as they came.
Checks in_order(const Checks& checks) {
  Checks out;
  for (const CheckInfo& info : catalogue()) {
    std::copy_if(checks.begin(), checks.end(), std::back_inserter(out),
                 [&](const Check& check) { return check.id == info.id; });
  }
  return out;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string line_of(const Check& check) {
  std::string out =
      padded(check.id, 4) + padded(check.subject.empty() ? std::string(name_of(check.id))
                                                         : std::string(name_of(check.id)) + ": " + check.subject,
                                   62);
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

std::string told(const Check& check) {
  std::string out =
      check.id + " " + std::string(name_of(check.id)) + (check.subject.empty() ? "" : ": " + check.subject) + "\n";
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

const std::vector<CheckInfo>& catalogue() {
  static const std::vector<CheckInfo> all = {
      {"N1", "DNS service records", ""},
      {"N2", "ports of the domain controllers", ""},
      {"N3", "clocks", ""},
      {"N4", "Kerberos over TCP for what is too big for UDP", ""},
      {"N5", "the back end's name is no alias", ""},
      {"N6", "reverse name of the back end", ""},
      {"N7", "the realm, and who serves it", ""},
      {"N8", "connections are not reset on the way", ""},
      {"A1", "the front end's account", ""},
      {"A2", "the keytab's key", ""},
      {"A3", "the front end's encryption types", ""},
      {"A4", "SPNs of what is published", ""},
      {"A5", "SPNs on the keytab's account", ""},
      {"A6", "files that hold secrets", ""},
      {"S1", "the target's SPN", ""},
      {"S2", "the target's SPN is unique", ""},
      {"S3", "SPN on a computer and on an account besides", "shows as S1, S2 or S4; `setspn -X` finds it"},
      {"S5", "the target's encryption types", ""},
      {"U1", "the user's name", ""},
      {"U2", "the user's account", ""},
      {"A7", "right to read the user's groups", ""},
      {"A8", "armor that the domain demands", ""},
      {"U3", "the user may be delegated", ""},
      {"U4", "size of the user's tickets", ""},
      {"U5", "guests and users that only a cloud knows", "such a user shows as U1: no domain knows the name"},
      {"D5", "levels of the domain controllers on the way", ""},
      {"D6", "the domains of user, front end and back end go together", ""},
      {"D7", "trusts on the way", ""},
      {"D8", "the evidence is forwardable", ""},
      {"D1", "trusted for protocol transition", ""},
      {"D2", "msDS-AllowedToDelegateTo of the front end", ""},
      {"D3", "msDS-AllowedToActOnBehalfOfOtherIdentity of the back end", ""},
      {"D4", "which delegation was used", ""},
      {"B1", "the back end offers Negotiate", ""},
      {"B2", "the back end takes SPNEGO", ""},
      {"B3", "the back end takes the token with the first request", ""},
      {"S4", "the back end runs as the account that holds the SPN", ""},
      {"B4", "channel bindings (Extended Protection)", ""},
      {"B5", "the back end speaks HTTP/1.1", ""},
      {"B6", "identity bound to the connection", ""},
      {"B7", "the back end takes the Host it is sent", ""},
      {"B8", "the back end proves itself", ""},
      {"B9", "the right user on every path of the back end",
       "what a page shows, only its application knows; ask its own log for the user's name"},
      {"F1", "browsers send Kerberos, not NTLM",
       "the SPN is judged as A4; a browser's intranet zone is its own, see the access log for NTLM"},
      {"F2", "the public name is no alias", ""},
      {"F3", "the proxy's header limit", ""},
      {"F4", "the session cookie comes back",
       "that a browser keeps; the proxy sets Secure with __Host- over TLS, SameSite=Lax and no Domain"},
      {"F5", "the certificate that browsers see", ""},
  };
  return all;
}

std::string_view name_of(std::string_view id) {
  const auto place = place_of(id);
  return place < catalogue().size() ? catalogue()[place].name : id;
}

std::string not_judged_text() {
  std::string out;
  for (const CheckInfo& info : catalogue()) {
    if (!info.not_from_outside.empty())
      out += "  " + std::string(info.id) + "  " + std::string(info.name) + ": " + std::string(info.not_from_outside) +
             "\n";
  }
  return out;
}

bool Report::healthy() const {
  return first_fault() == nullptr;
}

const Check* Report::first_fault() const {
  const Check* first = nullptr;
  for (const Check& check : checks) {
    if (check.verdict == Verdict::fault && (first == nullptr || place_of(check.id) < place_of(first->id)))
      first = &check;
  }
  return first;
}

void Report::add(Checks more) {
  checks.insert(checks.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string to_text(const Report& report) {
  std::string out, broken;
  for (const Check& check : in_order(report.checks)) {
    out += line_of(check) + "\n";
    if (check.verdict == Verdict::fault) broken += "\n" + told(check);
  }
  if (broken.empty()) return out + "\nNothing is broken.\n";
  return out + "\nBroken, the first link first:\n" + broken;
}

std::string to_json(const Report& report) {
  boost::json::array checks;
  for (const Check& check : in_order(report.checks)) {
    boost::json::array fix;
    for (const auto& line : check.fix) fix.emplace_back(line);
    checks.push_back(boost::json::object{{"id", check.id},
                                         {"name", name_of(check.id)},
                                         {"subject", check.subject},
                                         {"result", to_string(check.verdict)},
                                         {"symptom", check.symptom},
                                         {"proof", check.proof},
                                         {"fix", std::move(fix)}});
  }
  return boost::json::serialize(boost::json::object{{"checks", std::move(checks)}, {"healthy", report.healthy()}});
}

Check ok(std::string id, std::string subject, std::string proof) {
  return {std::move(id), std::move(subject), Verdict::ok, {}, std::move(proof), {}};
}
Check fault(std::string id, std::string subject, std::string symptom, std::string proof, std::vector<std::string> fix) {
  return {std::move(id), std::move(subject), Verdict::fault, std::move(symptom), std::move(proof), std::move(fix)};
}
Check unjudged(std::string id, std::string subject, std::string why) {
  return {std::move(id), std::move(subject), Verdict::unjudged, std::move(why), {}, {}};
}
Check skipped(std::string id, std::string subject, std::string why) {
  return {std::move(id), std::move(subject), Verdict::skipped, std::move(why), {}, {}};
}

}  // namespace stead::doctor
