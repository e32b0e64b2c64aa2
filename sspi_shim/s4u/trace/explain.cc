// explain() of stead/s4u.h: a trace as text for a person.
#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>

#include "sspi_shim/s4u/trace/trace_words.h"
#include "stead/s4u.h"

namespace stead {
inline namespace v0 {
namespace {

constexpr std::size_t kWidth = 100;

// `text` in lines of at most kWidth columns: `first` begins the first one, `rest` the others. Splits longer words.
std::string wrap(const std::string& text, const std::string& first, const std::string& rest) {
  std::string out, line = first;
  bool fresh = true;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    while (!word.empty()) {
      const std::size_t room = kWidth - rest.size() - (fresh ? 0 : 1);
      if (!fresh && line.size() + 1 + word.size() > kWidth) {
        out += line + "\n";
        line = rest;
        fresh = true;
        continue;
      }
      const auto part = word.substr(0, fresh ? std::max<std::size_t>(room, 1) : word.size());
      line += (fresh ? "" : " ") + part;
      fresh = false;
      word.erase(0, part.size());
    }
  }
  return out + line + "\n";
}

// The purpose of each step of a trace, by the steps before it. The numbers are those of s4u/README.md.
class Story {
 public:
  std::string purpose_of(const TraceStep& step) {
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

 private:
  std::string of_s4u2proxy(const TraceStep& step, const StepAnswer& answer) {
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
  std::string of_tgs(const TraceStep& step, const StepAnswer& answer) {
    if (home_.empty()) return "follows the referrals to the user's realm";
    if (step.realm != own_walk_) return "follows a referral with the S4U referral TGT";
    if (answer.kind == AnswerKind::referral)
      own_walk_ = answer.detail;
    else if (answer.is_granted())
      own_walk_.clear();
    return step.realm == home_ ? "steps 3 and 4: asks as itself for the back end and learns its realm"
                               : "steps 5 and 6: asks as itself for the back end in that realm";
  }

  std::string home_;      // the front end's realm, once S4U2Proxy has begun
  std::string own_walk_;  // the realm of the front end's next own request
};

std::string controller_of(const TraceStep& step) {
  const auto& name = step.controller.empty() ? step.address : step.controller;
  if (name.empty()) return "no controller";
  return name + (step.level.empty() || step.level == "unknown" ? ", level unknown" : ", level " + step.level);
}

}  // namespace

std::string explain(const Trace& trace) {
  std::string out;
  const auto service = trace.service.empty() ? std::string("this service") : trace.service;
  out += wrap(trace.client + " -> " + service + ": " +
                  (trace.granted ? "granted" + (trace.end_time.empty() ? "" : ", until " + trace.end_time) : "refused"),
              "", "  ");
  Story story;
  for (const auto& step : trace.steps) {
    std::ostringstream head;
    head.width(3);
    head << step.step << "  ";
    const auto first = head.str();
    const std::string rest(first.size(), ' ');
    out += wrap(step.exchange + " at " + step.realm + " (" + controller_of(step) + "): " + story.purpose_of(step),
                first, rest);
    std::ostringstream took;
    took.precision(1);
    took << std::fixed << step.milliseconds << " ms";
    out += wrap("=> " + step.answer + (step.status.empty() ? "" : " + " + step.status) + "  [" + took.str() + "]", rest,
                rest + "   ");
  }
  if (trace.diagnosis) {
    out += "\n" + wrap("Why: " + trace.diagnosis->summary + " (" + trace.diagnosis->code + ")", "", "     ");
    for (const auto& line : trace.diagnosis->fix) out += wrap(line, "Fix: ", "       ");
  }
  return out;
}

}  // namespace v0
}  // namespace stead
