#include "proxy/config/limits_table.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "proxy/config/values/values.h"

namespace stead::proxy {
namespace {

template <class Integer>
struct Number {
  const char* key;
  Integer Limits::* value;
  std::int64_t lowest, highest;
};

constexpr Number<std::size_t> kSizes[] = {
    {"header_bytes", &Limits::header_bytes, 1024, 1024 * 1024},
    {"login_body_bytes", &Limits::login_body_bytes, 1024, 1024 * 1024},
    {"connections", &Limits::connections, 1, 10'000'000},
    {"connections_per_address", &Limits::connections_per_address, 1, 10'000'000},
    {"body_bytes_per_second", &Limits::body_bytes_per_second, 0, 1'000'000'000},
    {"http2_streams", &Limits::http2_streams, 1, 10'000},
    {"http2_stream_window", &Limits::http2_stream_window, 65'535, 16 * 1024 * 1024},
    {"http2_resets_per_minute", &Limits::http2_resets_per_minute, 1, 1000},
    {"upstream_idle_connections_per_user", &Limits::upstream_idle_connections_per_user, 0, 1000},
};

constexpr Number<int> kCounts[] = {
    {"login_failures_per_user", &Limits::login_failures_per_user, 1, 1'000'000},
    {"login_failures_per_address", &Limits::login_failures_per_address, 1, 1'000'000},
};

constexpr std::pair<const char*, std::chrono::seconds Limits::*> kTimes[] = {
    {"header_timeout", &Limits::header_timeout},
    {"idle_timeout", &Limits::idle_timeout},
    {"body_idle_timeout", &Limits::body_idle_timeout},
    {"upstream_connect_timeout", &Limits::upstream_connect_timeout},
    {"upstream_reply_timeout", &Limits::upstream_reply_timeout},
    {"upstream_idle_timeout", &Limits::upstream_idle_timeout},
    {"tunnel_idle_timeout", &Limits::tunnel_idle_timeout},
    {"drain_timeout", &Limits::drain_timeout},
    {"lame_duck", &Limits::lame_duck},
    {"login_window", &Limits::login_window},
};

constexpr Number<std::uint32_t> kRates[] = {
    {"requests_per_address", &Limits::requests_per_address, 0, 1'000'000},
    {"requests_burst", &Limits::requests_burst, 1, 10'000'000},
};

template <class Integer>
void read_number(const Number<Integer>& number, TomlTable& table, Limits& out) {
  table.integer(number.key, out.*number.value, number.lowest, number.highest);
}

}  // namespace

void print_limits(TomlWriter& out, const Limits& limits) {
  for (const auto& size : kSizes) out.number(size.key, limits.*size.value);
  if (limits.requests_per_address > 0)
    for (const auto& rate : kRates) out.number(rate.key, limits.*rate.value);
  for (const auto& count : kCounts) out.number(count.key, static_cast<std::uint64_t>(limits.*count.value));
  for (const auto& [key, value] : kTimes)
    if ((limits.*value).count() > 0) out.time(key, limits.*value);
}

void read_limits_table(const toml::table& table, FileErrors& errors, Limits& out) {
  TomlTable limits(table, "[limits]", errors);
  for (const auto& size : kSizes) read_number(size, limits, out);
  for (const auto& rate : kRates) read_number(rate, limits, out);
  if (limits.has("requests_burst") && out.requests_per_address == 0)
    limits.error("requests_burst", "requests_burst has no meaning without requests_per_address");
  if (out.requests_burst == 0) out.requests_burst = 2 * out.requests_per_address;
  for (const auto& count : kCounts) read_number(count, limits, out);
  for (const auto& [key, value] : kTimes) read_duration(limits, key, errors, out.*value);
  limits.finish();
}

}  // namespace stead::proxy
