#include "sspi_shim/s4u/trace/trace_story.h"

#include <string>

namespace stead {

std::string TraceStory::purpose_of(const TraceStep& step) {
  const StepAnswer answer = answer_of(step);
  switch (exchange_kind_of(step).value_or(ExchangeKind::tgs)) {
    case ExchangeKind::as:
      return "asks for " + (step.detail.empty() ? "a TGT" : step.detail);
    case ExchangeKind::s4u2self:
      return "asks for a ticket to itself in the user's name (protocol transition)";
    case ExchangeKind::locate:
      return std::string("searches for a suitable controller and finds ") +
             (answer.kind == AnswerKind::found ? "one" : "none");
    case ExchangeKind::s4u2proxy:
      return of_s4u2proxy(step, answer);
    case ExchangeKind::tgs:
      break;
  }
  return of_tgs(step, answer);
}

std::string TraceStory::of_s4u2proxy(const TraceStep& step, const StepAnswer& answer) {
  if (home_.empty()) home_ = step.realm;
  own_walk_ = step.realm;
  const bool first = step.realm == home_;
  if (answer.kind == AnswerKind::ticket)
    return std::string(first ? "step 1: " : "steps 7 and 8: ") +
           "sends the evidence and gets the ticket in the user's name";
  if (answer.kind == AnswerKind::referral)
    return std::string(first ? "steps 1 and 2: " : "steps 7 and 8: ") +
           "sends the evidence and gets an S4U referral TGT";
  return std::string(first ? "step 1: " : "step 7: ") + "sends the evidence and is refused";
}

// After a referral for the evidence, the front end's own requests begin at the realm that referred, and each goes to
// the realm of the referral before. Any other request is made with the S4U referral TGT.
std::string TraceStory::of_tgs(const TraceStep& step, const StepAnswer& answer) {
  if (home_.empty()) return "follows the referrals to the user's realm";
  if (step.realm != own_walk_) return "follows a referral with the S4U referral TGT";
  if (answer.kind == AnswerKind::referral)
    own_walk_ = answer.detail;
  else if (answer.is_granted())
    own_walk_.clear();
  return step.realm == home_ ? "steps 3 and 4: asks as itself for the back end and learns its realm"
                             : "steps 5 and 6: asks as itself for the back end in that realm";
}

}  // namespace stead
