#pragma once
// What the parts of one client share: configuration, keys, and the way to the KDCs.
//
// The executor runs one thing at a time. Everything here belongs to it, except the members marked as thread-safe.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/s4u/driver.h"
#include "sspi_shim/s4u/own_ticket_check.h"
#include "stead/s4u.h"

namespace stead {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

// The result of a part's work: a KDC's refusal, a transport's failure and a bad answer are a Refusal.
template <class T>
using OrRefusal = boost::system::result<T, Refusal>;

struct ClientContext {
  using Now = std::function<std::chrono::system_clock::time_point()>;

  // `keys`: of `self`, newest first; `read_keys` reads them again after a change of password. `clock`: called from any
  // thread; none: the system's.
  ClientContext(boost::asio::any_io_executor executor, ClientOptions options, Principal self, std::vector<Key> keys,
                std::shared_ptr<KdcTransport> transport, std::shared_ptr<DcLocator> locator, Now clock,
                OwnKeys::Read read_keys);

  const boost::asio::any_io_executor executor;
  const ClientOptions options;
  const Principal self;
  OwnKeys keys;  // thread-safe
  const std::shared_ptr<DcLocator> locator;
  ExchangeContext exchange;  // `now` is thread-safe
  Driver driver;             // `statistics` is thread-safe
  std::string own_account;   // "frontend$": known once a KDC named the salt of our key

  // A call whose deadline begins now.
  [[nodiscard]] CallPtr new_call() const;
  // For the tickets to this service that a KDC issues now.
  [[nodiscard]] OwnTicketRules own_ticket_rules() const;
};
using ClientContextPtr = std::shared_ptr<ClientContext>;

}  // namespace stead
