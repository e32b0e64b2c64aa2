#include "proxy/http/request_target.h"

#include <algorithm>

namespace stead::proxy {

std::string_view path_of(std::string_view target) {
  if (target.empty()) return {};
  if (target.front() != '/') {
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return {};
    target.remove_prefix(scheme_end + 3);
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    target.remove_prefix(end);
    if (target.empty() || target.front() == '?') return "/";
  }
  return target.substr(0, target.find('?'));
}

void assign_host_name(std::string& out, std::string_view authority) {
  const std::size_t end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  out.assign(authority.starts_with('[') && end != std::string_view::npos ? authority.substr(0, end + 1)
                                                                         : authority.substr(0, end));
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (out.size() > 1 && out.back() == '.') out.pop_back();
}

std::string host_name_of(std::string_view authority) {
  std::string name;
  assign_host_name(name, authority);
  return name;
}

}  // namespace stead::proxy
