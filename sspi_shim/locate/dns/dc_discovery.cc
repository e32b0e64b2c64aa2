#include "sspi_shim/locate/dns/dc_discovery.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxControllers = 64;  // of one realm; further ones are ignored
constexpr std::uint16_t kGlobalCatalogPort = 3268;

std::uint32_t random_up_to(std::uint32_t highest) {
  std::uint32_t number = 0;
  random_bytes({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
  return static_cast<std::uint32_t>(std::uint64_t{number} * (std::uint64_t{highest} + 1) >> 32);
}

// Adds the records with a target and port that are not in the list yet.
void add_new(std::vector<SrvRecord>& to, std::vector<SrvRecord> records) {
  for (SrvRecord& record : records) {
    const bool known = std::any_of(to.begin(), to.end(), [&](const SrvRecord& there) {
      return there.port == record.port && equal_ignoring_case(there.target, record.target);
    });
    if (!known) to.push_back(std::move(record));
  }
}

bool found_nothing(const Error& error) {
  return !error || error == asio::error::host_not_found;
}

// The records of the site (a null query: no site is known), then the others. `error`: of the query for all.
struct Found {
  std::vector<SrvRecord> records;
  Error error;
};
asio::awaitable<Found> in_order(std::shared_ptr<DnsResolver> dns, DnsResolver::QueryPtr of_site,
                                DnsResolver::QueryPtr of_all) {
  Found out;
  if (of_site) {
    auto near = co_await dns->srv(of_site);
    if (near) out.records = in_srv_order(std::move(*near), random_up_to);
  }
  auto all = co_await dns->srv(of_all);
  if (all)
    add_new(out.records, in_srv_order(std::move(*all), random_up_to));
  else
    out.error = all.error();
  co_return out;
}

// Resolves the hosts of the records. `ports` gives the ports of a record's host.
struct Ports {
  std::uint16_t kerberos = 88, ldap = 389;
};
asio::awaitable<DcList> with_addresses(std::shared_ptr<DnsResolver> dns, Found found,
                                       std::function<Ports(const SrvRecord&)> ports) {
  std::vector<SrvRecord>& records = found.records;
  DcList list;
  list.error = found.error;
  if (records.size() > kMaxControllers) records.resize(kMaxControllers);
  std::vector<DnsResolver::QueryPtr> hosts;
  for (const SrvRecord& record : records) hosts.push_back(dns->ask_addresses(record.target));
  list.ttl = std::chrono::seconds::max();
  for (std::size_t i = 0; i < records.size(); ++i) {
    const SrvRecord& record = records[i];
    list.ttl = std::min(list.ttl, std::chrono::seconds(record.ttl));
    const auto addresses = co_await dns->addresses(hosts[i]);
    if (!addresses) {
      list.error = addresses.error();
      continue;
    }
    const Ports port = ports(record);
    for (const std::string& address : *addresses)
      list.controllers.push_back({record.target, address, port.kerberos, port.ldap});
  }
  if (!list.controllers.empty()) list.error = {};
  if (list.controllers.empty() && !list.error) list.error = make_error_code(asio::error::host_not_found);
  co_return list;
}

}  // namespace

asio::awaitable<DcList> discover_controllers(std::shared_ptr<DnsResolver> dns, std::string realm, std::string site) {
  const std::string domain = to_lower(realm);
  const auto all_query = dns->ask_srv("_kerberos._tcp.dc._msdcs." + domain);
  const auto ldap_query = dns->ask_srv("_ldap._tcp.dc._msdcs." + domain);
  const auto site_query =
      site.empty() ? nullptr : dns->ask_srv("_kerberos._tcp." + site + "._sites.dc._msdcs." + domain);
  Found found = co_await in_order(dns, site_query, all_query);
  for (const char* service : {"_kerberos._tcp.", "_kerberos._udp."}) {  // a realm that is not an AD domain
    if (!found.records.empty() || !found_nothing(found.error)) break;
    const auto query = dns->ask_srv(service + domain);
    found = co_await in_order(dns, nullptr, query);
  }
  std::map<std::string, std::uint16_t> ldap_ports;
  const auto ldap = co_await dns->srv(ldap_query);
  if (ldap) {
    for (const SrvRecord& record : *ldap) ldap_ports.emplace(to_lower(record.target), record.port);
  }

  std::function<Ports(const SrvRecord&)> ports = [&ldap_ports](const SrvRecord& record) {
    const auto ldap_port = ldap_ports.find(to_lower(record.target));
    return Ports{record.port, ldap_port == ldap_ports.end() ? Ports{}.ldap : ldap_port->second};
  };
  DcList list = co_await with_addresses(dns, std::move(found), std::move(ports));
  co_return list;
}

asio::awaitable<DcList> discover_global_catalogs(std::shared_ptr<DnsResolver> dns, std::string forest,
                                                 std::string site) {
  forest = to_lower(forest);
  const auto all_query = dns->ask_srv("_gc._tcp." + forest);
  const auto site_query = site.empty() ? nullptr : dns->ask_srv("_gc._tcp." + site + "._sites." + forest);
  Found found = co_await in_order(dns, site_query, all_query);
  std::function<Ports(const SrvRecord&)> ports = [](const SrvRecord& record) {
    return Ports{Ports{}.kerberos, record.port == kGlobalCatalogPort ? Ports{}.ldap : record.port};
  };
  DcList list = co_await with_addresses(dns, std::move(found), std::move(ports));
  co_return list;
}

asio::awaitable<DcList> discover_by_guid(std::shared_ptr<DnsResolver> dns, std::string forest, std::string guid) {
  const auto query = dns->ask_srv("_ldap._tcp." + guid + ".domains._msdcs." + to_lower(forest));
  Found found = co_await in_order(dns, nullptr, query);
  std::function<Ports(const SrvRecord&)> ports = [](const SrvRecord& record) {
    return Ports{Ports{}.kerberos, record.port};
  };
  DcList list = co_await with_addresses(dns, std::move(found), std::move(ports));
  co_return list;
}

}  // namespace stead
