#include "sspi_shim/locate/realm_controllers.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/realm_proxy.h"

namespace stead {
namespace asio = boost::asio;

RealmControllers::RealmControllers(asio::any_io_executor executor, LocatorOptions options, LocatorTimes times)
    : options_(std::move(options)),
      health_(std::make_shared<ControllerHealth>(times)),
      pings_(std::make_shared<PingCache>(executor, times, health_)),
      lists_(std::make_shared<DiscoveryCache>(executor, options_.nameservers, times)) {}

asio::awaitable<std::vector<KnownController>> RealmControllers::of_realm(std::string realm, std::string site) {
  const DcList found = co_await list(realm, std::move(site));
  std::vector<KnownController> first, last;
  for (const ControllerAddress& where : found.controllers) {
    const DcFacts dc = facts(realm, where);
    const PingTarget target{realm, where};
    const bool is_paused = dc.answer == PingAnswer::paused;
    if (is_paused && !pings_->is_fresh(target)) pings_->refresh(target, options_.ping_timeout);
    (dc.kdc_silent || is_paused ? last : first).push_back({dc.where, dc.level});
  }
  first.insert(first.end(), last.begin(), last.end());
  co_return first;
}

asio::awaitable<DcList> RealmControllers::list(std::string realm, std::string site) {
  if (const KdcProxy* proxy = kdc_proxy_of(options_, realm)) co_return DcList{{controller_behind(*proxy)}, {}, {}};
  const auto configured = options_.realms.find(realm);
  if (configured != options_.realms.end()) co_return DcList{configured->second, {}, {}};
  if (!options_.ask_dns) co_return DcList{{}, asio::error::make_error_code(asio::error::host_not_found), {}};
  DiscoveryCache::Discovery discovery = [realm, site](std::shared_ptr<DnsResolver> dns) {
    return discover_controllers(std::move(dns), realm, site);
  };
  DiscoveryCache::Key key{realm, site};
  DcList out = co_await lists_->get(std::move(key), std::move(discovery));
  co_return out;
}

asio::awaitable<std::vector<KnownController>> RealmControllers::global_catalogs(std::string forest, std::string site) {
  const std::string realm = to_upper(forest);
  if (site.empty()) site = site_of(realm);
  DiscoveryCache::Discovery discovery = [forest, site](std::shared_ptr<DnsResolver> dns) {
    return discover_global_catalogs(std::move(dns), forest, site);
  };
  DiscoveryCache::Key key{realm, site + "\ngc"};
  std::vector<KnownController> out = co_await by_dns(std::move(key), std::move(discovery));
  co_return out;
}

asio::awaitable<std::vector<KnownController>> RealmControllers::of_domain_guid(std::string forest, std::string guid) {
  DiscoveryCache::Discovery discovery = [forest, guid](std::shared_ptr<DnsResolver> dns) {
    return discover_by_guid(std::move(dns), forest, guid);
  };
  DiscoveryCache::Key key{to_upper(forest), "\n" + guid};
  std::vector<KnownController> out = co_await by_dns(std::move(key), std::move(discovery));
  co_return out;
}

asio::awaitable<std::vector<KnownController>> RealmControllers::by_dns(DiscoveryCache::Key key,
                                                                       DiscoveryCache::Discovery discovery) {
  std::vector<KnownController> out;
  if (!options_.ask_dns || is_configured(key.realm) || kdc_proxy_of(options_, key.realm) != nullptr) co_return out;
  const DcList found = co_await lists_->get(std::move(key), std::move(discovery));
  for (const ControllerAddress& where : found.controllers) out.push_back({where, DcLevel::unknown});
  co_return out;
}

std::vector<std::string> RealmControllers::configured_realms() const {
  std::vector<std::string> out;
  for (const auto& [realm, controllers] : options_.realms) out.push_back(realm);
  return out;
}

std::string RealmControllers::site_of(const std::string& realm) const {
  return options_.site.empty() ? pings_->site_of(realm) : options_.site;
}

DcFacts RealmControllers::facts(const std::string& realm, const ControllerAddress& where) const {
  const PingCache::Entry* entry = pings_->find({realm, where});
  DcFacts dc = dc_facts(where, entry == nullptr ? PingOutcome{} : entry->outcome);
  dc.kdc_silent = health_->is_silent(where);
  return dc;
}

void RealmControllers::forget(const std::string& realm) {
  lists_->forget(realm);
  pings_->forget_domain(realm);
}

}  // namespace stead
