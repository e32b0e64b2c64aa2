// A trace for a person: the ten steps of what-we-build, as far as they were taken. stead/s4u.h declares it.
#include <algorithm>
#include <sstream>

#include "stead/s4u.h"

namespace stead {
inline namespace v0 {
namespace {

constexpr std::size_t kWidth = 100;

// Words of `text` in lines that begin with `first`, then `rest`; a word too long for a line is cut.
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

// What a step is for, by what came before it.
class Story {
 public:
  std::string tell(const TraceStep& step) {
    if (step.exchange == "AS")
      return (step.detail.starts_with("whe") || step.detail.starts_with("whose") ? "asks " : "asks for ") +
             (step.detail.empty() ? "a TGT" : step.detail);
    if (step.exchange == "S4U2Self") return "asks for a ticket to itself in the user's name (protocol transition)";
    if (step.exchange == "locate")
      return step.answer == "found" ? "looks for a controller of 2012 level and finds one"
                                    : "looks for a controller of 2012 level and finds none";
    if (step.exchange == "S4U2Proxy") {
      const bool first = proxies_ == 0 || step.realm == home_;
      if (proxies_++ == 0) home_ = step.realm;
      delegating_ = true;
      if (step.answer == "ticket")
        return std::string(first ? "step 1: " : "steps 7 and 8: ") +
               "hands in the evidence and gets the ticket in the user's name";
      if (step.answer.starts_with("referral"))
        return "steps 1 and 2: hands in the evidence and gets an S4U referral TGT";
      return std::string(first ? "step 1: " : "step 7: ") + "hands in the evidence and is refused";
    }
    if (!delegating_) return "walks on towards the user's realm";
    if (step.detail.find("S4U referral TGT") != std::string::npos) return "the S4U referral TGT walks on, by itself";
    if (step.realm == home_) return "steps 3 and 4: asks as itself for the back end and learns where it lives";
    return "steps 5 and 6: asks there as itself";
  }

 private:
  int proxies_ = 0;
  bool delegating_ = false;
  std::string home_;
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
    out +=
        wrap(step.exchange + " at " + step.realm + " (" + controller_of(step) + "): " + story.tell(step), first, rest);
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
