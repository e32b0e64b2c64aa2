#pragma once
// Which DCs a realm has: those of the configuration, or of DNS, or one KDC proxy in their place. And what is known of
// each. Realms are in upper case. Works on one executor.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/locate/controller_health.h"
#include "sspi_shim/locate/dc_choice.h"
#include "sspi_shim/locate/discovery_cache.h"
#include "sspi_shim/locate/ping_cache.h"

namespace stead {

class RealmControllers {
 public:
  RealmControllers(boost::asio::any_io_executor executor, LocatorOptions options, LocatorTimes times);

  // In the order in which they should be asked, those of `site` first: silent and paused ones last. No ping is waited
  // for; one is sent to a paused DC in time, which may have been resumed.
  [[nodiscard]] boost::asio::awaitable<std::vector<KnownController>> of_realm(std::string realm, std::string site);
  // The same as configured or as DNS has them, with the error where there are none.
  [[nodiscard]] boost::asio::awaitable<DcList> list(std::string realm, std::string site);
  // The global catalogs of a forest (by its DNS name) as DNS has them, those of this site first; empty: ours.
  // None where the configuration says that DNS is not asked for that name.
  [[nodiscard]] boost::asio::awaitable<std::vector<KnownController>> global_catalogs(std::string forest,
                                                                                     std::string site);
  // The DCs of the domain of a forest that has this GUID (as text), as DNS has them; none as above.
  [[nodiscard]] boost::asio::awaitable<std::vector<KnownController>> of_domain_guid(std::string forest,
                                                                                    std::string guid);

  [[nodiscard]] const LocatorOptions& options() const { return options_; }
  [[nodiscard]] bool is_configured(const std::string& realm) const { return options_.realms.contains(realm); }
  [[nodiscard]] std::vector<std::string> configured_realms() const;
  // Our site: of the configuration, or as a DC of the realm named it; empty: unknown.
  [[nodiscard]] std::string site_of(const std::string& realm) const;
  [[nodiscard]] DcFacts facts(const std::string& realm, const ControllerAddress& where) const;

  [[nodiscard]] PingCache& pings() const { return *pings_; }
  [[nodiscard]] const std::shared_ptr<PingCache>& shared_pings() const { return pings_; }
  [[nodiscard]] ControllerHealth& health() const { return *health_; }
  // What DNS and the DCs said of this realm is asked for anew.
  void forget(const std::string& realm);

 private:
  [[nodiscard]] boost::asio::awaitable<std::vector<KnownController>> by_dns(DiscoveryCache::Key key,
                                                                            DiscoveryCache::Discovery discovery);

  LocatorOptions options_;
  std::shared_ptr<ControllerHealth> health_;
  std::shared_ptr<PingCache> pings_;
  std::shared_ptr<DiscoveryCache> lists_;
};

}  // namespace stead
