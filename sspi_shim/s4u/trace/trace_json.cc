#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/s4u/trace/trace_json.h"

namespace stead {
namespace {

namespace json = boost::json;

// "LINE:COLUMN" of an offset in a text, both from 1.
std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return std::to_string(line) + ':' + std::to_string(before.size() - line_start + 1);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object to_object(const TraceStep& step) {
  json::object out;
  out["step"] = step.step;
  out["exchange"] = step.exchange;
  out["realm"] = step.realm;
  out["controller"] = text_or_null(step.controller);
  out["address"] = text_or_null(step.address);
  out["level"] = step.level.empty() ? "unknown" : step.level;
  out["answer"] = step.answer;
  out["status"] = text_or_null(step.status);
  out["milliseconds"] = std::round(step.milliseconds * 1000) / 1000;
  if (!step.detail.empty()) out["detail"] = step.detail;
  return out;
}

json::value to_value(const std::optional<Diagnosis>& diagnosis) {
  if (!diagnosis) return nullptr;
  json::object out;
  out["code"] = diagnosis->code;
  out["summary"] = diagnosis->summary;
  out["fix"] = json::array(diagnosis->fix.begin(), diagnosis->fix.end());
  return out;
}

// A text member; absent and null are empty. Anything else spoils the document.
std::string text_of(const json::object& object, std::string_view key, bool& good) {
  const auto* value = object.if_contains(key);
  if (!value || value->is_null()) return {};
  if (!value->is_string()) {
    good = false;
    return {};
  }
  return std::string(value->get_string());
}

TraceStep step_of(const json::value& value, bool& good) {
  TraceStep out;
  const auto* object = value.if_object();
  if (!object) {
    good = false;
    return out;
  }
  if (const auto* number = object->if_contains("step")) {
    const auto* step = number->if_int64();
    if (!step || *step < 0 || *step > 1'000'000)
      good = false;
    else
      out.step = static_cast<int>(*step);
  }
  out.exchange = text_of(*object, "exchange", good);
  out.realm = text_of(*object, "realm", good);
  out.controller = text_of(*object, "controller", good);
  out.address = text_of(*object, "address", good);
  out.level = text_of(*object, "level", good);
  out.answer = text_of(*object, "answer", good);
  out.status = text_of(*object, "status", good);
  out.detail = text_of(*object, "detail", good);
  if (const auto* number = object->if_contains("milliseconds")) {
    if (number->is_number())
      out.milliseconds = number->to_number<double>();
    else
      good = false;
  }
  if (out.exchange.empty()) good = false;
  return out;
}

Diagnosis diagnosis_of(const json::object& object, bool& good) {
  Diagnosis out;
  out.code = text_of(object, "code", good);
  out.summary = text_of(object, "summary", good);
  const auto* fix = object.if_contains("fix");
  if (!fix) return out;
  const auto* lines = fix->if_array();
  if (!lines) {
    good = false;
    return out;
  }
  for (const auto& line : *lines) {
    if (const auto* text = line.if_string())
      out.fix.emplace_back(*text);
    else
      good = false;
  }
  return out;
}

}  // namespace

inline namespace v0 {

std::string to_json(const Trace& trace) {
  json::object out;
  out["client"] = trace.client;
  out["service"] = trace.service;
  out["granted"] = trace.granted;
  out["end_time"] = text_or_null(trace.end_time);
  json::array steps;
  for (const auto& step : trace.steps) steps.push_back(to_object(step));
  out["steps"] = std::move(steps);
  out["diagnosis"] = to_value(trace.diagnosis);
  return json::serialize(out);
}

Result<Trace> trace_from_json(std::string_view text) {
  auto trace = read_trace(text, {});
  if (!trace) return make_error_code(WireErrc::bad_value);
  return std::move(*trace);
}

}  // namespace v0

Checked<Trace> read_trace(std::string_view text, const std::string& file) {
  const auto wrong = [&](std::size_t offset, std::string message) {
    return Problem{.message = std::move(message), .where = file + ':' + line_and_column(text, offset)};
  };
  json::stream_parser parser;
  json::error_code error;
  const std::size_t offset = parser.write_some(text.data(), text.size(), error);
  if (!error && offset < text.size()) return wrong(offset, "something follows the object");
  if (!error) parser.finish(error);
  if (error) return wrong(offset, "not JSON: " + error.message());
  const auto document = parser.release();
  const auto* object = document.if_object();
  const auto* granted = object ? object->if_contains("granted") : nullptr;
  const auto* steps = object ? object->if_contains("steps") : nullptr;
  if (!granted || !granted->is_bool() || !steps || !steps->is_array()) {
    return wrong(0, "not a trace: it lacks \"granted\" or \"steps\", as `stead s4u --json` prints them");
  }
  bool good = true;
  Trace out;
  out.client = text_of(*object, "client", good);
  out.service = text_of(*object, "service", good);
  out.end_time = text_of(*object, "end_time", good);
  out.granted = granted->get_bool();
  for (const auto& step : steps->get_array()) out.steps.push_back(step_of(step, good));
  if (const auto* diagnosis = object->if_contains("diagnosis"); diagnosis && !diagnosis->is_null()) {
    if (diagnosis->is_object())
      out.diagnosis = diagnosis_of(diagnosis->get_object(), good);
    else
      good = false;
  }
  if (!good) return wrong(0, "not a trace: a member has another type than `stead s4u --json` prints");
  return out;
}

}  // namespace stead
