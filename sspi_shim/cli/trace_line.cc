#include "sspi_shim/cli/trace_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "sspi_shim/s4u/trace/trace_words.h"

namespace stead::cli {
namespace {

constexpr std::size_t kWidth = 100, kIndent = 5;
constexpr std::string_view kBold = "\x1b[1m", kGreen = "\x1b[32m", kRed = "\x1b[31m", kDim = "\x1b[2m",
                           kEnd = "\x1b[0m";

std::string head_of(const TraceStep& step) {
  char out[64];
  std::snprintf(out, sizeof out, "%3d  %-9s ", step.step, step.exchange.c_str());
  return out;
}

std::string time_of(const TraceStep& step) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f ms", step.milliseconds);
  return out;
}

std::string controller_of(const TraceStep& step) {
  if (!step.controller.empty()) return step.controller;
  return step.address.empty() ? "-" : step.address;
}

std::string printable(std::string text) {
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return text;
}

// `text` in lines that fit, each behind the indent and in the colour.
std::string coloured(std::string text, std::string_view colour) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), kWidth - kIndent);
    if (end < text.size()) {
      const std::size_t space = text.rfind(' ', end);
      if (space != std::string::npos && space > 0) end = space;
    }
    out += std::string(kIndent, ' ') + std::string(colour) + text.substr(0, end) + std::string(kEnd) + "\n";
    text.erase(0, end);
    text.erase(0, text.find_first_not_of(' '));
  }
  return out;
}

}  // namespace

std::string plain_line(const TraceStep& step) {
  return head_of(step) + step.realm + "  " + controller_of(step) + " (" + step.level + ")  " + step.answer +
         (step.status.empty() ? "" : " + " + step.status) + "  " + time_of(step) +
         (step.detail.empty() ? "" : "  [" + step.detail + "]") + "\n";
}

std::string terminal_lines(const TraceStep& step) {
  const StepAnswer answer = answer_of(step);
  const bool good = answer.is_granted() || answer.kind == AnswerKind::found;
  const std::string title =
      printable(step.realm) + "  " + printable(controller_of(step)) + " (" + printable(step.level) + ")";
  const std::string first = printable(head_of(step)) + std::string(kBold);
  std::string out = first + title.substr(0, kWidth - 15) + std::string(kEnd) + "\n";
  if (!step.detail.empty()) out += coloured(printable(step.detail), kDim);
  out += coloured(printable(step.answer + (step.status.empty() ? "" : " + " + step.status) + "  " + time_of(step)),
                  good ? kGreen : kRed);
  return out;
}

}  // namespace stead::cli
