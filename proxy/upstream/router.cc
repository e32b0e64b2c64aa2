#include "proxy/upstream/router.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace stead::proxy {

Router::Router(const std::vector<Route>& routes) {
  for (std::size_t i = 0; i < routes.size(); ++i) entries_.push_back({&routes[i], i, path_for_policy(routes[i].path)});
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    if (a.prefix.size() != b.prefix.size()) return a.prefix.size() > b.prefix.size();
    if (a.route->host.empty() != b.route->host.empty()) return b.route->host.empty();
    return a.index < b.index;
  });
}

Router::Match Router::match(std::string_view host, std::string_view policy_path) const {
  Match match;
  for (const Entry& entry : entries_) {
    if (!entry.route->host.empty() && entry.route->host != host) continue;
    match.known_host = true;
    if (!has_path_prefix(policy_path, entry.prefix)) continue;
    match.route = entry.route;
    match.index = entry.index;
    return match;
  }
  return match;
}

}  // namespace stead::proxy
