#include "proxy/observe/access_log.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/observe/log_text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kBlock = 32 * 1024;

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  if (value.empty())
    out.append("null");
  else
    append_json_string(out, value);
}
void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(",\"").append(name).append("\":").append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// Three decimals from integers: printing a double costs more than the rest of the line.
void append_milliseconds(std::string& out, std::string_view name, std::chrono::microseconds time) {
  append_member(out, name, static_cast<std::uint64_t>(time.count() / 1000));
  const auto fraction = static_cast<int>(time.count() % 1000);
  const std::array<char, 4> decimals{'.', static_cast<char>('0' + fraction / 100),
                                     static_cast<char>('0' + fraction / 10 % 10),
                                     static_cast<char>('0' + fraction % 10)};
  out.append(decimals.data(), decimals.size());
}

std::chrono::microseconds time_of(double milliseconds) {
  return std::chrono::microseconds(static_cast<std::int64_t>(milliseconds * 1000));
}

// Which DC issued the ticket; if it was asked for this request, each step.
void append_ticket(std::string& out, const Trace& trace, bool was_cached) {
  out.append(",\"kerberos\":{\"cache\":").append(was_cached ? "\"hit\"" : "\"miss\"");
  append_member(out, "controller", trace.steps.empty() ? std::string_view() : trace.steps.back().controller);
  if (!was_cached) {
    double total = 0;
    for (const TraceStep& step : trace.steps) total += step.milliseconds;
    append_milliseconds(out, "ms", time_of(total));
    out.append(",\"steps\":[");
    for (const TraceStep& step : trace.steps) {
      out.append(&step == trace.steps.data() ? "{\"exchange\":" : ",{\"exchange\":");
      append_json_string(out, step.exchange);
      append_member(out, "realm", step.realm);
      append_member(out, "controller", step.controller);
      append_member(out, "answer", step.answer);
      append_milliseconds(out, "ms", time_of(step.milliseconds));
      out.append("}");
    }
    out.append("]");
  }
  out.append("}");
}

// Within quotes, or a word: nothing in it ends the field or the line.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (text.empty()) out.append("-");
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7f && c != '"' && c != '\\')
      out += c;
    else
      (out.append("\\x") += kDigits[octet >> 4]) += kDigits[octet & 15];
  }
}

void append_log_time(std::string& out, std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "[%02d/%s/%04d:%02d:%02d:%02d +0000]", parts.tm_mday,
                              kMonths[static_cast<std::size_t>(parts.tm_mon) % kMonths.size()], parts.tm_year + 1900,
                              parts.tm_hour, parts.tm_min, parts.tm_sec);
  out.append(text.data(), static_cast<std::size_t>(n));
}

// A failure of the proxy or a back end, a refused request with a reason, or neither.
std::string_view level_of(const AccessRecord& record) {
  if (record.status >= 500) return "error";
  return record.status >= 400 && !record.diagnosis.empty() ? "warning" : "info";
}

}  // namespace

void append_rfc3339(std::string& out, std::chrono::system_clock::time_point time) {
  // Most calls are in the same second as the call before: each thread keeps that second's text and adds the
  // milliseconds.
  struct Second {
    std::time_t at = -1;
    std::array<char, 64> text{};
    std::size_t size = 0;  // up to the milliseconds
  };
  static thread_local Second last;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = milliseconds / 1000;
  if (last.at != seconds || last.size == 0) {
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    const int n =
        std::snprintf(last.text.data(), last.text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.", parts.tm_year + 1900,
                      parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    last.at = seconds;
    last.size = static_cast<std::size_t>(n);
  }
  const auto fraction = static_cast<int>(milliseconds % 1000);
  std::size_t size = last.size;
  for (const int digit : {fraction / 100, fraction / 10 % 10, fraction % 10})
    last.text[size++] = static_cast<char>('0' + digit);
  last.text[size++] = 'Z';
  out.append(last.text.data(), size);
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  std::string out;
  append_rfc3339(out, time);
  return out;
}

void append_json(std::string& out, const AccessRecord& record) {
  out.append("{\"time\":\"");
  append_rfc3339(out, record.at);
  out.append("\"");
  append_member(out, "request_id", record.request_id);
  append_member(out, "remote", record.remote);
  append_member(out, "protocol", record.protocol);
  append_member(out, "tls", record.tls);
  append_member(out, "method", record.method);
  append_member(out, "host", record.host);
  append_member(out, "path", record.path);
  append_member(out, "query", record.query);
  append_member(out, "status", static_cast<std::uint64_t>(record.status));
  append_member(out, "level", level_of(record));
  append_member(out, "user", record.user);
  append_member(out, "sign_in", record.sign_in);
  append_member(out, "spn", record.spn);
  append_member(out, "delegation", record.delegation);
  append_member(out, "upstream", record.upstream);
  append_member(out, "user_agent", record.user_agent);
  append_member(out, "bytes_in", record.bytes_in);
  append_member(out, "bytes_out", record.bytes_out);
  append_milliseconds(out, "ms", record.time);
  if (!record.trace_id.empty()) append_member(out, "trace_id", record.trace_id);
  if (record.ticket != nullptr) append_ticket(out, *record.ticket, record.ticket_was_cached);
  if (!record.diagnosis.empty()) append_member(out, "diagnosis", record.diagnosis);
  out.append("}\n");
}

void append_combined(std::string& out, const AccessRecord& record) {
  out.append(record.remote).append(" - ");
  std::string user;  // one word
  append_escaped(user, record.user);
  for (std::size_t at = 0; (at = user.find(' ', at)) != std::string::npos;) user.replace(at, 1, "\\x20");
  out.append(user).append(" ");
  append_log_time(out, record.at);
  out.append(" \"");
  append_escaped(out, record.method);
  out.append(" ");
  append_escaped(out, record.path);
  if (!record.query.empty()) {
    out.append("?");
    append_escaped(out, record.query);
  }
  out.append(" ").append(record.protocol).append("\" ").append(std::to_string(record.status)).append(" ");
  out.append(std::to_string(record.bytes_out)).append(" \"");
  append_escaped(out, record.referer);
  out.append("\" \"");
  append_escaped(out, record.user_agent);
  out.append("\"\n");
}

void AccessLogWriter::add(const AccessRecord& record, Format format) {
  if (format == Format::json)
    append_json(lines_, record);
  else
    append_combined(lines_, record);
  if (lines_.size() > kBlock) flush();
}

void AccessLogWriter::flush() {
  if (lines_.empty()) return;
  log_.take(std::move(lines_));
  lines_ = {};
}

}  // namespace stead::proxy
