#include "proxy/config/config.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/config/credentials.h"
#include "proxy/config/includes.h"
#include "proxy/config/limits_table.h"
#include "proxy/config/pages_table.h"
#include "proxy/config/route_table.h"
#include "proxy/config/server_table.h"
#include "proxy/config/shared_table.h"
#include "proxy/config/sign_in_tables.h"
#include "sspi_shim/client/client_tables.h"
#include "stead/client_config.h"

namespace stead::proxy {
namespace {

void read_routes(const toml::table& file, TomlTable& root, FileErrors& errors, Config& out) {
  const toml::node* const single = file.get("route");
  if (single != nullptr && single->is_table())
    errors.add(*single, "[route] is written [[route]], for there may be several");
  const auto routes = root.tables("route");
  for (const toml::table* const table : routes) read_route_table(*table, errors, out);
  if (routes.empty() && single == nullptr) errors.add(FilePosition{}, "needs a [[route]]");
}

// Signing users in needs an account of our own. `identity`: null where the file has no such table.
void check_identity(const toml::table& file, const toml::table* identity, FileErrors& errors, Config& out) {
  if (!out.kerberos && !out.forms && !out.certificate_sign_in) return;
  if (identity == nullptr)
    errors.add(file, "signing users in needs [identity] with principal and keytab");
  else if (out.client.principal.empty())
    TomlTable(*identity, "[identity]", errors)
        .error("principal", "needs principal, as \"HTTP/front.example.com@EXAMPLE.COM\"");
  if (errors.none()) fill_from_krb5_conf(out.client);
}

// Defaults that follow from other keys.
void fill_defaults(const std::string& file, Config& out) {
  const std::size_t at = out.client.principal.rfind('@');
  if (out.forms_realm.empty() && at != std::string::npos) out.forms_realm = out.client.principal.substr(at + 1);
  if (out.session_key_file.empty()) out.session_key_file = beside_file(file, "session.key");
}

void read_tables(const toml::table& file, FileErrors& errors, Config& out) {
  TomlTable root(file, "the file", errors);
  (void)root.find("include");  // was read already
  if (const toml::table* const table = root.table("server"))
    read_server_table(*table, errors, out);
  else
    errors.add(FilePosition{}, "needs a table [server] with listen");
  if (const toml::table* const table = root.table("locator")) read_locator_table(*table, errors, out.client.locator);
  const toml::table* const identity = root.table("identity");
  if (identity != nullptr) read_identity_table(*identity, errors, out.client);
  if (const toml::table* const table = root.table("tickets")) read_tickets_table(*table, errors, out.client);
  if (const toml::table* const table = root.table("sign_in")) read_sign_in_tables(*table, errors, out);
  if (const toml::table* const table = root.table("session")) read_session_table(*table, errors, out);
  if (const toml::table* const table = root.table("shared")) read_shared_table(*table, errors, out.shared);
  if (const toml::table* const table = root.table("pages")) read_pages_table(*table, errors, out.pages);
  if (const toml::table* const table = root.table("limits")) read_limits_table(*table, errors, out.limits);
  read_routes(file, root, errors, out);
  root.finish();
  check_identity(file, identity, errors, out);
  fill_defaults(errors.file(), out);
}

}  // namespace

std::string_view to_string(SignInMethod method) {
  switch (method) {
    case SignInMethod::kerberos:
      return "kerberos";
    case SignInMethod::forms:
      return "forms";
    case SignInMethod::certificate:
      break;
  }
  return "certificate";
}

std::string_view to_string(AccessLogFormat format) {
  switch (format) {
    case AccessLogFormat::json:
      return "json";
    case AccessLogFormat::combined:
      return "combined";
    case AccessLogFormat::off:
      break;
  }
  return "off";
}

std::string_view to_string(Balance balance) {
  switch (balance) {
    case Balance::round_robin:
      return "round_robin";
    case Balance::least_connections:
      return "least_connections";
    case Balance::sticky:
      break;
  }
  return "sticky";
}

bool HealthCheck::accepts(int answer) const {
  if (status.empty()) return answer >= 200 && answer < 400;
  return std::find(status.begin(), status.end(), answer) != status.end();
}

std::string_view to_string(MutualAuth mutual) {
  return mutual == MutualAuth::required ? "required" : "optional";
}

std::string_view to_string(Delegation delegation) {
  switch (delegation) {
    case Delegation::s4u:
      return "s4u";
    case Delegation::forwarded_tgt:
      return "forwarded-tgt";
    case Delegation::none:
      break;
  }
  return "none";
}

bool Route::allows(SignInMethod method) const {
  return std::find(sign_in.begin(), sign_in.end(), method) != sign_in.end();
}

const TlsSettings& Config::tls_at(const Endpoint& listener) const {
  const auto found = std::find_if(listener_tls.begin(), listener_tls.end(),
                                  [&](const ListenerTls& each) { return each.at == listener; });
  return found != listener_tls.end() ? found->settings : tls;
}

bool Config::has_tls() const {
  return !tls.certificates.empty() ||
         std::any_of(listener_tls.begin(), listener_tls.end(),
                     [](const ListenerTls& each) { return !each.settings.certificates.empty(); });
}

bool Config::redirects_at(const Endpoint& listener) const {
  return std::find(redirect.begin(), redirect.end(), listener) != redirect.end();
}

bool Config::speaks_https_at(const Endpoint& listener) const {
  return !redirects_at(listener) && !tls_at(listener).certificates.empty();
}

std::vector<Endpoint> Config::client_addresses() const {
  std::vector<Endpoint> out = listen;
  out.insert(out.end(), redirect.begin(), redirect.end());
  return out;
}

Checked<Config> read_config(const std::string& path) {
  FileErrors errors(path);
  Config out;
  out.file = path;
  if (const auto file = read_with_includes(errors, out.files)) read_tables(*file, errors, out);
  if (!errors.none()) return Problem{.message = errors.first(), .where = {}, .fix = {}};
  use_credentials(out);
  return out;
}

}  // namespace stead::proxy
