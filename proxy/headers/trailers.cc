#include "proxy/headers/trailers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/headers/field_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr auto kOnlyInHeads = std::to_array<std::string_view>({
    "age",
    "alt-svc",
    "authorization",
    "cache-control",
    "clear-site-data",
    "cookie",
    "date",
    "expires",
    "host",
    "location",
    "max-forwards",
    "pragma",
    "range",
    "refresh",
    "retry-after",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "uri",
    "vary",
    "warning",
    "x-request-id",
    "x-frame-options",
    "www-authenticate",
    "expect",
    "cross-origin-opener-policy",
});
constexpr auto kOnlyInHeadsPrefixes =
    std::to_array<std::string_view>({"content-", "access-control-", "if-", "proxy-", "sec-", "cross-origin-"});

bool begins_with(std::string_view name, std::string_view prefix) {
  return equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

}  // namespace

bool may_be_trailer(std::string_view name) {
  const auto is = [name](std::string_view other) { return equal_ignoring_case(name, other); };
  const auto begins = [name](std::string_view prefix) { return begins_with(name, prefix); };
  return !is_dropped_from_response({name, {}}) && std::ranges::none_of(kOnlyInHeads, is) &&
         std::ranges::none_of(kOnlyInHeadsPrefixes, begins);
}

void append_trailers(std::string& out, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n") + 2;
    const std::string_view line = lines.substr(0, end);
    if (may_be_trailer(line.substr(0, line.find(':')))) out.append(line);
    lines.remove_prefix(end);
  }
}

}  // namespace stead::proxy
