#include "sspi_shim/locate/controller_wish.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead {

namespace {

bool is_of_forest(const NetlogonResponse& response, const ControllerWish& wish) {
  return wish.forest.empty() || equal_ignoring_case(response.dns_forest_name, wish.forest);
}

bool is_of_domain(const NetlogonResponse& response, const ControllerWish& wish) {
  return !wish.domain_guid || response.domain_guid == *wish.domain_guid;
}

// Any response names the site that is closest to the client's.
std::string next_closest_site(const std::vector<std::optional<NetlogonResponse>>& responses) {
  for (const auto& response : responses) {
    if (response && response->next_closest_site_name && !response->next_closest_site_name->empty())
      return *response->next_closest_site_name;
  }
  return {};
}

// All that is preferred counts more than the distance.
constexpr int kPreferredRank = 4, kNearestRank = 2, kNextClosestRank = 1;

int rank(const NetlogonResponse& response, const ControllerWish& wish, const std::string& next_closest) {
  const int preferred = (response.flags & wish.preferred) == wish.preferred ? kPreferredRank : 0;
  if (!wish.near || (response.flags & ds_flag::closest) != 0) return preferred + kNearestRank;
  const bool is_next = !next_closest.empty() && equal_ignoring_case(response.dc_site_name, next_closest);
  return preferred + (is_next ? kNextClosestRank : 0);
}

}  // namespace

bool satisfies(const NetlogonResponse& response, const ControllerWish& wish) {
  if ((response.flags & wish.required) != wish.required) return false;
  if (wish.required_any != 0 && (response.flags & wish.required_any) == 0) return false;
  if (!wish.netbios.empty() && !equal_ignoring_case(response.netbios_domain_name, wish.netbios)) return false;
  if (level_of(response.flags) < wish.at_least || !is_of_forest(response, wish) || !is_of_domain(response, wish))
    return false;
  return wish.site.empty() || equal_ignoring_case(response.dc_site_name, wish.site);
}

std::string why_not(const NetlogonResponse& response, const ControllerWish& wish) {
  if (!is_of_domain(response, wish)) return "not this domain";
  return is_of_forest(response, wish) ? "lacks what is required" : "not this forest";
}

ControllerWish any_controller(const ControllerWish& wish) {
  ControllerWish out;
  out.realms = wish.realms;
  out.netbios = wish.netbios;
  out.fresh = wish.fresh;
  out.background = wish.background;
  out.domain_guid = wish.domain_guid;
  out.home = wish.home;
  out.timeout = wish.timeout;
  return out;
}

std::optional<ControllerChoice> choose_controller(const std::vector<std::optional<NetlogonResponse>>& responses,
                                                  const ControllerWish& wish) {
  const std::string next_closest = next_closest_site(responses);
  std::optional<ControllerChoice> best;
  int highest = -1;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    if (!responses[i] || !satisfies(*responses[i], wish)) continue;
    const int its_rank = rank(*responses[i], wish, next_closest);
    if (its_rank <= highest) continue;
    highest = its_rank;
    best = ControllerChoice{i, highest == kPreferredRank + kNearestRank};
  }
  return best;
}

}  // namespace stead
