#pragma once
// The DCs of a domain by DNS (MS-ADTS §6.3.2, §6.3.6.1): SRV records of the site, then of the domain; if AD's names do
// not exist, those that any Kerberos realm publishes.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/locate/dns/dns_resolver.h"
#include "stead/locator.h"

namespace stead {

struct DcList {
  std::vector<ControllerAddress> controllers;  // in the order they should be asked
  Error error;                                 // if there are none: host_not_found, or why DNS gave no answer
  std::chrono::seconds ttl{};                  // the lowest TTL of the records
};

// `site` empty: none is known.
[[nodiscard]] boost::asio::awaitable<DcList> discover_controllers(std::shared_ptr<DnsResolver> dns, std::string realm,
                                                                  std::string site);

// The global catalogs of a forest, those of the site first. AD registers them with port 3268, which answers no pings:
// such a DC gets the usual ports. Any other port is taken for the one to ping. The KDC's port is not in these records;
// those of the DC's domain have it.
[[nodiscard]] boost::asio::awaitable<DcList> discover_global_catalogs(std::shared_ptr<DnsResolver> dns,
                                                                      std::string forest, std::string site);

// The DCs of the domain of a forest that has this GUID (as text). The KDC's port is not in these records either.
[[nodiscard]] boost::asio::awaitable<DcList> discover_by_guid(std::shared_ptr<DnsResolver> dns, std::string forest,
                                                              std::string guid);

}  // namespace stead
