#include "proxy/http/policy_path.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/hex.h"

namespace stead::proxy {

bool has_path_prefix(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

std::string path_for_policy(std::string_view path) {
  if (path.find_first_of("%;") == std::string_view::npos && path.find("//") == std::string_view::npos)
    return std::string(path);
  std::string out;
  out.reserve(path.size());
  bool in_parameters = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%' && path.size() - i >= 3 && hex_digit(path[i + 1]) >= 0 && hex_digit(path[i + 2]) >= 0) {
      c = static_cast<char>(hex_digit(path[i + 1]) << 4 | hex_digit(path[i + 2]));
      i += 2;
    }
    if (c == '/')
      in_parameters = false;
    else if (c == ';')
      in_parameters = true;
    if (in_parameters || (c == '/' && out.ends_with('/'))) continue;
    out += c;
  }
  return out;
}

bool is_reserved(std::string_view policy_path) {
  return has_path_prefix(policy_path, "/.stead");
}

}  // namespace stead::proxy
