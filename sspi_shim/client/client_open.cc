#include "sspi_shim/client/client_open.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/transport/kdc_transport.h"

namespace stead {

Result<std::shared_ptr<Client>> Client::open(boost::asio::any_io_executor executor, ClientOptions options,
                                             std::string& what) {
  auto self = parse_principal(options.principal);
  if (!self || self->name.empty() || self->name.components.front().empty()) {
    what = "\"" + options.principal + "\" is no principal: write service/host@REALM or account$@REALM";
    return make_error_code(WireErrc::bad_value);
  }
  if (self->realm.empty()) {
    what = "the principal " + options.principal + " has no realm: write " + options.principal + "@REALM";
    return make_error_code(WireErrc::bad_value);
  }
  auto entries = read_keys_of(options.keytab, *self);
  if (!entries) {
    what = to_string(entries.error());
    return entries.error().code;
  }
  // The realm as the keytab spells it, which is the KDC's spelling: KDCs answer with their own.
  self->realm = entries->front().principal.realm;
  const WeakKeys weak = options.allow_rc4 ? WeakKeys::included : WeakKeys::excluded;
  std::vector<Key> keys = keys_of(*entries, weak);
  if (keys.empty()) {
    what = options.keytab + ": the keys of " + options.principal +
           " are of weak encryption types only: allow_rc4 = true would use them";
    return make_error_code(WireErrc::unsupported);
  }
  auto locator = make_dc_locator(executor, options.locator);
  auto transport = make_kdc_transport(executor, locator, options.kdc_timeout, options.locator);
  OwnKeys::Read read = read_from_keytab(options.keytab, *self, weak);
  return std::shared_ptr<Client>(std::make_shared<S4uClient>(executor, std::move(options), std::move(*self),
                                                             std::move(keys), std::move(transport), std::move(locator),
                                                             ClientContext::Now(), std::move(read)));
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
