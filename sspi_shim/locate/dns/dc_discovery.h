#pragma once
// The DCs of a domain as DNS has them (MS-ADTS §6.3.2, §6.3.6.1): SRV records of the site, then of the domain, then
// those that any Kerberos realm publishes.
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
  Error error;                                 // where there are none: host_not_found, or why DNS gave no answer
  std::chrono::seconds ttl{};                  // the lowest of the records
};

// `site` empty: none is known.
[[nodiscard]] boost::asio::awaitable<DcList> discover_controllers(std::shared_ptr<DnsResolver> dns, std::string realm,
                                                                  std::string site);

// The global catalogs of a forest, those of the site first. AD registers them with 3268, where LDAP alone is spoken:
// such a one is taken to have a DC's usual ports, every other one to be pinged where its record says. What port its KDC
// has only its domain's records tell.
[[nodiscard]] boost::asio::awaitable<DcList> discover_global_catalogs(std::shared_ptr<DnsResolver> dns,
                                                                      std::string forest, std::string site);

// The DCs of the domain of a forest that has this GUID (as text). Their KDCs' ports only its domain's records tell.
[[nodiscard]] boost::asio::awaitable<DcList> discover_by_guid(std::shared_ptr<DnsResolver> dns, std::string forest,
                                                              std::string guid);

}  // namespace stead
