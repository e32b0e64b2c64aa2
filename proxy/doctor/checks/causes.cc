#include "proxy/doctor/checks/causes.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace stead::doctor {
namespace {

using enum CheckId;

// How far a ticket comes, in order. A fault of one stage explains those of the later stages.
enum class Stage {
  none,     // seen without a ticket: it follows from nothing, and nothing follows from it
  network,  // DNS, controllers, clocks
  sign_on,  // the front end's TGT
  names,    // the SPNs that browsers ask for
  target,   // the target's SPN
  user,
  delegation,
  back_end,
};

Stage stage_of(const Check& check) {
  switch (check.id) {
    case N1:
    case N2:
    case N3:
    case N4:
    case N7:
    case N8:
      return Stage::network;
    case A1:
    case A2:
    case A3:
    case A8:
      return Stage::sign_on;
    case A4:
    case A5:
      return Stage::names;
    case S1:
    case S2:
    case S5:
      return Stage::target;
    case U1:
    case U2:
    case U3:
    case A7:
      return Stage::user;
    case D1:
    case D2:
    case D3:
    case D4:
    case D5:
    case D6:
    case D7:
    case D8:
      return Stage::delegation;
    case S4:
    case B2:
    case B3:
    case B4:
    case B8:
      return Stage::back_end;
    default:
      return Stage::none;
  }
}

bool is_about_network(const Check& check) {
  return stage_of(check) == Stage::network;
}

// The cause is the clock of this computer: no clock agrees with it.
bool is_own_clock(const Check& check) {
  return check.id == N3 && check.subject == kThisComputer;
}

// What the proxy that runs reports is the effect of what the examination finds, and never a cause.
bool shows_in_running(const Check& cause, const Check& effect) {
  const Stage stage = stage_of(cause);
  if (effect.id == R2) return stage == Stage::network || stage == Stage::sign_on;
  if (effect.id == R3) return stage != Stage::none;
  return effect.id == R4 && cause.id == B1 && cause.subject.starts_with(effect.subject);
}

bool is_of_running(const Check& check) {
  return check.id == R1 || check.id == R2 || check.id == R3 || check.id == R4;
}

bool follows(const Check& cause, const Check& effect) {
  if (is_of_running(cause)) return false;
  if (is_of_running(effect)) return shows_in_running(cause, effect);
  if (is_own_clock(cause)) return effect.id == N3 || stage_of(effect) > Stage::network;
  // The back end's clock and what it says to a ticket.
  if (cause.id == N3 && cause.place == Place::back_end) return stage_of(effect) == Stage::back_end;
  // The proxy's complaint of a file, and ours of the same one.
  if (cause.id == C2)
    return !cause.subject.empty() && (effect.id == F5 || effect.id == A6) && effect.subject.ends_with(cause.subject);
  if (stage_of(cause) == Stage::none)
    return cause.id == B1 && stage_of(effect) == Stage::back_end && effect.subject == cause.subject;
  // What several probes of a controller or a realm show is one thing.
  if (is_about_network(cause) && is_about_network(effect))
    return !cause.realm.empty() && effect.realm == cause.realm &&
           (cause.id != effect.id || effect.subject.find('/') != std::string::npos);
  // A ticket that no key of the keytab may open looks like an old keytab.
  if (cause.id == A3 && effect.id == A2) return true;
  if (cause.id == D5 && effect.id == D5) return effect.realm == cause.realm;
  return stage_of(cause) < stage_of(effect);
}

// A controller that does not answer may be the only one of the level that is needed.
void tell_missing_controllers(Checks& checks) {
  for (const Check& missing : checks) {
    if (missing.id != D5 || missing.verdict != Verdict::fault || missing.realm.empty()) continue;
    for (Check& check : checks)
      if (check.id == N2 && check.verdict == Verdict::fault && check.realm == missing.realm)
        check.effect = Effect::breaks;
  }
}

}  // namespace

void leave_out_follow_ups(Checks& checks) {
  tell_missing_controllers(checks);
  std::vector<Check*> faults;
  for (Check& check : checks)
    if (check.verdict == Verdict::fault) faults.push_back(&check);
  std::stable_sort(faults.begin(), faults.end(), [](const Check* a, const Check* b) {
    return std::pair(!is_own_clock(*a), a->id) < std::pair(!is_own_clock(*b), b->id);
  });
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const Check& cause = *faults[i];
    if (cause.verdict != Verdict::fault || cause.effect == Effect::harms) continue;
    for (std::size_t j = 0; j < faults.size(); ++j) {
      if (i == j || faults[j]->verdict != Verdict::fault || !follows(cause, *faults[j])) continue;
      *faults[j] = skipped_by(cause.id, faults[j]->id, faults[j]->subject);
    }
  }
}

}  // namespace stead::doctor
