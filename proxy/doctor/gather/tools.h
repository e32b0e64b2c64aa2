#pragma once
// What the gathering of facts works with: coroutines on one executor. Each wait has a deadline, and tasks that do not
// depend on each other run at the same time. Nothing is written anywhere.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/doctor/facts/facts.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/locate/dns/dns_resolver.h"
#include "sspi_shim/s4u/driver.h"

namespace stead::doctor {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

struct Tools {
  Tools(boost::asio::any_io_executor on, proxy::Config proxy_config);

  boost::asio::any_io_executor executor;
  proxy::Config config;
  Principal self;                   // the front end
  std::vector<KeytabEntry> keytab;  // all entries, once read_account_files has read them
  std::shared_ptr<DcLocator> locator;
  std::shared_ptr<DnsResolver> domain_dns;  // [locator] nameservers; null: not available
  std::shared_ptr<DnsResolver> system_dns;  // by which the proxy finds its back ends; null: not available
  ExchangeContext context;
  Driver driver;

  [[nodiscard]] std::vector<Key> keys_of(const Principal& name) const;  // that the configuration allows
  [[nodiscard]] CallPtr new_call() const;
};
using ToolsPtr = std::shared_ptr<Tools>;

// Runs the tasks at the same time until the last one has ended.
using Task = std::function<Awaitable<void>()>;
Awaitable<void> run_all(boost::asio::any_io_executor executor, std::vector<Task> tasks);

}  // namespace stead::doctor
