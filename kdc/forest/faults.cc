#include "kdc/forest/faults.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMaxLatency = 60, kMaxSkew = 10 * 365 * 24 * 3600;  // seconds

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t highest) {
  const auto out = take_number<std::uint32_t>(text, highest);
  return text.empty() ? out : std::nullopt;
}

// "200ms", "2s", "5m", "1h".
std::optional<milliseconds> duration(std::string_view text, std::uint32_t most_seconds) {
  const auto count = take_number<std::uint32_t>(text, 1'000'000'000);
  if (!count) return std::nullopt;
  milliseconds out{*count};
  if (text == "s")
    out *= 1000;
  else if (text == "m")
    out *= 60'000;
  else if (text == "h")
    out *= 3'600'000;
  else if (text != "ms")
    return std::nullopt;
  return out <= std::chrono::seconds(most_seconds) ? std::optional(out) : std::nullopt;
}

std::optional<std::chrono::seconds> signed_seconds(std::string_view text) {
  const bool behind = text.starts_with('-');
  const auto out = duration(text.substr(behind ? 1 : 0), kMaxSkew);
  if (!out || out->count() % 1000 != 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(behind ? -*out : *out);
}

template <class T, class Value>
bool take(const std::optional<Value>& value, T& out) {
  if (value) out = T(*value);
  return value.has_value();
}

bool take_fault(std::string_view name, std::string_view value, Faults& out) {
  if (name == "latency") return take(duration(value, kMaxLatency), out.latency);
  if (name == "drop") return take(number(value, 100), out.drop);
  if (name == "skew") return take(signed_seconds(value), out.skew);
  if (name == "udp_limit") return take(number(value, 65535), out.udp_limit);
  out.refuse_s4u = value == "true";
  return name == "refuse_s4u" && (value == "true" || value == "false");
}

}  // namespace

Checked<Faults> parse_faults(std::string_view text) {
  Faults out;
  if (text == "none") return out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const auto equals = word.find('=');
    if (equals == word.npos || !take_fault(word.substr(0, equals), word.substr(equals + 1), out))
      return Problem{'"' + std::string(word) +
                         "\" is no fault: write latency=200ms, drop=PERCENT, skew=-10m, refuse_s4u=true, "
                         "udp_limit=OCTETS, or none",
                     {},
                     {}};
  }
  return out;
}

std::string to_string(const Faults& faults) {
  std::string out;
  const auto add = [&](bool is_set, std::string_view name, const std::string& value) {
    if (is_set) out.append(out.empty() ? "" : " ").append(name).append("=").append(value);
  };
  add(faults.latency.count() != 0, "latency", std::to_string(faults.latency.count()) + "ms");
  add(faults.drop != 0, "drop", std::to_string(faults.drop));
  add(faults.skew.count() != 0, "skew", std::to_string(faults.skew.count()) + "s");
  add(faults.refuse_s4u, "refuse_s4u", "true");
  add(faults.udp_limit.has_value(), "udp_limit", std::to_string(faults.udp_limit.value_or(0)));
  return out.empty() ? "none" : out;
}

}  // namespace stead::kdc
