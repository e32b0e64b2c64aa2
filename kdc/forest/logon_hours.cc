#include "kdc/forest/logon_hours.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr unsigned kDays = 7, kHoursOfDay = 24;
constexpr std::array<std::string_view, kDays> kDayNames = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

bool is_allowed(const LogonHours& hours, unsigned day, unsigned hour) {
  const unsigned bit = day * kHoursOfDay + hour;
  return ((hours[bit / 8] >> (bit % 8)) & 1) != 0;
}

std::optional<unsigned> day_of(std::string_view name) {
  for (unsigned day = 0; day < kDays; ++day)
    if (equal_ignoring_case(kDayNames[day], name)) return day;
  return std::nullopt;
}

// Splits at the first `mark`; the second half is the first one again if there is none.
std::array<std::string_view, 2> halves(std::string_view text, char mark) {
  const auto at = text.find(mark);
  return at == text.npos ? std::array{text, text} : std::array{text.substr(0, at), text.substr(at + 1)};
}

// Each hour of the day, as a bit.
std::uint32_t hours_of(const LogonHours& hours, unsigned day) {
  std::uint32_t out = 0;
  for (unsigned hour = 0; hour < kHoursOfDay; ++hour) out |= std::uint32_t{is_allowed(hours, day, hour)} << hour;
  return out;
}

std::string two_digits(unsigned number) {
  return {char('0' + number / 10), char('0' + number % 10)};
}

}  // namespace

bool is_within(const LogonHours& hours, std::chrono::sys_seconds now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const auto hour = std::chrono::floor<std::chrono::hours>(now - day).count();
  return is_allowed(hours, std::chrono::weekday(day).c_encoding(), unsigned(hour));
}

bool allow_hours(LogonHours& hours, std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == text.npos) return false;
  const auto [first_name, last_name] = halves(text.substr(0, blank), '-');
  const std::optional<unsigned> first = day_of(first_name), last = day_of(last_name);
  auto times = text.substr(blank + 1);
  const std::optional<unsigned> from = take_number<unsigned>(times, kHoursOfDay);
  if (!first || !last || !from || times.empty() || times.front() != '-') return false;
  times.remove_prefix(1);
  const std::optional<unsigned> until = take_number<unsigned>(times, kHoursOfDay);
  if (!until || !times.empty() || *from >= *until) return false;
  for (unsigned day = *first;; day = (day + 1) % kDays) {
    for (unsigned hour = *from; hour < *until; ++hour) {
      const unsigned bit = day * kHoursOfDay + hour;
      hours[bit / 8] = std::uint8_t(hours[bit / 8] | (1u << (bit % 8)));
    }
    if (day == *last) return true;
  }
}

std::vector<std::string> to_texts(const LogonHours& hours) {
  std::vector<std::string> out;
  for (unsigned day = 0; day < kDays;) {
    const std::uint32_t bits = hours_of(hours, day);
    unsigned last = day;
    while (last + 1 < kDays && hours_of(hours, last + 1) == bits) ++last;
    std::string days(kDayNames[day]);
    if (last != day) days.append("-").append(kDayNames[last]);
    for (unsigned from = 0; from < kHoursOfDay; ++from) {
      if (((bits >> from) & 1) == 0) continue;
      unsigned until = from;
      while (until < kHoursOfDay && ((bits >> until) & 1) != 0) ++until;
      out.push_back(days + ' ' + two_digits(from) + '-' + two_digits(until));
      from = until;
    }
    day = last + 1;
  }
  return out;
}

std::optional<LogonHours> logon_hours_from_hex(std::string_view text) {
  const auto octets = from_hex(text);
  LogonHours out{};
  if (octets.size() != out.size()) return std::nullopt;
  std::copy(octets.begin(), octets.end(), out.begin());
  return out;
}

}  // namespace stead::kdc
