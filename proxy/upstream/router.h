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
  };
  // `host`: lower case, without port. The longest prefix wins; of equal ones, the route that names the host.
  [[nodiscard]] Match match(std::string_view host, std::string_view policy_path) const;

 private:
  struct Entry {
    const Route* route;
    std::size_t index;
    std::string prefix;  // path_for_policy(route->path)
  };
  std::vector<Entry> entries_;  // longest prefix first, then those that name a host
};

}  // namespace stead::proxy
