#include "proxy/headers/cache_control.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/http/text_rules.h"
#include "proxy/http/wire_text.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

// RFC 9213, and what products had before it.
constexpr auto kForSharedCaches = std::to_array<std::string_view>(
    {"cdn-cache-control", "surrogate-control", "edge-control", "x-accel-expires", "cloudflare-cdn-cache-control",
     "akamai-cache-control", "netlify-cdn-cache-control", "vercel-cdn-cache-control", "fastly-cache-control"});

// The directives that let a shared cache store the answer to a request with credentials (RFC 9111 §3.5).
constexpr auto kShared = std::to_array<std::string_view>({"public", "s-maxage"});

bool is_one_of(const auto& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view each) { return equal_ignoring_case(each, name); });
}

// The end of the first directive: a comma outside of quotes, or the end.
std::size_t end_of_directive(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      quoted = !quoted;
    else if (quoted && text[i] == '\\')
      ++i;
    else if (!quoted && text[i] == ',')
      return i;
  }
  return text.size();
}

}  // namespace

bool is_for_shared_caches(std::string_view name) {
  return is_one_of(kForSharedCaches, name);
}

void PrivateCacheControl::append(std::string& out, std::string_view value) {
  std::string kept;
  while (!value.empty()) {
    const std::size_t end = end_of_directive(value);
    const std::string_view directive = trim_blanks(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
    // "private" with a list of fields keeps only those fields out of shared caches.
    is_private_ =
        is_private_ || equal_ignoring_case(directive, "private") || equal_ignoring_case(directive, "no-store");
    if (directive.empty() || is_one_of(kShared, trim_blanks(directive.substr(0, directive.find('='))))) continue;
    if (!kept.empty()) kept += ", ";
    kept.append(directive);
  }
  if (!kept.empty()) append_field(out, "Cache-Control", kept);
}

void PrivateCacheControl::finish(std::string& out) const {
  if (!is_private_) append_field(out, "Cache-Control", "private");
}

}  // namespace stead::proxy
