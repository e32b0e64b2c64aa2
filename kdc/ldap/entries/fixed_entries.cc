#include "kdc/ldap/entries/fixed_entries.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "kdc/directory/domain_guid.h"
#include "kdc/forest/controller_accounts.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

using Texts = std::initializer_list<std::string_view>;

Buffer text(std::string_view value) {
  return to_buffer(as_bytes(value));
}

// wellKnownObjects of a domain (MS-ADTS §6.1.1.4).
struct WellKnownContainer {
  std::string_view guid, rdn, object_class;
};
constexpr WellKnownContainer kContainers[] = {
    {"A9D1CA15768811D1ADED00C04FD8D5CD", "CN=Users", "container"},
    {"AA312825768811D1ADED00C04FD8D5CD", "CN=Computers", "container"},
    {"A361B2FFFFD211D1AA4B00C04FD7D83A", "OU=Domain Controllers", "organizationalUnit"},
    {"AB1D30F3768811D1ADED00C04FD8D5CD", "CN=System", "container"},
    {"22B70C67D56E4EFB91E9300FCA3DC1AA", "CN=ForeignSecurityPrincipals", "container"},
};

class Builder {
 public:
  explicit Builder(const Tree& tree) : tree_(tree), domain_(*tree.domain().domain) {}

  std::vector<FixedEntry> build() {
    add_domain_head();
    add_configuration();
    return std::move(out_);
  }

 private:
  // The entry is filled in by the caller, before the next is added.
  FixedEntry& add(std::string dn, std::optional<std::size_t> parent, Texts classes, std::string_view category) {
    FixedEntry& entry = out_.emplace_back();
    entry.dn = std::move(dn);
    entry.parent = parent;
    for (const auto each : classes) put(entry, "objectClass", each);
    const auto equals = entry.dn.find('='), comma = entry.dn.find(',');
    const auto name = entry.dn.substr(equals + 1, comma - equals - 1);
    put(entry, entry.dn.starts_with("OU") ? "ou" : entry.dn.starts_with("DC") ? "dc" : "cn", name);
    put(entry, "name", name);
    put(entry, "distinguishedName", entry.dn);
    put(entry, "instanceType", parent ? "4" : "5");
    put(entry, "objectCategory", "CN=" + std::string(category) + ',' + tree_.schema_dn());
    if (!has(entry, "objectGUID")) {
      const auto guid = named_guid(entry.dn);
      entry.attributes.push_back({"objectGUID", {Buffer(guid.begin(), guid.end())}});
    }
    return entry;
  }

  static bool has(const FixedEntry& entry, std::string_view name) {
    return std::any_of(entry.attributes.begin(), entry.attributes.end(),
                       [&](const EntryAttribute& attribute) { return attribute.name == name; });
  }

  static void put(FixedEntry& entry, std::string_view name, std::string_view value) {
    const auto same = [&](const EntryAttribute& attribute) { return attribute.name == name; };
    const auto found = std::find_if(entry.attributes.begin(), entry.attributes.end(), same);
    if (found != entry.attributes.end())
      found->values.push_back(text(value));
    else
      entry.attributes.push_back({std::string(name), {text(value)}});
  }

  std::size_t last() const { return out_.size() - 1; }

  void add_domain_head() {
    FixedEntry& head = add(tree_.domain_dn(), {}, {"top", "domain", "domainDNS"}, "Domain-DNS");
    std::erase_if(head.attributes, [](const EntryAttribute& attribute) { return attribute.name == "objectGUID"; });
    const auto guid = domain_guid(domain_);
    head.attributes.push_back({"objectGUID", {Buffer(guid.begin(), guid.end())}});
    head.attributes.push_back({"objectSid", {encode(domain_.sid)}});
    put(head, "ms-DS-MachineAccountQuota", "10");
    put(head, "msDS-Behavior-Version", std::to_string(behavior_version(tree_.domain_level())));
    put(head, "nTMixedDomain", "0");
    add_policy(head);
    for (const auto& [id, rdn, object_class] : kContainers)
      put(head, "wellKnownObjects", "B:32:" + std::string(id) + ':' + std::string(rdn) + ',' + tree_.domain_dn());
    const std::size_t top = last();
    for (const auto& [id, rdn, object_class] : kContainers) {
      add(std::string(rdn) + ',' + tree_.domain_dn(), top, {"top", object_class},
          object_class == "container" ? "Container" : "Organizational-Unit");
      if (rdn == "CN=System") add_trusts(last());
    }
  }

  // Intervals are negative, in units of 100 ns.
  void add_policy(FixedEntry& head) const {
    const AccountPolicy& policy = domain_.policy;
    const auto interval = [](std::chrono::seconds value, std::int64_t of_zero) {
      return std::to_string(value.count() == 0 ? of_zero : -value.count() * 10'000'000);
    };
    constexpr auto kNever = std::numeric_limits<std::int64_t>::min();
    put(head, "lockoutThreshold", std::to_string(policy.lockout_threshold));
    put(head, "lockoutDuration", interval(policy.lockout_duration, kNever));
    put(head, "lockOutObservationWindow", interval(policy.lockout_window, 0));
    put(head, "minPwdLength", std::to_string(policy.password_min_length));
    put(head, "pwdHistoryLength", std::to_string(policy.password_history));
    put(head, "pwdProperties", policy.password_complexity ? "1" : "0");
    put(head, "minPwdAge", interval(policy.password_min_age, 0));
    put(head, "maxPwdAge", interval(policy.password_max_age, kNever));
  }

  void add_trusts(std::size_t system) {
    for (const auto& trust : tree_.domain().trusts) {
      const Domain& partner = *trust.partner->domain;
      const auto zone = to_lower(partner.realm);
      FixedEntry& entry =
          add("CN=" + zone + ',' + out_[system].dn, system, {"top", "leaf", "trustedDomain"}, "Trusted-Domain");
      put(entry, "trustPartner", zone);
      put(entry, "flatName", partner.netbios);
      put(entry, "trustDirection", std::to_string(trust_direction(trust)));
      put(entry, "trustType", "2");
      put(entry, "trustAttributes", std::to_string(trust_attributes(trust)));
      entry.attributes.push_back({"securityIdentifier", {encode(partner.sid)}});
      put(entry, "showInAdvancedViewOnly", "TRUE");
      put(entry, "isCriticalSystemObject", "TRUE");
    }
  }

  void add_configuration() {
    add(tree_.configuration_dn(), {}, {"top", "configuration"}, "Configuration");
    const std::size_t top = last();
    add_partitions(top);
    add_sites(top);
    add(tree_.schema_dn(), {}, {"top", "dMD"}, "DMD");
  }

  FixedEntry& add_cross_ref(const std::string& name, std::size_t partitions, const std::string& context,
                            const std::string& zone) {
    FixedEntry& entry = add("CN=" + name + ',' + out_[partitions].dn, partitions, {"top", "crossRef"}, "Cross-Ref");
    put(entry, "nCName", context);
    put(entry, "dnsRoot", zone);
    put(entry, "Enabled", "TRUE");
    return entry;
  }

  void add_partitions(std::size_t top) {
    FixedEntry& entry = add("CN=Partitions," + out_[top].dn, top, {"top", "crossRefContainer"}, "Cross-Ref-Container");
    put(entry, "msDS-Behavior-Version", std::to_string(behavior_version(tree_.forest_level())));
    for (const auto& suffix : upn_suffixes()) put(entry, "uPNSuffixes", suffix);
    const std::size_t partitions = last();
    put(add_cross_ref("Enterprise Configuration", partitions, tree_.configuration_dn(), domain_.forest), "systemFlags",
        "1");
    put(add_cross_ref("Enterprise Schema", partitions, tree_.schema_dn(), domain_.forest), "systemFlags", "1");
    for (const Domain& each : tree_.snapshot().forest().domains) {
      if (!equal_ignoring_case(each.forest, domain_.forest)) continue;
      const auto zone = to_lower(each.realm);
      FixedEntry& cross_ref = add_cross_ref(each.netbios, partitions, dn_of_zone(zone), zone);
      put(cross_ref, "nETBIOSName", each.netbios);
      put(cross_ref, "systemFlags", "3");
      put(cross_ref, "msDS-Behavior-Version", std::to_string(behavior_version(tree_.level_of(each))));
    }
  }

  // Those that the forest's trusts name for it.
  [[nodiscard]] std::vector<std::string> upn_suffixes() const {
    std::vector<std::string> out;
    for (const auto& trust : tree_.snapshot().forest().trusts) {
      const DomainEntry* second = tree_.snapshot().domain(trust.second);
      if (second == nullptr || !equal_ignoring_case(second->domain->forest, domain_.forest)) continue;
      for (const auto& suffix : trust.name_suffixes)
        if (std::find(out.begin(), out.end(), suffix) == out.end()) out.push_back(suffix);
    }
    return out;
  }

  void add_sites(std::size_t top) {
    add("CN=Sites," + out_[top].dn, top, {"top", "sitesContainer"}, "Sites-Container");
    const std::size_t sites = last();
    std::vector<std::pair<std::string, std::size_t>> servers;  // the container of each site
    for (const Domain& each : tree_.snapshot().forest().domains) {
      if (!equal_ignoring_case(each.forest, domain_.forest)) continue;
      for (const auto& controller : each.controllers) add_server(each, controller, sites, servers);
    }
  }

  void add_server(const Domain& domain, const Controller& controller, std::size_t sites,
                  std::vector<std::pair<std::string, std::size_t>>& servers) {
    auto site = std::find_if(servers.begin(), servers.end(),
                             [&](const auto& each) { return equal_ignoring_case(each.first, controller.site); });
    if (site == servers.end()) {
      add("CN=" + escaped_value(controller.site) + ',' + out_[sites].dn, sites, {"top", "site"}, "Site");
      const std::size_t added = last();
      add("CN=Servers," + out_[added].dn, added, {"top", "serversContainer"}, "Servers-Container");
      site = servers.insert(servers.end(), {controller.site, last()});
    }
    auto name = controller_account_name(controller);
    name.pop_back();
    FixedEntry& server = add("CN=" + name + ',' + out_[site->second].dn, site->second, {"top", "server"}, "Server");
    put(server, "dNSHostName", controller.name);
    put(server, "serverReference", "CN=" + name + ",OU=Domain Controllers," + dn_of_zone(to_lower(domain.realm)));
    const std::size_t added = last();
    FixedEntry& settings =
        add("CN=NTDS Settings," + out_[added].dn, added, {"top", "applicationSettings", "nTDSDSA"}, "NTDS-DSA");
    put(settings, "options", "1");  // a global catalog
    put(settings, "msDS-Behavior-Version", std::to_string(behavior_version(controller.level)));
    put(settings, "hasMasterNCs", dn_of_zone(to_lower(domain.realm)));
    put(settings, "hasMasterNCs", tree_.configuration_dn());
    put(settings, "hasMasterNCs", tree_.schema_dn());
  }

  const Tree& tree_;
  const Domain& domain_;
  std::vector<FixedEntry> out_;
};

}  // namespace

std::vector<FixedEntry> make_fixed_entries(const Tree& tree) {
  return Builder(tree).build();
}

std::uint32_t trust_direction(const TrustEntry& trust) {
  constexpr std::uint32_t kInbound = 1, kOutbound = 2;
  return (trust.partner_trusts_us ? kInbound : 0) | (trust.we_trust_partner ? kOutbound : 0);
}

std::uint32_t trust_attributes(const TrustEntry& trust) {
  constexpr std::uint32_t kQuarantined = 0x4, kForest = 0x8, kCrossOrganization = 0x10, kWithinForest = 0x20,
                          kTgtDelegation = 0x800;
  std::uint32_t out = 0;
  if (trust.trust->kind == TrustKind::forest) out |= kForest;
  if (trust.trust->kind == TrustKind::parent_child) out |= kWithinForest;
  if (trust.trust->kind == TrustKind::external && trust.trust->sid_filtering) out |= kQuarantined;
  if (trust.trust->selective_authentication) out |= kCrossOrganization;
  if (trust.trust->tgt_delegation && trust.trust->kind != TrustKind::parent_child) out |= kTgtDelegation;
  return out;
}

int behavior_version(Level level) {
  switch (level) {
    case Level::w2003:
      return 2;
    case Level::w2008:
      return 3;
    case Level::w2008r2:
      return 4;
    case Level::w2012:
      return 5;
    case Level::w2012r2:
      return 6;
    default:
      return 7;  // Server 2019 and 2022 have none of their own
  }
}

}  // namespace stead::kdc
