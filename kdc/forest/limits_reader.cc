#include "kdc/forest/limits_reader.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kdc/forest/logon_hours.h"

namespace stead::kdc {
namespace {

// A time, or 0 for none.
void read_duration(TomlTable& in, std::string_view key, std::chrono::seconds& out) {
  const toml::node* node = in.find(key);
  if (node != nullptr && node->value_exact<std::int64_t>() == 0)
    out = std::chrono::seconds{0};
  else
    in.duration(key, out);
}

std::chrono::sys_days days_of(const toml::date& date) {
  return std::chrono::year(date.year) / std::chrono::month(date.month) / std::chrono::day(date.day);
}

// 2027-01-31, its first moment in UTC, or 2027-01-31T18:00:00Z. A time without a zone is UTC.
std::optional<std::chrono::sys_seconds> moment_of(const toml::node& node) {
  using namespace std::chrono;
  if (const auto* date = node.as_date()) return days_of(date->get());
  const auto* value = node.as_date_time();
  if (value == nullptr) return std::nullopt;
  const toml::date_time& at = value->get();
  return days_of(at.date) + hours(at.time.hour) + minutes(at.time.minute) + seconds(at.time.second) -
         minutes(at.offset ? at.offset->minutes : 0);
}

}  // namespace

void read_policy(TomlTable& in, AccountPolicy& policy) {
  constexpr std::int64_t kMaxThreshold = 999, kMaxHistory = 1024, kMaxLength = 255;
  in.integer("lockout_threshold", policy.lockout_threshold, 0, kMaxThreshold);
  read_duration(in, "lockout_duration", policy.lockout_duration);
  const bool has_window = in.duration("lockout_window", policy.lockout_window);
  if (policy.lockout_duration.count() != 0 && policy.lockout_duration < policy.lockout_window) {
    if (has_window)
      in.error(in.at("lockout_window"), "\"lockout_window\" is longer than \"lockout_duration\", which no DC allows");
    else
      policy.lockout_window = policy.lockout_duration;
  }
  in.integer("password_min_length", policy.password_min_length, 0, kMaxLength);
  in.integer("password_history", policy.password_history, 0, kMaxHistory);
  in.boolean("password_complexity", policy.password_complexity);
  read_duration(in, "password_min_age", policy.password_min_age);
  read_duration(in, "password_max_age", policy.password_max_age);
  if (policy.password_max_age.count() != 0 && policy.password_min_age >= policy.password_max_age)
    in.error(in.at("password_min_age"), "\"password_min_age\" is not below \"password_max_age\"");
}

void read_logon_limits(TomlTable& in, Account& account) {
  if (!in.has("expires") && !in.has("logon_hours") && !in.has("workstations")) return;
  account.rare.edit([&](RareAttributes& rare) {
    if (const toml::node* node = in.find("expires")) {
      const auto moment = moment_of(*node);
      if (!moment || moment->time_since_epoch().count() <= 0)
        in.error(in.at("expires"), "\"expires\" is a date: 2027-01-31 or 2027-01-31T18:00:00Z, without quotes");
      else
        rare.expires = moment->time_since_epoch().count();
    }
    if (in.has("logon_hours")) rare.logon_hours.emplace();
    for (const auto& [text, at] : in.texts("logon_hours"))
      if (!allow_hours(*rare.logon_hours, text))
        in.error(at, '"' + text + "\" is not logon hours: write days and hours in UTC, as \"Mon-Fri 08-18\"");
    for (const auto& [name, at] : in.texts("workstations")) {
      constexpr std::size_t kMaxNetbiosName = 15;
      if (name.empty() || name.size() > kMaxNetbiosName || name.find_first_of(", ") != name.npos)
        in.error(at, '"' + name + "\" is not a NetBIOS computer name");
      rare.workstations.push_back(name);
    }
  });
}

}  // namespace stead::kdc
