#include "sspi_shim/s4u/trace/trace_picture.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/s4u/trace/trace_story.h"
#include "sspi_shim/s4u/trace/trace_words.h"

namespace stead {
namespace {

constexpr int kWidth = 420, kMargin = 14, kLine = 16;
constexpr std::size_t kColumns = 54, kBoldColumns = 44;  // of text, at 12 pixels; bold: names in capitals
constexpr std::size_t kMaxSteps = 500;

// Colours that are told apart in black and white by the text beside them.
constexpr std::string_view kInk = "#1f3a5f", kGood = "#1b7f3b", kBad = "#c0182b", kGoesOn = "#9a5b00",
                           kGrey = "#9aa7b8";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

// Lines of at most `columns` characters; longer words are split.
std::vector<std::string> lines_of(const std::string& text, std::size_t columns) {
  std::vector<std::string> out(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    while (word.size() > columns) {
      if (!out.back().empty()) out.emplace_back();
      out.back() = word.substr(0, columns);
      word.erase(0, columns);
    }
    if (!out.back().empty() && out.back().size() + 1 + word.size() > columns) out.emplace_back();
    out.back() += (out.back().empty() ? "" : " ") + word;
  }
  return out;
}

std::string time_text(double milliseconds) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f ms", milliseconds);
  return out;
}

std::string name_of(const TraceStep& step) {
  if (!step.controller.empty()) return step.controller;
  return step.address.empty() ? "no controller of " + step.realm : step.address;
}

bool is_search(const TraceStep& step) {
  return exchange_kind_of(step) == ExchangeKind::locate;
}

struct Participant {
  std::string badge;  // "F", "1", "B"
  std::string text;   // "dc12.root.fabrikam.com"
  std::string more;   // "ROOT.FABRIKAM.COM, level 2012"
  std::string name;
};

class Picture {
 public:
  explicit Picture(const Trace& trace) : trace_(trace) {}
  std::string draw();

 private:
  void find_participants();
  void draw_names();
  void draw_step(const TraceStep& step, std::size_t index);
  void draw_end();
  [[nodiscard]] std::string_view colour_of(const TraceStep& step, std::size_t index) const;
  [[nodiscard]] int x_of(std::size_t participant) const {
    const int room = kWidth - 2 * kMargin - 30;
    return kMargin + 15 + static_cast<int>(participant) * room / static_cast<int>(participants_.size() - 1);
  }
  [[nodiscard]] std::size_t participant_of(const TraceStep& step) const;
  void text(const std::string& words, std::string_view colour, bool bold);
  void arrow(int from, int to, std::string_view colour, bool dashed);

  const Trace& trace_;
  std::vector<Participant> participants_;  // front end, controllers, back end
  std::string names_, steps_;
  int y_ = 0;
  TraceStory story_;
};

void Picture::find_participants() {
  participants_.push_back({"F", "the front end", "for " + (trace_.client.empty() ? "itself" : trace_.client), {}});
  for (const TraceStep& step : trace_.steps) {
    if (is_search(step) || participant_of(step) != 0) continue;
    const std::string badge = std::to_string(participants_.size());
    const std::string level = step.level.empty() || step.level == "unknown" ? "level unknown" : "level " + step.level;
    participants_.push_back({badge, name_of(step), step.realm + ", " + level, name_of(step)});
  }
  participants_.push_back({"B", "the back end", trace_.service, {}});
}

// 0: it is not among them.
std::size_t Picture::participant_of(const TraceStep& step) const {
  const auto found = std::find_if(participants_.begin(), participants_.end(),
                                  [&](const Participant& one) { return one.name == name_of(step); });
  return found == participants_.end() ? 0 : static_cast<std::size_t>(found - participants_.begin());
}

void Picture::text(const std::string& words, std::string_view colour, bool bold) {
  for (const std::string& line : lines_of(words, bold ? kBoldColumns : kColumns)) {
    y_ += kLine;
    steps_ += "  <text x=\"" + std::to_string(kMargin) + "\" y=\"" + std::to_string(y_) + "\" fill=\"" +
              std::string(colour) + "\"" + (bold ? " font-weight=\"bold\"" : "") +
              " stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\">" + escaped(line) + "</text>\n";
  }
}

void Picture::arrow(int from, int to, std::string_view colour, bool dashed) {
  y_ += 10;
  const int tip = to > from ? to - 7 : to + 7;
  const std::string y = std::to_string(y_);
  steps_ += "  <line x1=\"" + std::to_string(from) + "\" y1=\"" + y + "\" x2=\"" + std::to_string(tip) + "\" y2=\"" +
            y + "\" stroke=\"" + std::string(colour) + "\" stroke-width=\"2\"" +
            (dashed ? " stroke-dasharray=\"6 4\"" : "") + "/>\n";
  steps_ += "  <path d=\"M" + std::to_string(to) + " " + y + "L" + std::to_string(tip) + " " + std::to_string(y_ - 5) +
            "L" + std::to_string(tip) + " " + std::to_string(y_ + 5) + "z\" fill=\"" + std::string(colour) + "\"/>\n";
}

// A refusal before the last step is one after which the client went on.
std::string_view Picture::colour_of(const TraceStep& step, std::size_t index) const {
  const StepAnswer answer = answer_of(step);
  if (answer.is_granted() || answer.kind == AnswerKind::found) return kGood;
  return !trace_.granted && index + 1 == trace_.steps.size() ? kBad : kGoesOn;
}

void Picture::draw_step(const TraceStep& step, std::size_t index) {
  const std::string_view colour = colour_of(step, index);
  const int top = y_ + 2;
  const std::size_t before = steps_.size();
  text(std::to_string(step.step) + "  " + step.exchange + " at " + step.realm, kInk, true);
  text(story_.purpose_of(step), kInk, false);
  const std::size_t to = participant_of(step);
  if (!is_search(step) && to != 0) arrow(x_of(0), x_of(to), kInk, false);
  if (!is_search(step) && to != 0 && answer_of(step).kind != AnswerKind::timeout)
    arrow(x_of(to), x_of(0), colour, false);
  text(step.answer + "  [" + time_text(step.milliseconds) + "]", colour, true);
  if (!step.status.empty()) text(step.status, colour, true);
  y_ += 10;
  if (colour == kBad) {
    steps_.insert(before, "  <rect x=\"4\" y=\"" + std::to_string(top) + "\" width=\"" + std::to_string(kWidth - 8) +
                              "\" height=\"" + std::to_string(y_ - top - 2) +
                              "\" rx=\"4\" fill=\"#fdecee\" stroke=\"#c0182b\"/>\n");
  }
}

void Picture::draw_end() {
  if (trace_.granted) {
    text("The ticket goes to the back end, until " + trace_.end_time, kInk, true);
    arrow(x_of(0), x_of(participants_.size() - 1), kGood, true);
  } else {
    text("The back end is not reached", kBad, true);
  }
  y_ += 16;
}

void Picture::draw_names() {
  int y = 12;
  for (const Participant& one : participants_) {
    std::string badge = one.badge;
    std::vector<std::string> lines = lines_of(one.text, kColumns - 4);
    const std::vector<std::string> more = lines_of(one.more, kColumns - 4);
    if (!one.more.empty()) lines.insert(lines.end(), more.begin(), more.end());
    for (const std::string& line : lines) {
      y += kLine;
      names_ += "  <text x=\"" + std::to_string(kMargin) + "\" y=\"" + std::to_string(y) + "\" fill=\"" +
                std::string(kInk) + "\"><tspan font-weight=\"bold\">" + badge + "</tspan></text>\n";
      names_ += "  <text x=\"" + std::to_string(kMargin + 26) + "\" y=\"" + std::to_string(y) + "\" fill=\"" +
                std::string(kInk) + "\">" + escaped(line) + "</text>\n";
      badge.clear();
    }
  }
  y_ = y + 44;
}

std::string Picture::draw() {
  find_participants();
  draw_names();
  const int top = y_;
  const std::size_t shown = std::min(trace_.steps.size(), kMaxSteps);
  for (std::size_t i = 0; i < shown; ++i) draw_step(trace_.steps[i], i);
  if (shown < trace_.steps.size()) text("and " + std::to_string(trace_.steps.size() - shown) + " more", kInk, false);
  draw_end();
  std::string lines;
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    const std::string x = std::to_string(x_of(i));
    lines += "  <line x1=\"" + x + "\" y1=\"" + std::to_string(top) + "\" x2=\"" + x + "\" y2=\"" + std::to_string(y_) +
             "\" stroke=\"" + std::string(kGrey) + "\" stroke-dasharray=\"3 4\"/>\n";
    lines += "  <circle cx=\"" + x + "\" cy=\"" + std::to_string(top - 14) + "\" r=\"12\" fill=\"#e8eef6\" stroke=\"" +
             std::string(kInk) + "\"/>\n";
    lines += "  <text x=\"" + x + "\" y=\"" + std::to_string(top - 10) +
             "\" text-anchor=\"middle\" font-weight=\"bold\" fill=\"" + std::string(kInk) + "\">" +
             participants_[i].badge + "</text>\n";
  }
  const std::string height = std::to_string(y_ + 10);
  const std::string title =
      escaped(trace_.client + " to " + trace_.service + (trace_.granted ? ": granted" : ": refused"));
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + std::to_string(kWidth) + " " + height +
         "\" width=\"" + std::to_string(kWidth) + "\" height=\"" + height +
         "\" font-family=\"DejaVu Sans, Arial, sans-serif\" font-size=\"12\" role=\"img\">\n  <title>" + title +
         "</title>\n  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" + names_ + lines + steps_ + "</svg>\n";
}

}  // namespace

std::string to_svg(const Trace& trace) {
  return Picture(trace).draw();
}

std::string to_html(const Trace& trace) {
  const std::string verdict = trace.granted ? "granted" : "refused";
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>" +
      escaped(trace.client + " to " + trace.service) +
      "</title>\n<style>\nbody{font:16px/1.4 system-ui,sans-serif;color:#16202c;background:#fff;max-width:40rem;"
      "margin:1rem auto;padding:0 .8rem;overflow-wrap:anywhere}\n"
      "h1{font-size:1.2rem}svg{width:100%;height:auto;max-width:36rem;display:block}\n"
      ".granted{color:#1b7f3b}.refused{color:#c0182b}pre{background:#f2f4f7;padding:.6rem;white-space:pre-wrap}\n"
      "</style>\n<h1>" +
      escaped(trace.client) + " to " + escaped(trace.service) + ": <span class=\"" + verdict + "\">" + verdict +
      "</span></h1>\n";
  if (trace.diagnosis) {
    out += "<p>" + escaped(trace.diagnosis->summary) + "</p>\n<pre>";
    for (const std::string& line : trace.diagnosis->fix) out += escaped(line) + "\n";
    out += "</pre>\n";
  }
  return out + to_svg(trace) + "</html>\n";
}

}  // namespace stead
