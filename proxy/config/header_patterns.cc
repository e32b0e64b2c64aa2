#include "proxy/config/header_patterns.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/text_rules.h"

namespace stead::proxy {

std::optional<std::string> parse_header_pattern(std::string_view text) {
  const bool is_prefix = text.ends_with('*');
  if (is_prefix) text.remove_suffix(1);
  if (!is_token(text) || text.find('*') != std::string_view::npos) return std::nullopt;
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), folded);
  return is_prefix ? out + '*' : out;
}

bool matches_header(std::string_view pattern, std::string_view name) {
  const bool is_prefix = pattern.ends_with('*');
  if (is_prefix) pattern.remove_suffix(1);
  if (is_prefix ? name.size() < pattern.size() : name.size() != pattern.size()) return false;
  return std::equal(pattern.begin(), pattern.end(), name.begin(), [](char a, char b) { return a == folded(b); });
}

bool is_never_forwarded(std::string_view pattern) {
  return std::any_of(kNeverForwarded.begin(), kNeverForwarded.end(), [&](std::string_view never) {
    if (!never.ends_with('*')) return never == pattern;
    return pattern.starts_with(never.substr(0, never.size() - 1));
  });
}

}  // namespace stead::proxy
