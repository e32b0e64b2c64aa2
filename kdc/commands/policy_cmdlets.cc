#include "kdc/commands/policy_cmdlets.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/commands/cmdlet_parameters.h"
#include "kdc/commands/named_account.h"
#include "kdc/forest/forest_names.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

struct NumberOption {
  std::string_view name;  // as shown
  std::uint32_t AccountPolicy::* member;
  std::uint32_t highest;
};
constexpr NumberOption kNumbers[] = {
    {"LockoutThreshold", &AccountPolicy::lockout_threshold, 999},
    {"MinPasswordLength", &AccountPolicy::password_min_length, 255},
    {"PasswordHistoryCount", &AccountPolicy::password_history, 1024},
};

struct TimeOption {
  std::string_view name;
  std::chrono::seconds AccountPolicy::* member;
};
constexpr TimeOption kTimes[] = {
    {"LockoutDuration", &AccountPolicy::lockout_duration},
    {"LockoutObservationWindow", &AccountPolicy::lockout_window},
    {"MaxPasswordAge", &AccountPolicy::password_max_age},
    {"MinPasswordAge", &AccountPolicy::password_min_age},
};
constexpr std::string_view kComplexity = "ComplexityEnabled";

std::string two_digits(std::int64_t number) {
  return {char('0' + number / 10 % 10), char('0' + number % 10)};
}

std::string span_text(std::chrono::seconds span) {
  const std::int64_t all = span.count(), days = all / 86400;
  return (days != 0 ? std::to_string(days) + '.' : std::string()) + two_digits(all / 3600 % 24) + ':' +
         two_digits(all / 60 % 60) + ':' + two_digits(all % 60);
}

void show(CommandContext& context, const Domain& domain) {
  const AccountPolicy& policy = domain.policy;
  std::vector<std::pair<std::string, std::string>> rows{
      {std::string(kComplexity), policy.password_complexity ? "True" : "False"},
      {"DistinguishedName", domain_dn(domain)}};
  for (const auto& option : kTimes) rows.emplace_back(option.name, span_text(policy.*option.member));
  for (const auto& option : kNumbers) rows.emplace_back(option.name, std::to_string(policy.*option.member));
  std::sort(rows.begin(), rows.end());
  constexpr std::size_t kWidth = 24;
  context.json.clear();
  for (const auto& [name, value] : rows) {
    context.line(name + std::string(kWidth - name.size(), ' ') + " : " + value);
    context.json += (context.json.empty() ? "{" : ", ") + json_string(name) + ": " + json_string(value);
  }
  context.json += '}';
}

bool set_numbers(CommandContext& context, AccountPolicy& policy) {
  bool any = false;
  for (const auto& option : kNumbers) {
    const auto* value = context.words.option(to_lower(option.name));
    if (value == nullptr) continue;
    const auto text = unquote(*value);
    std::string_view rest = text;
    const auto number = take_number<std::uint32_t>(rest, option.highest);
    if (!number || !rest.empty())
      context.misunderstood(context.words.name + ": -" + std::string(option.name) + " is a number up to " +
                            std::to_string(option.highest));
    else
      policy.*option.member = *number;
    any = true;
  }
  return any;
}

bool set_times(CommandContext& context, AccountPolicy& policy) {
  bool any = false;
  for (const auto& option : kTimes) {
    const auto* value = context.words.option(to_lower(option.name));
    if (value == nullptr) continue;
    const auto span = time_span(unquote(*value));
    if (!span)
      context.misunderstood(context.words.name + ": -" + std::string(option.name) +
                            " is a time as 00:30:00 or 42.00:00:00");
    else
      policy.*option.member = *span;
    any = true;
  }
  return any;
}

bool set_complexity(CommandContext& context, AccountPolicy& policy) {
  const auto* value = context.words.option(to_lower(kComplexity));
  if (value == nullptr) return false;
  const auto on = boolean_value(*value);
  if (!on) context.misunderstood(context.words.name + ": -ComplexityEnabled needs $true or $false");
  policy.password_complexity = on.value_or(false);
  return true;
}

void change(CommandContext& context, AccountPolicy& policy) {
  const bool numbers = set_numbers(context, policy), times = set_times(context, policy);
  if (!set_complexity(context, policy) && !numbers && !times)
    return context.misunderstood(context.words.name + ": say what to set, as in -LockoutThreshold 5");
  if (policy.lockout_duration.count() != 0 && policy.lockout_duration < policy.lockout_window)
    context.refuse(context.words.name + ": LockoutObservationWindow is longer than LockoutDuration");
  if (policy.password_max_age.count() != 0 && policy.password_min_age >= policy.password_max_age)
    context.refuse(context.words.name + ": MinPasswordAge is not below MaxPasswordAge");
}

}  // namespace

std::optional<std::chrono::seconds> time_span(std::string_view text) {
  constexpr std::uint32_t kMax = 100'000;
  if (text == "0") return std::chrono::seconds{0};
  std::uint32_t days = 0;
  if (const auto dot = text.find('.'); dot != text.npos) {
    const auto first = take_number<std::uint32_t>(text, kMax);
    if (!first || !text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
    days = *first;
  }
  std::array<std::uint32_t, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0 && !text.starts_with(':')) return std::nullopt;
    text.remove_prefix(i != 0 ? 1 : 0);
    const auto part = take_number<std::uint32_t>(text, i == 0 ? kMax : 59);
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  if (!text.empty()) return std::nullopt;
  return std::chrono::days(days) + std::chrono::hours(parts[0]) + std::chrono::minutes(parts[1]) +
         std::chrono::seconds(parts[2]);
}

bool is_policy_option(std::string_view name) {
  const auto same = [&](const auto& option) { return equal_ignoring_case(option.name, name); };
  return equal_ignoring_case(name, kComplexity) || std::any_of(std::begin(kNumbers), std::end(kNumbers), same) ||
         std::any_of(std::begin(kTimes), std::end(kTimes), same);
}

void run_policy_cmdlet(CommandContext& context, bool set) {
  auto* domain = context.server();
  const auto name = identity_of(context);
  if (!name.empty()) domain = find_domain(context.forest, name);
  if (domain == nullptr && name.empty() && context.forest.domains.size() == 1) domain = &context.forest.domains.front();
  if (domain == nullptr)
    return context.refuse(context.words.name +
                          (name.empty() ? std::string(": name the domain") : ": no domain '" + name + "'"));
  if (set)
    change(context, domain->policy);
  else
    show(context, *domain);
}

}  // namespace stead::kdc
