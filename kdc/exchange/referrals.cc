#include "kdc/exchange/referrals.h"

#include <deque>
#include <set>

namespace stead::kdc {
namespace {

// "corp.contoso.com" ends "www.corp.contoso.com" and "corp.contoso.com", not "xcorp.contoso.com".
bool ends_in(std::string_view host, std::string_view suffix) {
  if (host.size() < suffix.size() || !equal_ignoring_case(host.substr(host.size() - suffix.size()), suffix))
    return false;
  return host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.';
}

bool same_forest(const DomainEntry& a, const DomainEntry& b) {
  return a.domain->forest == b.domain->forest;
}

// The trust whose partner's names have the longest suffix of `host`. Forest trusts of any domain of the own forest,
// external ones of the own domain. `outwards`: only those that let our clients in at the other end.
const TrustEntry* trust_by_suffix(const Context& ctx, std::string_view host, bool outwards) {
  const TrustEntry* best = nullptr;
  std::size_t best_size = 0;
  const auto consider = [&](const TrustEntry& trust, std::string_view suffix) {
    if (suffix.size() > best_size && ends_in(host, suffix)) best = &trust, best_size = suffix.size();
  };
  for (const Domain& domain : ctx.snapshot.forest().domains) {
    if (domain.forest != ctx.domain.domain->forest) continue;
    const DomainEntry* entry = ctx.snapshot.domain(domain.realm);
    if (!entry) continue;
    for (const TrustEntry& trust : entry->trusts) {
      if (outwards && !trust.partner_trusts_us) continue;
      if (trust.trust->kind == TrustKind::external && entry == &ctx.domain)
        consider(trust, trust.partner->domain->realm);
      if (trust.trust->kind != TrustKind::forest) continue;
      for (const Domain& theirs : ctx.snapshot.forest().domains)
        if (theirs.forest == trust.partner->domain->forest) consider(trust, theirs.realm);
      if (trust.trust->second == trust.partner->domain->realm)
        for (const std::string& suffix : trust.trust->name_suffixes) consider(trust, suffix);
    }
  }
  return best;
}

std::string_view host_of(const PrincipalName& spn) {
  if (spn.components.size() < 2) return {};
  const std::string_view host = spn.components[1];
  return host.substr(0, host.find_first_of(":/"));
}

const AccountEntry* local_service(const Context& ctx, const DomainEntry& domain, std::string_view name) {
  if (const AccountEntry* found = ctx.snapshot.by_spn(domain, name)) return found;
  if (name.find('/') != std::string_view::npos) return nullptr;
  return ctx.snapshot.account(domain, name);
}

bool is_changepw(std::string_view name) {
  return equal_ignoring_case(name, "kadmin/changepw");
}

Target here(const AccountEntry* account) {
  return {.place = Target::Place::here, .account = account};
}
Target elsewhere(const DomainEntry* domain) {
  return {.place = Target::Place::elsewhere, .destination = domain};
}

Target find_krbtgt(const Context& ctx, std::string_view realm) {
  const DomainEntry* domain = ctx.snapshot.domain(realm);
  if (!domain) return {.krbtgt_asked = true};
  Target found = domain == &ctx.domain ? Target{.place = Target::Place::own_krbtgt, .account = ctx.domain.krbtgt}
                                       : elsewhere(domain);
  found.krbtgt_asked = true;
  return found;
}

// Another domain of the forest with such an account.
const DomainEntry* in_global_catalog(const Context& ctx, std::string_view spn,
                                     const AccountEntry* (Snapshot::*look_up)(const DomainEntry&, std::string_view)
                                         const) {
  for (const Domain& domain : ctx.snapshot.forest().domains) {
    if (domain.forest != ctx.domain.domain->forest) continue;
    const DomainEntry* entry = ctx.snapshot.domain(domain.realm);
    if (entry && entry != &ctx.domain && (ctx.snapshot.*look_up)(*entry, spn)) return entry;
  }
  return nullptr;
}

// An SPN that no account of this domain has: what the global catalog knows, then whom HOST/… stands for, then what the
// forest trusts claim.
Target find_further(const Context& ctx, std::string_view spn, std::string_view host) {
  if (const DomainEntry* domain = in_global_catalog(ctx, spn, &Snapshot::by_spn)) return elsewhere(domain);
  if (const AccountEntry* alias = ctx.snapshot.by_host_alias(ctx.domain, spn)) return here(alias);
  if (const DomainEntry* domain = in_global_catalog(ctx, spn, &Snapshot::by_host_alias)) return elsewhere(domain);
  if (!host.empty())
    if (const TrustEntry* trust = trust_by_suffix(ctx, host, true)) return elsewhere(trust->partner);
  return {};
}

Target find_enterprise(const Context& ctx, const std::string& name) {
  const std::size_t at = name.rfind('@');
  const std::string service = name.substr(0, at);
  if (at != std::string::npos) {
    const DomainEntry* domain = ctx.snapshot.domain(std::string_view(name).substr(at + 1));
    if (domain && domain != &ctx.domain) return elsewhere(domain);
  }
  if (const AccountEntry* found = local_service(ctx, ctx.domain, service)) return here(found);
  if (const AccountEntry* found = ctx.snapshot.by_upn(ctx.domain, name))
    return found->domain == &ctx.domain ? here(found) : elsewhere(found->domain);
  const std::size_t slash = service.find('/');
  if (slash == std::string::npos) return {};
  const std::string_view host = std::string_view(service).substr(slash + 1);
  return find_further(ctx, service, host.substr(0, host.find_first_of(":/")));
}

bool transits(const TrustEntry& trust) {
  return trust.trust->kind != TrustKind::external;
}

// Breadth first over the trusts; a way crosses from forest to forest at most once. Gives the trusts of the way in
// order.
std::vector<const TrustEntry*> shortest_way(const DomainEntry& from, const DomainEntry& to, bool may_cross_forest,
                                            bool may_use_external) {
  struct Visit {
    const DomainEntry* at;
    bool crossed;
    std::size_t came_from;
    const TrustEntry* by;
  };
  std::vector<Visit> visits{{&from, !may_cross_forest, 0, nullptr}};
  std::set<std::pair<const DomainEntry*, bool>> seen{{&from, !may_cross_forest}};
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const Visit now = visits[i];
    for (const TrustEntry& trust : now.at->trusts) {
      if (!trust.partner_trusts_us) continue;
      if (!transits(trust) && !(may_use_external && i == 0 && trust.partner == &to)) continue;
      const bool crosses = trust.trust->kind == TrustKind::forest;
      if (crosses && now.crossed) continue;
      const bool crossed = now.crossed || crosses;
      if (!seen.emplace(trust.partner, crossed).second) continue;
      visits.push_back({trust.partner, crossed, i, &trust});
      if (trust.partner != &to) continue;
      std::deque<const TrustEntry*> way;
      for (std::size_t v = visits.size() - 1; visits[v].by; v = visits[v].came_from) way.push_front(visits[v].by);
      return {way.begin(), way.end()};
    }
  }
  return {};
}

}  // namespace

std::string joined(const PrincipalName& name) {
  std::string out;
  for (const std::string& component : name.components) {
    if (!out.empty()) out += '/';
    out += component;
  }
  return out;
}

ClientLookup find_client(const Context& ctx, const PrincipalName& name) {
  const std::string text = joined(name);
  if (text.empty()) return {};
  if (name.type != NameType::enterprise) {
    const AccountEntry* found = name.components.size() == 1 ? ctx.snapshot.account(ctx.domain, text) : nullptr;
    if (!found) found = ctx.snapshot.by_spn(ctx.domain, text);
    if (found) return {.account = found, .other_realm = {}};
  }
  if (const AccountEntry* found = ctx.snapshot.by_upn(ctx.domain, text)) {
    if (found->domain == &ctx.domain) return {.account = found, .other_realm = {}};
    return {.account = nullptr, .other_realm = found->domain->domain->realm};
  }
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) {
    // An enterprise name without a suffix is of this domain; an SPN was looked up above.
    return {.account = name.type == NameType::enterprise ? ctx.snapshot.account(ctx.domain, text) : nullptr,
            .other_realm = {}};
  }
  const std::string_view suffix = std::string_view(text).substr(at + 1);
  if (const DomainEntry* domain = ctx.snapshot.domain(suffix); domain && same_forest(*domain, ctx.domain)) {
    const AccountEntry* found = domain == &ctx.domain ? local_service(ctx, ctx.domain, text.substr(0, at)) : nullptr;
    return {.account = found, .other_realm = {}};
  }
  if (const TrustEntry* trust = trust_by_suffix(ctx, suffix, false))
    return {.account = nullptr, .other_realm = trust->partner->domain->realm};
  return {};
}

const AccountEntry* account_of_cname(const Context& ctx, const PrincipalName& cname) {
  return find_client(ctx, cname).account;
}

Target find_target(const Context& ctx, const PrincipalName& sname) {
  if (sname.components.empty()) return {};
  if (is_krbtgt(sname) && sname.components.size() == 2) return find_krbtgt(ctx, sname.components[1]);
  const std::string name = joined(sname);
  if (is_changepw(name)) return here(ctx.domain.krbtgt);
  if (sname.type == NameType::enterprise) return find_enterprise(ctx, name);
  if (const AccountEntry* found = ctx.snapshot.by_spn(ctx.domain, name)) return here(found);
  if (sname.components.size() == 1) {
    if (const AccountEntry* found = ctx.snapshot.account(ctx.domain, name)) return here(found);
    if (const AccountEntry* found = ctx.snapshot.by_upn(ctx.domain, name); found && found->domain == &ctx.domain)
      return here(found);
    return {};
  }
  return find_further(ctx, name, host_of(sname));
}

const TrustEntry* next_hop(const Context& ctx, const DomainEntry& destination, std::string_view client_realm,
                           const TrustEntry* arrived_by) {
  const DomainEntry* home = ctx.snapshot.domain(client_realm);
  const bool goes_home = home == &destination;
  if (arrived_by && !transits(*arrived_by) && !goes_home) return nullptr;
  const bool foreign_forest = home && !same_forest(*home, ctx.domain);
  const bool may_cross = !foreign_forest || same_forest(*home, destination);
  const bool may_use_external = goes_home || home == &ctx.domain;
  const auto way = shortest_way(ctx.domain, destination, may_cross, may_use_external);
  return way.empty() ? nullptr : way.front();
}

std::optional<std::vector<std::string>> realms_between(const Snapshot& snapshot, std::string_view from,
                                                       std::string_view to) {
  const DomainEntry* start = snapshot.domain(from);
  const DomainEntry* end = snapshot.domain(to);
  if (!start || !end) return {};
  std::vector<std::string> out;
  if (start == end) return out;
  const auto way = shortest_way(*start, *end, true, true);
  if (way.empty()) return {};
  for (const TrustEntry* trust : way) out.push_back(trust->partner->domain->realm);
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
  return trust.trust->kind == TrustKind::parent_child || same_forest(*domain, *trust.partner);
}

bool may_speak_for_user(const Snapshot& snapshot, const TrustEntry& trust, std::string_view realm) {
  if (same_forest(*trust.self, *trust.partner) && realm == trust.self->domain->realm) return true;
  return may_speak_for(snapshot, trust, realm);
}

const TrustEntry* trust_from(const DomainEntry& domain, std::string_view partner_realm) {
  for (const TrustEntry& trust : domain.trusts)
    if (trust.we_trust_partner && trust.partner->domain->realm == partner_realm) return &trust;
  return nullptr;
}

}  // namespace stead::kdc
