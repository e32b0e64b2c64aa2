#pragma once
// Finds the route of a request by host and path.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/policy_path.h"

namespace stead::proxy {

class Router {
 public:
  explicit Router(const std::vector<Route>& routes);

  struct Match {
    const Route* route = nullptr;  // null: no route has this path
    std::size_t index = 0;         // of the route, in the file's order
    bool known_host = false;
    bool reserved = false;   // the proxy's own pages
    bool ambiguous = false;  // a back end may read the path as one of another route
  };
  // `host`: lower case, without port. The host chooses first: of the routes that serve the path, those that name the host
  // go before those of a wildcard, the longer of which goes first, and those of any host are last. Among the routes of
  // one host the longest prefix wins.
  [[nodiscard]] Match match(std::string_view host, const PathReadings& path) const;
  // Every route that serves the host, the closest first.
  [[nodiscard]] std::vector<Match> all_of(std::string_view host) const;

 private:
  struct Entry {
    const Route* route;
    std::size_t index;
    std::string prefix;         // policy_prefix(route->path)
    std::string folded_prefix;  // in lower case
  };
  enum class Case { as_routes_say, ignored };
  [[nodiscard]] Match match_one(std::string_view host, std::string_view policy_path) const;
  [[nodiscard]] Match find(std::string_view host, std::string_view policy_path, Case letters) const;

  bool any_ignores_case_ = false;
  std::vector<Entry> entries_;  // in the order in which they are tried
};

}  // namespace stead::proxy
