#include "proxy/doctor/proxy_file.h"

#include <algorithm>
#include <charconv>

#include "sspi_shim/client/config_table.h"
#include "sspi_shim/protocol/types/types.h"
#include "stead/client_config.h"

namespace stead::doctor {
namespace {

std::optional<BackEnd> back_end_of(std::string_view url) {
  BackEnd out;
  out.url = url;
  out.tls = url.starts_with("https://");
  if (!out.tls && !url.starts_with("http://")) return std::nullopt;
  url.remove_prefix(out.tls ? 8 : 7);
  const auto slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  out.base_path = url.substr(slash);
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
  out.port = out.tls ? 443 : 80;
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    const auto digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || out.port == 0) return std::nullopt;
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return std::nullopt;
  out.host = authority;
  return out;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : errors_(path) { out_.path = path; }
  std::optional<ProxyFile> read(std::string& message);

 private:
  void route(const toml::table& table);
  void file(ConfigTable& table, std::string_view key, std::string& out) {
    if (table.text(key, out)) out = beside_file(errors_.file(), out);
  }

  ConfigErrors errors_;
  ProxyFile out_;
};

void Reader::route(const toml::table& table) {
  ConfigTable reader(table, "[[route]]", errors_);
  ProxyRoute out;
  if (reader.text("host", out.host)) out.host = to_lower(out.host.substr(0, out.host.find(':')));
  reader.text("path", out.path);
  for (const auto& [method, node] : reader.texts("sign_in")) out.kerberos = out.kerberos || method == "kerberos";
  for (const auto& [url, node] : reader.texts("upstreams")) {
    auto back_end = back_end_of(url);
    if (back_end)
      out.back_ends.push_back(std::move(*back_end));
    else
      errors_.add(*node, "upstreams: \"" + url + "\" is not http://HOST:PORT or https://HOST:PORT");
  }
  reader.text("delegation", out.delegation);
  if (reader.text("spn", out.spn)) {
    const auto parsed = parse_principal(out.spn);
    if (!parsed || parsed->name.components.size() < 2)
      reader.error("spn", "spn: \"" + out.spn + "\" is not SERVICE/HOST");
  }
  if (out.delegation == "none") out.spn.clear();
  reader.boolean("upstream_verify", out.verify);
  file(reader, "upstream_ca", out.ca);
  out_.routes.push_back(std::move(out));
}

std::optional<ProxyFile> Reader::read(std::string& message) {
  if (const auto parsed = parse_config_file(errors_)) {
    ConfigTable root(*parsed, "", errors_);
    if (const toml::table* table = root.table("server")) {
      ConfigTable server(*table, "[server]", errors_);
      file(server, "certificate", out_.certificate);
      file(server, "key", out_.tls_key);
    }
    if (const toml::table* table = root.table("locator")) read_locator_table(*table, errors_, out_.client.locator);
    const toml::table* identity = root.table("identity");
    if (identity != nullptr) read_identity_table(*identity, errors_, out_.client);
    if (const toml::table* table = root.table("session")) {
      ConfigTable session(*table, "[session]", errors_);
      file(session, "key_file", out_.session_key);
    }
    if (const toml::table* table = root.table("limits")) {
      ConfigTable limits(*table, "[limits]", errors_);
      const toml::node* bytes = limits.find("header_bytes");
      if (bytes != nullptr)
        out_.header_bytes = static_cast<std::size_t>(std::max<std::int64_t>(bytes->value_or<std::int64_t>(0), 1024));
    }
    for (const toml::table* table : root.tables("route")) route(*table);
    if (errors_.none() && out_.client.principal.empty()) {
      if (identity == nullptr)
        errors_.add(1, 1, "needs [identity] with principal and keytab: there is nothing to examine without");
      else
        ConfigTable(*identity, "[identity]", errors_)
            .error("principal", "needs principal, as \"HTTP/front.example.com@EXAMPLE.COM\"");
    }
    if (errors_.none()) fill_from_krb5_conf(out_.client);
    const auto principal = parse_principal(out_.client.principal);
    if (errors_.none() && (!principal || principal->realm.empty()))
      ConfigTable(*identity, "[identity]", errors_)
          .error("principal", "principal has no realm, and krb5.conf no default_realm");
    if (out_.session_key.empty()) out_.session_key = beside_file(errors_.file(), "session.key");
  }
  message = errors_.first();
  if (!errors_.none()) return std::nullopt;
  return std::move(out_);
}

}  // namespace

std::optional<ProxyFile> read_proxy_file(const std::string& path, std::string& message) {
  return Reader(path).read(message);
}

std::vector<std::string> published_spns(const ProxyFile& file) {
  const auto principal = parse_principal(file.client.principal);
  std::vector<std::string> out;
  for (const ProxyRoute& route : file.routes) {
    if (!route.kerberos) continue;
    std::string spn = "HTTP/" + route.host;
    if (route.host.empty()) {
      if (!principal || principal->name.components.size() < 2) continue;
      spn = to_string(principal->name);
    }
    const bool there =
        std::any_of(out.begin(), out.end(), [&](const std::string& other) { return equal_ignoring_case(other, spn); });
    if (!there) out.push_back(std::move(spn));
  }
  return out;
}

}  // namespace stead::doctor
