#include "kdc/commands/logon_limits.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/commands/policy_cmdlets.h"
#include "kdc/forest/logon_hours.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

// A date, or a date and a time in UTC with or without Z.
std::optional<std::int64_t> moment_of(std::string text) {
  if (text.ends_with('Z')) text.pop_back();
  for (const char* format : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S"}) {
    std::tm fields{};
    const char* end = strptime(text.c_str(), format, &fields);
    if (end == nullptr || *end != '\0') continue;
    const std::int64_t at = timegm(&fields);
    if (at > 0) return at;
  }
  return std::nullopt;
}

void set_end(const FoundAccount& found, std::int64_t at) {
  found.account->rare.edit([&](RareAttributes& rare) { rare.expires = at; });
  found.account->flags &= ~account_flag::account_expired;
}

}  // namespace

std::string time_text(std::int64_t seconds_since_1970) {
  if (seconds_since_1970 == 0) return {};
  const std::time_t at = seconds_since_1970;
  std::tm fields{};
  std::array<char, 32> out{};
  gmtime_r(&at, &fields);
  return {out.data(), std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

void set_expiration(CommandContext& context, const FoundAccount& found, const std::string& value) {
  if (is_null_value(value)) return set_end(found, 0);
  const auto at = moment_of(unquote(value));
  if (!at)
    return context.misunderstood(context.words.name + ": '" + value +
                                 "' is no date: write 2027-01-31 or 2027-01-31T18:00:00Z");
  set_end(found, *at);
}

void set_workstations(CommandContext& context, const FoundAccount& found, const std::string& value) {
  std::vector<std::string> names;
  if (!is_null_value(value))
    for (const auto& list : list_value(value))
      for (std::string_view rest = list; !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        if (comma > 0) names.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
  constexpr std::size_t kMaxNetbiosName = 15;
  for (const auto& name : names)
    if (name.size() > kMaxNetbiosName || name.find(' ') != name.npos)
      return context.refuse(context.words.name + ": '" + name + "' is not a NetBIOS computer name");
  found.account->rare.edit([&](RareAttributes& rare) { rare.workstations = std::move(names); });
}

void set_hours(CommandContext& context, const FoundAccount& found, const std::string& value) {
  const auto hours = logon_hours_from_hex(value);
  if (!hours)
    return context.refuse(context.words.name + ": logonHours are 42 hexadecimal digits, this is '" + value + "'");
  found.account->rare.edit([&](RareAttributes& rare) { rare.logon_hours = *hours; });
}

void set_account_expiration(CommandContext& context, const FoundAccount& found) {
  if (const auto* date = context.words.option("datetime")) return set_expiration(context, found, *date);
  const auto* span = context.words.option("timespan");
  const auto length = span == nullptr ? std::nullopt : time_span(unquote(*span));
  if (!length)
    return context.misunderstood(context.words.name + ": say -DateTime 2027-01-31, or -TimeSpan 90.00:00:00");
  set_end(found, std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + *length));
}

void clear_account_expiration(CommandContext&, const FoundAccount& found) {
  set_end(found, 0);
}

}  // namespace stead::kdc
