#include "proxy/http/target.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/hex.h"

namespace stead::proxy {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// Empty, or ':' and at most five digits.
bool is_port_part(std::string_view text) {
  if (text.empty() || text == ":") return true;
  return text.front() == ':' && text.size() <= 6 && is_digits(text.substr(1));
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close < 2) return false;
    const std::string_view address = text.substr(1, close - 1);
    const auto is_address_character = [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; };
    return std::all_of(address.begin(), address.end(), is_address_character) && is_port_part(text.substr(close + 1));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), is_name_character) &&
         is_port_part(text.substr(colon));
}

OriginForm origin_form_of(std::string_view target) {
  const std::size_t scheme_end = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (scheme_end == std::string_view::npos) return {.authority = {}, .path_and_query = target};
  target.remove_prefix(scheme_end + 3);
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  return {.authority = target.substr(0, end), .path_and_query = target.substr(end)};
}

std::string_view path_of(std::string_view target) {
  if (!target.starts_with('/')) {
    if (target.find("://") == std::string_view::npos) return {};
    target = origin_form_of(target).path_and_query;
    if (target.empty() || target.front() == '?') return "/";
  }
  return target.substr(0, target.find('?'));
}

void assign_host_name(std::string& out, std::string_view authority) {
  const std::size_t end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  out.assign(authority.starts_with('[') && end != std::string_view::npos ? authority.substr(0, end + 1)
                                                                         : authority.substr(0, end));
  for (char& c : out) c = lower_letter(c);
  if (out.size() > 1 && out.back() == '.') out.pop_back();
}

std::string host_name_of(std::string_view authority) {
  std::string name;
  assign_host_name(name, authority);
  return name;
}

}  // namespace stead::proxy
