// explain() of stead/s4u.h: a trace as text for a person.
#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>

#include "sspi_shim/s4u/trace/trace_story.h"
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
  TraceStory story;
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
