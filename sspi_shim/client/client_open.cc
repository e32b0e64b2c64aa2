#include "sspi_shim/client/client_open.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/transport/kdc_transport.h"

namespace stead {
namespace {

WeakKeys weak_keys(const ClientOptions& options) {
  return options.allow_rc4 ? WeakKeys::included : WeakKeys::excluded;
}

// The parts of a client share their state without locks.
boost::asio::any_io_executor one_at_a_time(boost::asio::any_io_executor executor) {
  namespace asio = boost::asio;
  if (executor.target<asio::strand<asio::io_context::executor_type>>() != nullptr ||
      executor.target<asio::strand<asio::any_io_executor>>() != nullptr)
    return executor;
  return asio::make_strand(executor);
}

}  // namespace

Checked<OwnKeySet> read_own_key_set(const ClientOptions& options) {
  const auto bad = [](std::string message, Error code) { return Problem{.message = std::move(message), .code = code}; };
  auto self = parse_principal(options.principal);
  if (!self || self->name.empty() || self->name.components.front().empty())
    return bad("\"" + options.principal + "\" is no principal: write service/host@REALM or account$@REALM",
               make_error_code(WireErrc::bad_value));
  if (self->realm.empty())
    return bad("the principal " + options.principal + " has no realm: write " + options.principal + "@REALM",
               make_error_code(WireErrc::bad_value));
  auto entries = read_keys_of(options.keytab, *self);
  if (!entries) return entries.error();
  // The realm as the keytab spells it, which is the KDC's spelling: KDCs answer with their own.
  self->realm = entries->front().principal.realm;
  std::vector<Key> keys = keys_of(*entries, weak_keys(options));
  if (keys.empty())
    return bad(options.keytab + ": the keys of " + options.principal +
                   " are of weak encryption types only: allow_rc4 = true would use them",
               make_error_code(WireErrc::unsupported));
  return OwnKeySet{std::move(*self), std::move(keys)};
}

std::shared_ptr<Client> open_client_of(boost::asio::any_io_executor executor, ClientOptions options, OwnKeySet own) {
  auto locator = make_dc_locator(executor, options.locator);
  auto transport = make_kdc_transport(executor, locator, options.kdc_timeout, options.locator);
  OwnKeys::Read read = read_from_keytab(options.keytab, own.self, weak_keys(options));
  return std::make_shared<S4uClient>(executor, std::move(options), std::move(own.self), std::move(own.keys),
                                     std::move(transport), std::move(locator), ClientContext::Now(), std::move(read));
}

Result<std::shared_ptr<Client>> Client::open(boost::asio::any_io_executor executor, ClientOptions options,
                                             std::string& what) {
  auto own = read_own_key_set(options);
  if (!own) {
    what = to_string(own.error());
    return own.error().code;
  }
  return open_client_of(one_at_a_time(std::move(executor)), std::move(options), std::move(*own));
}

std::shared_ptr<Client> open_keyless_client(boost::asio::any_io_executor executor, ClientOptions options,
                                            const std::string& realm) {
  auto locator = make_dc_locator(executor, options.locator);
  auto transport = make_kdc_transport(executor, locator, options.kdc_timeout, options.locator);
  Principal nameless{{NameType::principal, {}}, to_upper(realm)};
  return std::make_shared<S4uClient>(executor, std::move(options), std::move(nameless), std::vector<Key>(),
                                     std::move(transport), std::move(locator));
}

}  // namespace stead
