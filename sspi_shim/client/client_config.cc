#include "stead/client_config.h"

#include <krb5.h>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/client/client_tables.h"
#include "sspi_shim/krb5/conf/krb5_realms.h"
#include "sspi_shim/locate/realm_proxy.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {
namespace {

constexpr std::chrono::hours kMaxTicketLife{24};

struct FreeContext {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};
using Krb5Context = std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeContext>;

Krb5Context make_context() {
  krb5_context context = nullptr;
  if (krb5_init_context(&context) != 0) return nullptr;
  return Krb5Context(context);
}

bool is_address(const std::string& text) {
  Error error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

// "127.0.0.1:53", "127.0.0.1", "[::1]:53", "::1".
bool is_nameserver(const std::string& text) {
  if (is_address(text)) return true;
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string port = text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  return digits && is_address(host) && std::stoi(port) >= 1 && std::stoi(port) <= 65535;
}

ControllerAddress read_controller(const toml::table& table, const std::string& where, FileErrors& errors) {
  TomlTable reader(table, where, errors);
  ControllerAddress out;
  reader.text("name", out.name);
  reader.integer("kerberos_port", out.kerberos_port, 1, 65535);
  reader.integer("ldap_port", out.ldap_port, 1, 65535);
  if (reader.find("address") == nullptr) {
    reader.error("address", "needs an address");
  } else if (reader.text("address", out.address) && !is_address(out.address)) {
    reader.error("address", "address \"" + out.address + "\" is neither IPv4 nor IPv6");
  }
  reader.finish();
  return out;
}

// `kdc_proxy` and its `ca`, of [locator] or of a realm.
std::optional<KdcProxy> read_kdc_proxy(TomlTable& reader, const std::string& file) {
  KdcProxy out;
  const bool has_url = reader.text("kdc_proxy", out.url), has_ca = reader.text("ca", out.ca);
  if (has_ca) out.ca = beside_file(file, out.ca);
  if (has_ca && !has_url) reader.error("ca", "ca is for a kdc_proxy, and there is none");
  if (!has_url) return std::nullopt;
  if (!parse_kdc_proxy_url(out.url)) reader.error("kdc_proxy", "kdc_proxy \"" + out.url + "\" is no https://HOST/PATH");
  return out;
}

void read_pa_for_user(TomlTable& reader, PaForUserUse& out) {
  const toml::node* const node = reader.find("pa_for_user");
  if (node == nullptr) return;
  const std::optional<bool> flag = node->value_exact<bool>();
  if (flag)
    out = *flag ? PaForUserUse::always : PaForUserUse::never;
  else if (node->value_exact<std::string>() == "auto")
    out = PaForUserUse::automatic;
  else
    reader.error("pa_for_user", "pa_for_user must be \"auto\", true or false");
}

}  // namespace

void read_locator_table(const toml::table& locator, FileErrors& errors, LocatorOptions& out) {
  TomlTable reader(locator, "[locator]", errors);
  for (const auto& [server, at] : reader.texts("nameservers")) {
    if (!is_nameserver(server))
      errors.add(at, "[locator] nameserver \"" + server + "\" is not ADDRESS or ADDRESS:PORT");
    out.nameservers.push_back(server);
  }
  reader.text("site", out.site);
  out.kdc_proxy = read_kdc_proxy(reader, errors.file());
  if (const toml::table* realms = reader.table("realm")) {
    for (const auto& [name, node] : *realms) {
      const std::string where = "[locator.realm.\"" + std::string(name.str()) + "\"]";
      const toml::table* realm = node.as_table();
      if (realm == nullptr) {
        errors.add(node, where + " must be a table");
        continue;
      }
      TomlTable realm_reader(*realm, where, errors);
      if (auto proxy = read_kdc_proxy(realm_reader, errors.file())) {
        if (realm_reader.find("controllers") != nullptr)
          realm_reader.error("controllers", "a realm has controllers or a kdc_proxy, not both");
        out.kdc_proxies[to_upper(name.str())] = std::move(*proxy);
        realm_reader.finish();
        continue;
      }
      std::vector<ControllerAddress>& controllers = out.realms[to_upper(name.str())];
      for (const toml::table* controller : realm_reader.tables("controllers")) {
        controllers.push_back(read_controller(*controller, where + " controllers", errors));
      }
      if (controllers.empty()) realm_reader.error("controllers", "needs controllers");
      realm_reader.finish();
    }
  }
  reader.finish();
}

void read_identity_table(const toml::table& identity, FileErrors& errors, ClientOptions& out) {
  TomlTable reader(identity, "[identity]", errors);
  if (reader.text("principal", out.principal)) {
    const auto principal = parse_principal(out.principal);
    if (!principal || principal->name.empty())
      reader.error("principal", "principal \"" + out.principal + "\" is no principal name");
  }
  if (reader.text("keytab", out.keytab)) out.keytab = beside_file(errors.file(), out.keytab);
  reader.boolean("allow_rc4", out.allow_rc4);
  read_pa_for_user(reader, out.pa_for_user);
  reader.boolean("own_service_ticket", out.own_service_ticket);
  reader.finish();
}

void read_tickets_table(const toml::table& tickets, FileErrors& errors, ClientOptions& out) {
  TomlTable reader(tickets, "[tickets]", errors);
  const toml::node* const life = reader.find("life");
  if (life != nullptr && reader.duration("life", out.ticket_life) && out.ticket_life > kMaxTicketLife)
    reader.error("life", "life must be 24h or less: a ticket is not used longer than its KDC allows either");
  reader.finish();
}

std::optional<ClientOptions> v0::read_client_config(const std::string& path, OtherTables others, std::string& message) {
  FileErrors errors(path);
  ClientOptions options;
  if (const auto parsed = read_toml_file(errors)) {
    TomlTable reader(*parsed, "", errors);
    if (const toml::table* locator = reader.table("locator")) read_locator_table(*locator, errors, options.locator);
    if (const toml::table* identity = reader.table("identity")) read_identity_table(*identity, errors, options);
    if (const toml::table* tickets = reader.table("tickets")) read_tickets_table(*tickets, errors, options);
    if (others == OtherTables::of_proxy) {
      for (const char* theirs : {"server", "sign_in", "session", "limits", "route"}) (void)reader.find(theirs);
    }
    if (others != OtherTables::allowed) reader.finish();
  }
  message = errors.first();
  if (!errors.none()) return std::nullopt;
  return options;
}

std::string v0::default_realm() {
  const Krb5Context context = make_context();
  char* realm = nullptr;
  if (!context || krb5_get_default_realm(context.get(), &realm) != 0) return {};
  std::string text = realm;
  krb5_free_default_realm(context.get(), realm);
  return text;
}

void v0::fill_from_krb5_conf(ClientOptions& options) {
  add_krb5_conf(options.locator);
  if (options.keytab.empty()) {
    const Krb5Context context = make_context();
    char name[1024] = {};
    if (context && krb5_kt_default_name(context.get(), name, sizeof name) == 0) options.keytab = name;
  }
  const auto principal = parse_principal(options.principal);
  if (!options.principal.empty() && principal && principal->realm.empty()) {
    const std::string realm = default_realm();
    if (!realm.empty()) options.principal += '@' + realm;
  }
}

}  // namespace stead
