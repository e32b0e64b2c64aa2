#include "proxy/config/server_table.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "proxy/config/tls_keys.h"
#include "proxy/config/values/values.h"
#include "proxy/http/target.h"

namespace stead::proxy {
namespace {

// "ADDRESS:PORT", or { address = "ADDRESS:PORT", ... } with TLS of its own.
void read_listener(const toml::node& node, FileErrors& errors, Config& out) {
  std::string text;
  FilePosition at = position_of(node);
  TlsSettings tls = out.tls;
  if (const toml::table* const values = node.as_table()) {
    TomlTable table(*values, "listen", errors);
    if (!table.required_text("address", text)) return;
    at = table.at("address");
    read_tls_settings(table, errors, tls);
    if (tls.certificates.empty() && table.has("tls")) table.error("tls", "tls has no meaning without a certificate");
    table.finish();
  } else if (const auto plain = node.value_exact<std::string>()) {
    text = *plain;
  } else {
    errors.add(node, "listen must have strings, or tables as { address = \"ADDRESS:PORT\", tls = \"modern\" }");
    return;
  }
  const auto endpoint = parse_endpoint(text);
  if (!endpoint)
    errors.add(at, "listen: \"" + text + "\" is not ADDRESS:PORT");
  else if (tls.certificates.empty() && !is_loopback(*endpoint))
    errors.add(at, "listen: " + text +
                       " is not a loopback address: plain HTTP is served on loopback only, elsewhere a "
                       "certificate and key are needed");
  else
    out.listen.push_back(*endpoint);
  if (endpoint && node.is_table()) out.listener_tls.push_back({.at = *endpoint, .settings = std::move(tls)});
}

void read_listen(TomlTable& table, FileErrors& errors, Config& out) {
  const toml::node* const node = table.find("listen");
  const toml::array* const values = node != nullptr ? node->as_array() : nullptr;
  if (node != nullptr && values == nullptr) errors.add(*node, "listen must be an array");
  if (values != nullptr)
    for (const toml::node& each : *values) read_listener(each, errors, out);
  if (out.listen.empty() && errors.none()) table.error("listen", "needs listen = [\"ADDRESS:PORT\"]");
}

// Behind translated ports (`-p 443:8443`) the port of `listen` is not the one that clients use.
void read_redirect(TomlTable& table, FileErrors& errors, Config& out) {
  for (const auto& [text, at] : table.texts("redirect")) {
    const auto endpoint = parse_endpoint(text);
    if (!endpoint)
      errors.add(at, "redirect: \"" + text + "\" is not ADDRESS:PORT");
    else if (std::find(out.listen.begin(), out.listen.end(), *endpoint) != out.listen.end())
      errors.add(at, "redirect: " + text + " is in listen too");
    else
      out.redirect.push_back(*endpoint);
  }
  if (!out.listen.empty()) out.redirect_port = out.listen.front().port;
  table.integer("redirect_port", out.redirect_port, 1, 65535);
  if (table.has("redirect") && !out.has_tls())
    table.error("redirect", "redirect has no meaning without a certificate: there is no https to redirect to");
  if (table.has("redirect_port") && out.redirect.empty() && errors.none())
    table.error("redirect_port", "redirect_port has no meaning without redirect");
}

void read_admin(TomlTable& table, FileErrors& errors, Config& out) {
  bool anywhere = false;
  table.boolean("admin_anywhere", anywhere);
  for (const auto& [name, at] : table.texts("admin_hosts")) {
    if (is_authority(name) && name.find(':') == std::string::npos)
      out.admin_hosts.push_back(host_name_of(name));
    else
      errors.add(at, "admin_hosts: \"" + name + "\" is not a host name without a port");
  }
  std::string text;
  if (!table.text("admin", text)) return;
  out.admin = parse_endpoint(text);
  if (!out.admin)
    table.error("admin", "admin: \"" + text + "\" is not ADDRESS:PORT");
  else if (!anywhere && !is_loopback(*out.admin))
    table.error("admin", "admin: " + text +
                             " is not a loopback address; say admin_anywhere = true where it is to be reached from "
                             "elsewhere");
}

// Tokens and cookies are read there, so that it needs TLS wherever it can be reached from elsewhere.
void read_auth_listen(TomlTable& table, FileErrors& errors, Config& out) {
  bool elsewhere = false;
  for (const auto& [text, at] : table.texts("auth_listen")) {
    const auto endpoint = parse_endpoint(text);
    if (!endpoint) {
      errors.add(at, "auth_listen: \"" + text + "\" is not ADDRESS:PORT");
      continue;
    }
    if (!is_loopback(*endpoint) && out.tls.certificates.empty())
      errors.add(at, "auth_listen: " + text + " is not a loopback address, which needs a certificate and key");
    elsewhere = elsewhere || !is_loopback(*endpoint);
    out.auth_listen.push_back(*endpoint);
  }
  read_addresses(table, "auth_from", errors, out.auth_from);
  if (table.has("auth_from")) {
    if (!table.has("auth_listen")) table.error("auth_from", "auth_from has no meaning without auth_listen");
    return;
  }
  if (elsewhere && !out.tls.certificates.empty())
    table.error("auth_listen",
                "auth_listen at an address that is not loopback needs auth_from = [\"ADDRESS\"], the "
                "proxies that may ask there");
  for (const char* const loopback : {"127.0.0.0/8", "::1"}) (void)out.auth_from.add(loopback);
}

void read_access_log_format(TomlTable& table, Config& out) {
  std::string text;
  if (!table.text("access_log_format", text)) return;
  constexpr AccessLogFormat kAll[] = {AccessLogFormat::json, AccessLogFormat::combined, AccessLogFormat::off};
  const auto* const found =
      std::find_if(std::begin(kAll), std::end(kAll), [&](AccessLogFormat each) { return to_string(each) == text; });
  if (found == std::end(kAll))
    table.error("access_log_format", "access_log_format: \"" + text + "\" is none of json, combined, off");
  else
    out.access_log_format = *found;
}

// A proxy that sets one of the fields often passes the other on as the client sent it. So only one is believed.
void read_trusted_form(TomlTable& table, Config& out) {
  std::string text;
  if (!table.text("trusted_header", text)) return;
  if (text == "forwarded")
    out.trusted_form = ForwardedForm::forwarded;
  else if (text != "x-forwarded")
    table.error("trusted_header", "trusted_header: \"" + text + "\" is neither x-forwarded nor forwarded");
}

}  // namespace

void read_server_table(const toml::table& table, FileErrors& errors, Config& out) {
  TomlTable server(table, "[server]", errors);
  read_tls_settings(server, errors, out.tls);
  read_listen(server, errors, out);
  read_tls_keys(server, errors, out);
  read_redirect(server, errors, out);
  read_admin(server, errors, out);
  read_path(server, "admin_socket", errors, out.admin_socket);
  read_auth_listen(server, errors, out);
  read_addresses(server, "trusted_proxies", errors, out.trusted_proxies);
  read_trusted_form(server, out);
  read_addresses(server, "proxy_protocol_from", errors, out.proxy_protocol_from);
  server.boolean("http2", out.http2);
  server.integer("threads", out.threads, 0, 1024);
  read_path(server, "access_log", errors, out.access_log);
  read_access_log_format(server, out);
  read_path(server, "audit_log", errors, out.audit_log);
  if (!out.audit_log.empty() && out.audit_log == out.access_log)
    server.error("audit_log", "audit_log: the access log has this file; the audit log needs one of its own");
  server.finish();
}

}  // namespace stead::proxy
