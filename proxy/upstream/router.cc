#include "proxy/upstream/router.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead::proxy {

namespace {

bool serves_host(const Route& route, std::string_view host) {
  if (route.host.empty()) return true;
  if (!route.host.starts_with('*')) return route.host == host;
  const std::string_view domain = std::string_view(route.host).substr(1);  // ".example.com"
  return host.size() > domain.size() && host.ends_with(domain);
}

// How closely the route names its hosts: an exact name, then the longest wildcard, then any.
std::size_t closeness(const Route& route) {
  constexpr std::size_t kExact = std::size_t{1} << 32;
  return route.has_one_host() ? kExact : route.host.size();
}

}  // namespace

Router::Router(const std::vector<Route>& routes) {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const std::string prefix = policy_prefix(routes[i].path);
    entries_.push_back({&routes[i], i, prefix, to_lower(prefix)});
    any_ignores_case_ = any_ignores_case_ || routes[i].ignore_case;
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    const std::size_t first = closeness(*a.route), second = closeness(*b.route);
    if (first != second) return first > second;
    if (a.prefix.size() != b.prefix.size()) return a.prefix.size() > b.prefix.size();
    return a.index < b.index;
  });
}

Router::Match Router::find(std::string_view host, std::string_view policy_path, Case letters) const {
  Match match;
  const std::string folded = any_ignores_case_ ? to_lower(policy_path) : std::string();
  for (const Entry& entry : entries_) {
    if (!serves_host(*entry.route, host)) continue;
    match.known_host = true;
    const bool fold = any_ignores_case_ && (letters == Case::ignored || entry.route->ignore_case);
    if (!(fold ? has_path_prefix(folded, entry.folded_prefix) : has_path_prefix(policy_path, entry.prefix))) continue;
    match.route = entry.route;
    match.index = entry.index;
    return match;
  }
  return match;
}

Router::Match Router::match_one(std::string_view host, std::string_view policy_path) const {
  const Match match = find(host, policy_path, Case::as_routes_say);
  // A back end that ignores case serves /ADMIN/ as /admin/, so the rules of /admin/ hold, whatever that route says.
  return match.route != nullptr && match.route->ignore_case ? find(host, policy_path, Case::ignored) : match;
}

std::vector<Router::Match> Router::all_of(std::string_view host) const {
  std::vector<Match> out;
  for (const Entry& entry : entries_)
    if (serves_host(*entry.route, host))
      out.push_back({.route = entry.route, .index = entry.index, .known_host = true});
  return out;
}

Router::Match Router::match(std::string_view host, const PathReadings& path) const {
  Match match = match_one(host, path.path);
  match.reserved = is_reserved(path.path);
  match.ambiguous = std::any_of(path.others.begin(), path.others.end(), [&](const std::string& other) {
    return is_reserved(other) != match.reserved || match_one(host, other).route != match.route;
  });
  return match;
}

}  // namespace stead::proxy
