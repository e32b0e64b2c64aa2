#pragma once
// The DCs of a domain as DNS has them (MS-ADTS §6.3.2, §6.3.6.1): SRV records of the site, then of the domain, then those that any
// Kerberos realm publishes.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/s4u/dns_resolver.h"
#include "stead/locator.h"

namespace stead {

struct DcList {
  std::vector<ControllerAddress> controllers;  // in the order they should be asked
  Error error;                                 // where there are none: host_not_found, or why DNS gave no answer
  std::chrono::seconds life{};                 // by the records' TTL
};

// `site` empty: none is known.
[[nodiscard]] boost::asio::awaitable<DcList> discover_controllers(std::shared_ptr<DnsResolver> dns, std::string realm, std::string site);

}  // namespace stead
