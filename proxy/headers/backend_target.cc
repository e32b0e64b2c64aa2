#include "proxy/headers/backend_target.h"

#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/http/text_rules.h"

namespace stead::proxy {
namespace {

// Takes one character of a path, an escape too; a slash with those that follow it.
char take(std::string_view& path) {
  char c = path.front();
  std::size_t size = 1;
  if (c == '%' && path.size() >= 3 && hex_digit(path[1]) >= 0 && hex_digit(path[2]) >= 0) {
    c = static_cast<char>(hex_digit(path[1]) << 4 | hex_digit(path[2]));
    size = 3;
  }
  path.remove_prefix(size);
  while (c == '/' && path.starts_with('/')) path.remove_prefix(1);
  return c;
}

}  // namespace

std::optional<std::string_view> target_for_backend(const Route& route, std::string_view target) {
  if (route.strip_prefix.empty() || target == "*") return target;
  std::string_view rest = target;
  for (const char wanted : route.strip_prefix) {
    if (rest.empty()) return std::nullopt;
    const char c = take(rest);
    if (c != wanted && !(route.ignore_case && lower_letter(c) == lower_letter(wanted))) return std::nullopt;
  }
  if (rest.empty() || rest.starts_with('?')) return rest;
  // Only a slash as such ends the prefix: an encoded one may be part of a name for the back end.
  if (!rest.starts_with('/')) return std::nullopt;
  while (rest.starts_with("//")) rest.remove_prefix(1);
  return rest;
}

}  // namespace stead::proxy
