#include "sspi_shim/base/text_time.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace stead {
namespace {

std::tm utc_parts(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

using DateText = std::array<char, 64>;

// "2026-11-22T14:00:00"; returns its size.
std::size_t write_date(DateText& out, std::chrono::sys_seconds time) {
  const std::tm parts = utc_parts(time);
  const int size = std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
                                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return static_cast<std::size_t>(size);
}

}  // namespace

std::string rfc3339(std::chrono::sys_seconds time) {
  DateText text{};
  return {std::string(text.data(), write_date(text, time)) + 'Z'};
}

void append_rfc3339_milliseconds(std::string& out, std::chrono::system_clock::time_point time) {
  // Most calls fall into the second of the call before: each thread keeps the text of its last second.
  struct Second {
    std::chrono::sys_seconds at{std::chrono::seconds(-1)};
    DateText text{};
    std::size_t size = 0;
  };
  static thread_local Second last;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  if (last.at != seconds || last.size == 0) {
    last.size = write_date(last.text, seconds);
    last.at = seconds;
  }
  const auto fraction = static_cast<int>(std::chrono::floor<std::chrono::milliseconds>(time - seconds).count());
  const std::array<char, 5> end{'.', static_cast<char>('0' + fraction / 100),
                                static_cast<char>('0' + fraction / 10 % 10), static_cast<char>('0' + fraction % 10),
                                'Z'};
  out.append(last.text.data(), last.size).append(end.data(), end.size());
}

std::string rfc3339_milliseconds(std::chrono::system_clock::time_point time) {
  std::string out;
  append_rfc3339_milliseconds(out, time);
  return out;
}

std::string http_date(std::chrono::sys_seconds time) {
  const std::tm parts = utc_parts(time);
  DateText text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  std::tm parts{};
  if (::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace stead
