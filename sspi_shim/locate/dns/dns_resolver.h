#pragma once
// DNS by c-ares on an Asio executor: c-ares opens sockets and asks to be called when one is readable or writable; Asio
// waits for that.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/locate/dns/dns_srv.h"

namespace stead {

class DnsResolver {
 public:
  struct Query;  // one that was sent
  using QueryPtr = std::shared_ptr<Query>;

  virtual ~DnsResolver() = default;
  // A query is sent at once; its answer is awaited separately, so that several can be under way at the same time.
  [[nodiscard]] virtual QueryPtr ask_srv(const std::string& name) = 0;
  [[nodiscard]] virtual QueryPtr ask_addresses(const std::string& host) = 0;
  [[nodiscard]] virtual QueryPtr ask_names(const std::string& address) = 0;  // the names of an IPv4 or IPv6 address
  // Fails with host_not_found if the name or record does not exist, with timed_out or connection_refused if no
  // nameserver answers, with no_recovery if it answers with an error.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<SrvRecord>>> srv(QueryPtr query) = 0;
  // IPv4 and IPv6 in text, in the order of RFC 6724.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<std::string>>> addresses(QueryPtr query) = 0;
  // The names for which the host of an answered address query is an alias (CNAME); the last is the host's own name.
  // Empty: it is no alias.
  [[nodiscard]] virtual std::vector<std::string> aliases(const QueryPtr& query) const = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<std::string>>> names(QueryPtr query) = 0;
};

// Where the system's nameservers stand. When the file changes, the next query goes to its new nameservers; while it
// cannot be read, to those before.
struct SystemDns {
  std::string file = "/etc/resolv.conf";
  std::uint16_t port = 53;
};

// `nameservers`: "address:port" or "[v6]:port"; empty: those of `system`. `timeout` is for the first try; the second has
// twice as long. Works on one executor.
[[nodiscard]] Result<std::shared_ptr<DnsResolver>> make_dns_resolver(
    boost::asio::any_io_executor executor, const std::vector<std::string>& nameservers,
    std::chrono::milliseconds timeout = std::chrono::milliseconds(1000), const SystemDns& system = {});

}  // namespace stead
