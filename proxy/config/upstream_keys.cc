#include "proxy/config/upstream_keys.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/config/values/values.h"
#include "proxy/http/target.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxUpstreams = 64;  // of a route

// Null: there is an error for it.
const toml::array* upstream_array(TomlTable& table) {
  const toml::node* const node = table.find("upstreams");
  if (node == nullptr) return nullptr;
  const toml::array* const values = node->as_array();
  if (values == nullptr) table.error("upstreams", "upstreams must be an array");
  return values;
}

void read_url(const std::string& text, FilePosition at, FileErrors& errors, Upstream& out) {
  if (const auto upstream = parse_upstream(text)) {
    out.tls = upstream->tls;
    out.host = upstream->host;
    out.port = upstream->port;
    out.base_path = upstream->base_path;
  } else {
    errors.add(at, "upstreams: \"" + text + "\" is not http://HOST:PORT or https://HOST:PORT");
  }
}

Upstream read_upstream_table(const toml::table& values, FileErrors& errors) {
  Upstream out;
  TomlTable table(values, "upstreams", errors);
  std::string url;
  if (table.required_text("url", url)) read_url(url, table.at("url"), errors, out);
  table.integer("weight", out.weight, 1, 1000);
  table.boolean("backup", out.backup);
  table.finish();
  return out;
}

void read_upstreams(TomlTable& table, FileErrors& errors, Route& out) {
  const toml::array* const values = upstream_array(table);
  if (values == nullptr) return;
  for (const toml::node& node : *values) {
    Upstream upstream;
    if (const auto text = node.value_exact<std::string>())
      read_url(*text, position_of(node), errors, upstream);
    else if (const toml::table* const one = node.as_table())
      upstream = read_upstream_table(*one, errors);
    else
      errors.add(node, "upstreams must have strings, or tables as { url = \"http://HOST:PORT\", weight = 2 }");
    const bool twice = std::any_of(out.upstreams.begin(), out.upstreams.end(),
                                   [&](const Upstream& other) { return to_string(other) == to_string(upstream); });
    if (twice && errors.none())
      errors.add(node, "upstreams: " + to_string(upstream) + " stands here twice; say weight = 2");
    out.upstreams.push_back(std::move(upstream));
  }
  if (out.upstreams.size() > kMaxUpstreams)
    table.error("upstreams", "upstreams has more than " + std::to_string(kMaxUpstreams) + " back ends");
}

void read_balance(TomlTable& table, Route& out) {
  std::string text;
  if (!table.text("balance", text)) return;
  constexpr std::array kAll{Balance::round_robin, Balance::least_connections, Balance::sticky};
  const auto* const found =
      std::find_if(kAll.begin(), kAll.end(), [&](Balance each) { return to_string(each) == text; });
  if (found != kAll.end())
    out.balance = *found;
  else
    table.error("balance", "balance: \"" + text + "\" is none of round_robin, least_connections, sticky");
}

void read_status(TomlTable& table, FileErrors& errors, HealthCheck& out) {
  const toml::node* const node = table.find("status");
  if (node == nullptr) return;
  const auto add = [&](const toml::node& value) {
    const auto status = value.value_exact<std::int64_t>();
    if (!status || *status < 200 || *status > 599)
      errors.add(value, "status: not a status of a response, 200 to 599");
    else
      out.status.push_back(static_cast<int>(*status));
  };
  if (const toml::array* const values = node->as_array())
    for (const toml::node& value : *values) add(value);
  else
    add(*node);
}

void read_health(TomlTable& route, FileErrors& errors, Route& out) {
  const toml::table* const values = route.table("health");
  if (values == nullptr) return;
  HealthCheck check;
  TomlTable table(*values, "health", errors);
  if (table.required_text("path", check.path) &&
      (!check.path.starts_with('/') || check.path.find_first_of("# \t\r\n") != std::string::npos))
    table.error("path", "path: \"" + check.path + "\" is not a path: it begins with '/'");
  if (table.text("host", check.host) && !is_authority(check.host))
    table.error("host", "host: \"" + check.host + "\" is not a host name");
  table.duration("interval", check.interval);
  table.duration("timeout", check.timeout);
  if (check.timeout > check.interval)
    table.error("timeout", "timeout is longer than interval: the next check would begin before this one ends");
  read_status(table, errors, check);
  table.integer("rise", check.rise, 1, 100);
  table.integer("fall", check.fall, 1, 100);
  table.boolean("kerberos", check.kerberos);
  table.finish();
  out.health = std::move(check);
}

// "http://wiki.internal:8080": a scheme and an authority.
bool is_address(const std::string& text) {
  const auto parsed = parse_upstream(text);
  return parsed && parsed->base_path.empty() && !text.ends_with('/');
}

// { "http://wiki.internal" = "https://wiki.example.com" }
void read_address_map(TomlTable& table, FileErrors& errors, Route& out) {
  const toml::table* const values = table.table("address_map");
  if (values == nullptr) return;
  for (const auto& [name, node] : *values) {
    AddressMapping mapping{.from = std::string(name.str()), .to = {}};
    const auto to = node.value_exact<std::string>();
    if (!is_address(mapping.from))
      errors.add(position_of(name.source()),
                 "address_map: \"" + mapping.from + "\" is not http://HOST:PORT or https://HOST:PORT");
    if (!to || (*to != "client" && !is_address(*to)))
      errors.add(node, "address_map: \"" + to.value_or("") + "\" is neither \"client\" nor https://HOST:PORT");
    if (to && *to != "client") mapping.to = *to;
    out.address_map.push_back(std::move(mapping));
  }
}

void read_upstream_host(TomlTable& table, Route& out) {
  std::string text;
  if (!table.text("upstream_host", text) || text == "client") return;
  if (text == "upstream") {
    out.upstream_host = UpstreamHost::upstream;
    return;
  }
  out.upstream_host = UpstreamHost::text;
  out.upstream_host_text = text;
  if (!is_authority(text))
    table.error("upstream_host", "upstream_host: \"" + text +
                                     "\" is neither \"client\", \"upstream\" nor a host name, with a port or without");
}

// TLS towards upstreams: who they must be, and who the proxy is to them.
void read_upstream_tls(TomlTable& table, FileErrors& errors, Route& out) {
  table.boolean("upstream_verify", out.upstream_verify);
  read_path(table, "upstream_ca", errors, out.upstream_ca);
  if (table.text("upstream_server_name", out.upstream_server_name) &&
      (!is_authority(out.upstream_server_name) || out.upstream_server_name.find_first_of(":[") != std::string::npos))
    table.error("upstream_server_name",
                "upstream_server_name: \"" + out.upstream_server_name + "\" is not a host name without a port");
  CertificateFiles& own = out.upstream_certificate;
  read_path(table, "upstream_certificate", errors, own.certificate);
  read_path(table, "upstream_key", errors, own.key);
  if (own.certificate.empty() != own.key.empty())
    table.error(own.key.empty() ? "upstream_certificate" : "upstream_key",
                "upstream_certificate and upstream_key go together");
  if (!own.certificate.empty()) own.where = errors.name_of(table.at("upstream_certificate"));
}

}  // namespace

void read_upstream_keys(TomlTable& table, FileErrors& errors, Route& out) {
  read_upstreams(table, errors, out);
  read_upstream_host(table, out);
  read_upstream_tls(table, errors, out);
  read_balance(table, out);
  read_health(table, errors, out);
  table.duration("slow_start", out.slow_start);
  read_address_map(table, errors, out);
  std::chrono::seconds time{};
  if (table.duration("connect_timeout", time)) out.connect_timeout = time;
  if (table.duration("reply_timeout", time)) out.reply_timeout = time;
  table.integer("retries", out.retries, 0, 10);
}

void check_upstream_keys(TomlTable& table, const FileErrors& errors, const Config& config, const Route& route) {
  if (!errors.none()) return;
  if (!route.serves_clients() && config.auth_listen.empty())
    table.error("upstreams", "needs upstreams = [\"http://HOST:PORT\"], redirect or answer");
  const auto is_backup = [](const Upstream& upstream) { return upstream.backup; };
  if (!route.upstreams.empty() && std::all_of(route.upstreams.begin(), route.upstreams.end(), is_backup))
    table.error("upstreams", "upstreams: all have backup = true: there is none for them to stand in for");
  if (route.upstreams.size() == 1)
    for (const std::string_view key : {"balance", "slow_start"})
      if (table.has(key)) table.error(key, std::string(key) + " has no meaning with one upstream");
  if (!route.upstream_ca.empty() && !route.upstream_verify)
    table.error("upstream_ca", "upstream_ca has no meaning with upstream_verify = false");
  const auto speaks_tls = [](const Upstream& upstream) { return upstream.tls; };
  if (std::none_of(route.upstreams.begin(), route.upstreams.end(), speaks_tls))
    for (const std::string_view key : {"upstream_server_name", "upstream_certificate"})
      if (table.has(key)) table.error(key, std::string(key) + " has no meaning: no upstream is https");
  if (!route.health || !route.health->kerberos) return;
  if (route.delegation == Delegation::none || config.client.principal.empty())
    table.error("health", "health: kerberos = true needs the route's spn and delegation: the check's ticket is for it");
}

}  // namespace stead::proxy
