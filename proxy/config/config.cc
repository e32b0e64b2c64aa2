#include "proxy/config/config.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>

#include "proxy/http/policy_path.h"
#include "proxy/http/target.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/client/config_table.h"
#include "stead/client_config.h"

namespace stead::proxy {
namespace {

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "127.0.0.1:8443", "[::1]:8443", "localhost:8443".
std::optional<Endpoint> endpoint_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  const auto port = number_of(text.substr(colon + 1));
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  Error error;
  const auto address = boost::asio::ip::make_address(brackets ? host.substr(1, host.size() - 2) : host, error);
  if (error || address.is_v6() != brackets || !port || *port < 0 || *port > 65535) return std::nullopt;
  return Endpoint{host, static_cast<std::uint16_t>(*port)};
}

bool is_loopback(const Endpoint& endpoint) {
  const std::string& host = endpoint.address;
  Error error;
  const auto address =
      boost::asio::ip::make_address(host.front() == '[' ? host.substr(1, host.size() - 2) : host, error);
  return !error && address.is_loopback();
}

// "http://name:port/base", without user, query or fragment.
std::optional<Upstream> upstream_of(std::string_view url) {
  Upstream out;
  if (url.starts_with("https://"))
    out.tls = true;
  else if (!url.starts_with("http://"))
    return std::nullopt;
  url.remove_prefix(out.tls ? 8 : 7);
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  out.base_path = url.substr(slash);
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
  if (authority.find_first_of("@?# \t") != std::string_view::npos ||
      out.base_path.find_first_of("?# \t") != std::string::npos)
    return std::nullopt;
  out.port = out.tls ? 443 : 80;
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    const auto port = number_of(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.empty() || (authority.front() != '[' && authority.find(':') != std::string_view::npos))
    return std::nullopt;
  out.host = authority;
  return out;
}

// "90s", "30m", "8h", "7d"; or a number of seconds.
std::optional<std::chrono::seconds> duration_of(const toml::node& node) {
  if (const auto seconds = node.value_exact<std::int64_t>()) return std::chrono::seconds(*seconds);
  const auto text = node.value_exact<std::string>();
  if (!text || text->size() < 2) return std::nullopt;
  const auto count = number_of(std::string_view(*text).substr(0, text->size() - 1));
  if (!count || *count > 1'000'000'000) return std::nullopt;
  switch (text->back()) {
    case 's':
      return std::chrono::seconds(*count);
    case 'm':
      return std::chrono::minutes(*count);
    case 'h':
      return std::chrono::hours(*count);
    case 'd':
      return std::chrono::hours(24 * *count);
    default:
      return std::nullopt;
  }
}

class Reader {
 public:
  explicit Reader(const std::string& path) : errors_(path) {}
  std::optional<Config> read(std::string& message);

 private:
  void server(const toml::table& table);
  void sign_in(const toml::table& table);
  void session(const toml::table& table);
  void limits(const toml::table& table);
  void route(const toml::table& table);
  void route_sign_in(ConfigTable& reader, Route& out);
  void check_whole(const toml::table& root, const toml::table* identity);

  void path(ConfigTable& reader, std::string_view key, std::string& out) {
    if (reader.text(key, out)) out = beside_file(errors_.file(), out);
  }
  void duration(ConfigTable& reader, std::string_view key, std::chrono::seconds& out) {
    const toml::node* const node = reader.find(key);
    if (node == nullptr) return;
    const auto value = duration_of(*node);
    if (!value || value->count() < 1)
      errors_.add(*node, std::string(key) + " must be a time as \"90s\", \"30m\", \"8h\" or \"7d\"");
    else
      out = *value;
  }
  template <class Integer>
  void integer(ConfigTable& reader, std::string_view key, Integer& out, std::int64_t lowest, std::int64_t highest) {
    const toml::node* const node = reader.find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < lowest || *value > highest)
      errors_.add(*node, std::string(key) + " must be a number from " + std::to_string(lowest) + " to " +
                             std::to_string(highest));
    else
      out = static_cast<Integer>(*value);
  }

  ConfigErrors errors_;
  Config out_;
};

void Reader::server(const toml::table& table) {
  ConfigTable reader(table, "[server]", errors_);
  path(reader, "certificate", out_.certificate);
  path(reader, "key", out_.key);
  if (out_.certificate.empty() != out_.key.empty())
    reader.error(out_.key.empty() ? "certificate" : "key", "certificate and key go together");
  for (const auto& [text, node] : reader.texts("listen")) {
    const auto endpoint = endpoint_of(text);
    if (!endpoint)
      errors_.add(*node, "listen: \"" + text + "\" is not ADDRESS:PORT");
    else if (out_.certificate.empty() && !is_loopback(*endpoint))
      errors_.add(*node, "listen: " + text +
                             " is not a loopback address: plain HTTP is served on loopback only, elsewhere a "
                             "certificate and key are needed");
    else
      out_.listen.push_back(*endpoint);
  }
  if (out_.listen.empty() && errors_.none()) reader.error("listen", "needs listen = [\"ADDRESS:PORT\"]");
  bool admin_anywhere = false;
  reader.boolean("admin_anywhere", admin_anywhere);
  std::string admin;
  if (reader.text("admin", admin)) {
    out_.admin = endpoint_of(admin);
    if (!out_.admin)
      reader.error("admin", "admin: \"" + admin + "\" is not ADDRESS:PORT");
    else if (!admin_anywhere && !is_loopback(*out_.admin))
      reader.error(
          "admin",
          "admin: " + admin +
              " is not a loopback address; say admin_anywhere = true where it is to be reached from elsewhere");
  }
  integer(reader, "threads", out_.threads, 0, 1024);
  path(reader, "access_log", out_.access_log);
  reader.finish();
}

void Reader::sign_in(const toml::table& table) {
  ConfigTable reader(table, "[sign_in]", errors_);
  if (const toml::table* kerberos = reader.table("kerberos")) {
    out_.kerberos = true;
    ConfigTable keys(*kerberos, "[sign_in.kerberos]", errors_);
    if (keys.text("channel_bindings", out_.channel_bindings) && out_.channel_bindings != "ignore" &&
        out_.channel_bindings != "allow" && out_.channel_bindings != "require")
      keys.error("channel_bindings", "channel_bindings must be \"ignore\", \"allow\" or \"require\"");
    keys.finish();
  }
  if (const toml::table* forms = reader.table("forms")) {
    out_.forms = true;
    ConfigTable keys(*forms, "[sign_in.forms]", errors_);
    keys.text("realm", out_.forms_realm);
    keys.finish();
  }
  if (const toml::table* certificate = reader.table("certificate")) {
    out_.certificate_sign_in = true;
    ConfigTable keys(*certificate, "[sign_in.certificate]", errors_);
    path(keys, "ca", out_.certificate_ca);
    if (const toml::node* const crl = keys.find("crl"); crl != nullptr && crl->is_array()) {
      for (const auto& [text, node] : keys.texts("crl"))
        out_.certificate_crls.push_back(beside_file(errors_.file(), text));
    } else if (std::string file; crl != nullptr) {
      path(keys, "crl", file);
      if (!file.empty()) out_.certificate_crls.push_back(std::move(file));
    }
    if (out_.certificate_ca.empty()) keys.error("ca", "needs ca, the CA of users' certificates");
    if (out_.certificate.empty()) keys.error("ca", "works over TLS only: [server] needs certificate and key");
    keys.finish();
  }
  reader.finish();
}

void Reader::session(const toml::table& table) {
  ConfigTable reader(table, "[session]", errors_);
  path(reader, "key_file", out_.session_key_file);
  duration(reader, "lifetime", out_.session_lifetime);
  duration(reader, "idle", out_.session_idle);
  reader.finish();
}

void Reader::limits(const toml::table& table) {
  ConfigTable reader(table, "[limits]", errors_);
  Limits& limits = out_.limits;
  integer(reader, "header_bytes", limits.header_bytes, 1024, 1024 * 1024);
  integer(reader, "login_body_bytes", limits.login_body_bytes, 1024, 1024 * 1024);
  integer(reader, "connections", limits.connections, 1, 10'000'000);
  duration(reader, "header_timeout", limits.header_timeout);
  duration(reader, "idle_timeout", limits.idle_timeout);
  duration(reader, "body_idle_timeout", limits.body_idle_timeout);
  duration(reader, "upstream_connect_timeout", limits.upstream_connect_timeout);
  duration(reader, "upstream_reply_timeout", limits.upstream_reply_timeout);
  duration(reader, "upstream_idle_timeout", limits.upstream_idle_timeout);
  duration(reader, "tunnel_idle_timeout", limits.tunnel_idle_timeout);
  duration(reader, "drain_timeout", limits.drain_timeout);
  integer(reader, "body_bytes_per_second", limits.body_bytes_per_second, 0, 1'000'000'000);
  integer(reader, "upstream_idle_connections_per_user", limits.upstream_idle_connections_per_user, 0, 1000);
  integer(reader, "login_failures_per_user", limits.login_failures_per_user, 1, 1'000'000);
  integer(reader, "login_failures_per_address", limits.login_failures_per_address, 1, 1'000'000);
  duration(reader, "login_window", limits.login_window);
  reader.finish();
}

void Reader::route_sign_in(ConfigTable& reader, Route& out) {
  for (const auto& [text, node] : reader.texts("sign_in")) {
    std::optional<SignInMethod> method;
    bool configured = false;
    if (text == "kerberos")
      method = SignInMethod::kerberos, configured = out_.kerberos;
    else if (text == "forms")
      method = SignInMethod::forms, configured = out_.forms;
    else if (text == "certificate")
      method = SignInMethod::certificate, configured = out_.certificate_sign_in;
    if (!method)
      errors_.add(*node, "sign_in: \"" + text + "\" is none of kerberos, forms, certificate");
    else if (!configured)
      errors_.add(*node, "sign_in: \"" + text + "\" needs a table [sign_in." + text + "]");
    else if (!out.allows(*method))
      out.sign_in.push_back(*method);
  }
}

void Reader::route(const toml::table& table) {
  ConfigTable reader(table, "[[route]]", errors_);
  Route out;
  if (reader.text("host", out.host)) {
    const std::string name = host_name_of(out.host);
    if (out.host.find_first_of("/ \t@") != std::string::npos || name.empty())
      reader.error("host", "host: \"" + out.host + "\" is not a host name");
    out.host = name;
  }
  if (reader.text("path", out.path)) {
    if (!out.path.starts_with('/') || out.path.find_first_of("?# \t\\") != std::string::npos)
      reader.error("path", "path: \"" + out.path + "\" is not a path: it begins with '/', without query");
    else if (is_reserved(path_for_policy(out.path)))
      reader.error("path", "path: /.stead is reserved for the proxy's own pages");
  }
  route_sign_in(reader, out);
  for (const auto& [text, node] : reader.texts("upstreams")) {
    const auto upstream = upstream_of(text);
    if (!upstream)
      errors_.add(*node, "upstreams: \"" + text + "\" is not http://HOST:PORT or https://HOST:PORT");
    else
      out.upstreams.push_back(*upstream);
  }
  if (out.upstreams.empty() && errors_.none()) reader.error("upstreams", "needs upstreams = [\"http://HOST:PORT\"]");
  std::string delegation;
  if (reader.text("delegation", delegation)) {
    if (delegation == "s4u")
      out.delegation = Delegation::s4u;
    else if (delegation == "none")
      out.delegation = Delegation::none;
    else if (delegation == "forwarded-tgt")
      out.delegation = Delegation::forwarded_tgt;
    else
      reader.error("delegation", "delegation: \"" + delegation + "\" is none of s4u, forwarded-tgt, none");
  }
  if (reader.text("spn", out.spn)) {
    const std::size_t slash = out.spn.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == out.spn.size() ||
        out.spn.find_first_of(" \t") != std::string::npos)
      reader.error("spn", "spn: \"" + out.spn + "\" is not SERVICE/HOST, as in \"HTTP/reports.example.com\"");
  } else if (out.delegation != Delegation::none && errors_.none()) {
    reader.error("spn", "needs spn, the back end's service principal name; or delegation = \"none\"");
  }
  if (out.sign_in.empty() && out.delegation != Delegation::none && errors_.none())
    reader.error("sign_in",
                 "delegates but lets nobody sign in: it needs sign_in, or delegation = \"none\" where it is public");
  if (out.delegation == Delegation::forwarded_tgt && errors_.none()) {
    if (!out.allows(SignInMethod::kerberos))
      reader.error("delegation",
                   "delegation: \"forwarded-tgt\" needs \"kerberos\" in sign_in: no other sign-in brings a TGT");
    out.sign_in = {SignInMethod::kerberos};
  }
  reader.boolean("upstream_verify", out.upstream_verify);
  path(reader, "upstream_ca", out.upstream_ca);
  reader.finish();
  const bool twice = std::any_of(out_.routes.begin(), out_.routes.end(),
                                 [&](const Route& other) { return other.host == out.host && other.path == out.path; });
  if (twice) reader.error("path", "a route of this host and path stands above already");
  out_.routes.push_back(std::move(out));
}

void Reader::check_whole(const toml::table& root, const toml::table* identity) {
  if (out_.kerberos || out_.forms || out_.certificate_sign_in) {
    ConfigTable reader(identity != nullptr ? *identity : root, "[identity]", errors_);
    if (identity == nullptr)
      errors_.add(root, "signing users in needs [identity] with principal and keytab");
    else if (out_.client.principal.empty())
      reader.error("principal", "needs principal, as \"HTTP/front.example.com@EXAMPLE.COM\"");
    if (identity != nullptr && errors_.none()) fill_from_krb5_conf(out_.client);
  }
  if (out_.forms_realm.empty()) {
    const std::size_t at = out_.client.principal.rfind('@');
    if (at != std::string::npos) out_.forms_realm = out_.client.principal.substr(at + 1);
  }
  if (out_.session_key_file.empty()) out_.session_key_file = beside_file(errors_.file(), "session.key");
}

std::optional<Config> Reader::read(std::string& message) {
  if (const auto parsed = parse_config_file(errors_)) {
    ConfigTable root(*parsed, "", errors_);
    if (const toml::table* table = root.table("server"))
      server(*table);
    else
      errors_.add(1, 1, "needs a table [server] with listen");
    if (const toml::table* table = root.table("locator")) read_locator_table(*table, errors_, out_.client.locator);
    const toml::table* const identity = root.table("identity");
    if (identity != nullptr) read_identity_table(*identity, errors_, out_.client);
    if (const toml::table* table = root.table("sign_in")) sign_in(*table);
    if (const toml::table* table = root.table("session")) session(*table);
    if (const toml::table* table = root.table("limits")) limits(*table);
    const toml::node* const single = parsed->get("route");
    if (single != nullptr && single->is_table())
      errors_.add(*single, "[route] is written [[route]], for there may be several");
    const auto routes = root.tables("route");
    for (const toml::table* table : routes) route(*table);
    if (routes.empty() && single == nullptr) errors_.add(1, 1, "needs a [[route]]");
    root.finish();
    check_whole(*parsed, identity);
  }
  message = errors_.first();
  if (!errors_.none()) return std::nullopt;
  return std::move(out_);
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

bool Route::allows(SignInMethod method) const {
  return std::find(sign_in.begin(), sign_in.end(), method) != sign_in.end();
}

std::optional<Config> read_config(const std::string& path, std::string& message) {
  return Reader(path).read(message);
}

}  // namespace stead::proxy
