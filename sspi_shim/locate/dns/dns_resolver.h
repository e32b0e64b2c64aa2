#pragma once
// DNS by c-ares on an Asio executor: c-ares opens its sockets and says when it wants to read or write, Asio waits for
// it.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/locate/dns/dns_srv.h"

namespace stead {

class DnsResolver {
 public:
  struct Query;  // a question on its way
  using QueryPtr = std::shared_ptr<Query>;

  virtual ~DnsResolver() = default;
  // A question is sent at once; the answer is waited for separately, so that several may be under way together.
  [[nodiscard]] virtual QueryPtr ask_srv(const std::string& name) = 0;
  [[nodiscard]] virtual QueryPtr ask_addresses(const std::string& host) = 0;
  [[nodiscard]] virtual QueryPtr ask_names(const std::string& address) = 0;  // the names of an IPv4 or IPv6 address
  // host_not_found: there is no such name, or no such record; timed_out or connection_refused: no nameserver answers;
  // no_recovery: it answers with an error.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<SrvRecord>>> srv(QueryPtr query) = 0;
  // IPv4 and IPv6 in text, in the order of RFC 6724.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<std::string>>> addresses(QueryPtr query) = 0;
  // What an answered question for addresses found the host to be an alias (CNAME) for, the last is the host's own name;
  // empty: it is none.
  [[nodiscard]] virtual std::vector<std::string> aliases(const QueryPtr& query) const = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<std::string>>> names(QueryPtr query) = 0;
};

// `nameservers`: "address:port" or "[v6]:port"; empty: /etc/resolv.conf. `timeout` is for the first try; the second has
// twice as long. Works on one executor.
[[nodiscard]] Result<std::shared_ptr<DnsResolver>> make_dns_resolver(
    boost::asio::any_io_executor executor, const std::vector<std::string>& nameservers,
    std::chrono::milliseconds timeout = std::chrono::milliseconds(1000));

}  // namespace stead
