#include "kdc/lookup/trust_path.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::kdc {
namespace {

bool is_transitive(const TrustEntry& trust) {
  return trust.trust->kind != TrustKind::external;
}

enum class ForestTrusts { allowed, excluded };
enum class ExternalTrusts { allowed, excluded };

// Breadth first over the trusts. A path crosses from forest to forest at most once. Returns the path's trusts in order;
// empty: there is none.
std::vector<const TrustEntry*> shortest_path(const DomainEntry& from, const DomainEntry& to, ForestTrusts forest_trusts,
                                             ExternalTrusts external_trusts) {
  struct Visit {
    const DomainEntry* at;
    bool crossed;
    std::size_t came_from;
    const TrustEntry* by;
  };
  const bool crossed_at_start = forest_trusts == ForestTrusts::excluded;
  std::vector<Visit> visits{{&from, crossed_at_start, 0, nullptr}};
  std::set<std::pair<const DomainEntry*, bool>> seen{{&from, crossed_at_start}};
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const Visit now = visits[i];
    for (const TrustEntry& trust : now.at->trusts) {
      if (!trust.partner_trusts_us) continue;
      const bool external_hop = external_trusts == ExternalTrusts::allowed && i == 0 && trust.partner == &to;
      if (!is_transitive(trust) && !external_hop) continue;
      const bool crosses = trust.trust->kind == TrustKind::forest;
      if (crosses && now.crossed) continue;
      const bool crossed = now.crossed || crosses;
      if (!seen.emplace(trust.partner, crossed).second) continue;
      visits.push_back({trust.partner, crossed, i, &trust});
      if (trust.partner != &to) continue;
      std::deque<const TrustEntry*> path;
      for (std::size_t v = visits.size() - 1; visits[v].by; v = visits[v].came_from) path.push_front(visits[v].by);
      return {path.begin(), path.end()};
    }
  }
  return {};
}

}  // namespace

bool is_same_forest(const DomainEntry& a, const DomainEntry& b) {
  return a.domain->forest == b.domain->forest;
}

const TrustEntry* next_hop(const DomainView& view, const DomainEntry& destination, std::string_view client_realm,
                           const TrustEntry* arrived_by) {
  const DomainEntry* home = view.snapshot.domain(client_realm);
  const bool goes_home = home == &destination;
  if (arrived_by && !is_transitive(*arrived_by) && !goes_home) return nullptr;
  const bool foreign_client = home && !is_same_forest(*home, view.domain);
  const bool may_cross = !foreign_client || is_same_forest(*home, destination);
  const bool may_use_external = goes_home || home == &view.domain;
  const auto path = shortest_path(view.domain, destination, may_cross ? ForestTrusts::allowed : ForestTrusts::excluded,
                                  may_use_external ? ExternalTrusts::allowed : ExternalTrusts::excluded);
  return path.empty() ? nullptr : path.front();
}

std::optional<std::vector<std::string>> realms_between(const Snapshot& snapshot, std::string_view from,
                                                       std::string_view to) {
  const DomainEntry* start = snapshot.domain(from);
  const DomainEntry* end = snapshot.domain(to);
  if (!start || !end) return {};
  std::vector<std::string> out;
  if (start == end) return out;
  const auto path = shortest_path(*start, *end, ForestTrusts::allowed, ExternalTrusts::allowed);
  if (path.empty()) return {};
  for (const TrustEntry* trust : path) out.push_back(trust->partner->domain->realm);
  out.pop_back();
  return out;
}

bool is_trust_path(const Snapshot& snapshot, std::string_view client, const std::vector<std::string>& between,
                   std::string_view server) {
  if (client == server) return true;
  const auto trusted_by = [&](std::string_view realm, std::string_view next) {
    const DomainEntry* entry = snapshot.domain(realm);
    if (!entry) return false;
    for (const TrustEntry& trust : entry->trusts)
      if (trust.partner_trusts_us && trust.partner->domain->realm == next) return true;
    return false;
  };
  std::string_view at = client;
  for (const std::string& realm : between) {
    if (!trusted_by(at, realm)) return false;
    at = realm;
  }
  return trusted_by(at, server);
}

bool may_speak_for(const Snapshot& snapshot, const TrustEntry& trust, std::string_view crealm) {
  if (trust.trust->kind == TrustKind::external) return crealm == trust.partner->domain->realm;
  const DomainEntry* domain = snapshot.domain(crealm);
  if (!domain || domain->domain->realm != crealm || domain == trust.self) return false;
  return trust.trust->kind == TrustKind::parent_child || is_same_forest(*domain, *trust.partner);
}

bool may_speak_for_user(const Snapshot& snapshot, const TrustEntry& trust, std::string_view realm) {
  if (is_same_forest(*trust.self, *trust.partner) && realm == trust.self->domain->realm) return true;
  return may_speak_for(snapshot, trust, realm);
}

const TrustEntry* trust_from(const DomainEntry& domain, std::string_view partner_realm) {
  for (const TrustEntry& trust : domain.trusts)
    if (trust.we_trust_partner && trust.partner->domain->realm == partner_realm) return &trust;
  return nullptr;
}

}  // namespace stead::kdc
