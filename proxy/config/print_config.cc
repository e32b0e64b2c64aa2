#include "proxy/config/print_config.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/config/header_patterns.h"
#include "proxy/config/limits_table.h"
#include "proxy/config/values/toml_writer.h"

namespace stead::proxy {
namespace {

std::vector<std::string> names_of(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> out;
  for (const Endpoint& one : endpoints) out.push_back(one.address + ':' + std::to_string(one.port));
  return out;
}

using InlineValues = std::vector<std::pair<std::string, std::string>>;

InlineValues values_of(const CertificateFiles& files) {
  InlineValues out{{"certificate", toml_text(files.certificate)}, {"key", toml_text(files.key)}};
  if (!files.ocsp.empty()) out.emplace_back("ocsp", toml_text(files.ocsp));
  return out;
}

// But for the first, if `from` is 1.
std::string certificates_of(const TlsSettings& tls, std::size_t from) {
  std::string out = "[";
  for (std::size_t i = from; i < tls.certificates.size(); ++i)
    out.append(i == from ? "" : ", ").append(toml_inline(values_of(tls.certificates[i])));
  return out + "]";
}

std::string_view to_string(ForwardedForm form) {
  switch (form) {
    case ForwardedForm::x_forwarded:
      return "x-forwarded";
    case ForwardedForm::forwarded:
      return "forwarded";
    case ForwardedForm::both:
      return "both";
    case ForwardedForm::none:
      break;
  }
  return "none";
}

std::string_view to_string(TlsPolicy policy) {
  return policy == TlsPolicy::modern ? "modern" : "intermediate";
}

std::string listen_of(const Config& config) {
  std::string out = "[";
  for (const Endpoint& one : config.listen) {
    const std::string address = toml_text(names_of({one}).front());
    const auto own = std::find_if(config.listener_tls.begin(), config.listener_tls.end(),
                                  [&one](const ListenerTls& each) { return each.at == one; });
    out.append(out.size() == 1 ? "" : ", ");
    if (own == config.listener_tls.end() || own->settings.certificates.empty())
      out.append(address);
    else
      out.append(toml_inline({{"address", address},
                              {"certificates", certificates_of(own->settings, 0)},
                              {"tls", toml_text(to_string(own->settings.policy))}}));
  }
  return out + "]";
}

// `value`: "max-age=31536000; includeSubDomains".
std::string hsts_of(const std::string& value) {
  constexpr std::string_view kAge = "max-age=";
  const auto has = [&value](std::string_view word) { return value.find(word) != std::string::npos ? "true" : "false"; };
  return toml_inline({{"max_age", value.substr(kAge.size(), value.find(';') - kAge.size())},
                      {"subdomains", has("includeSubDomains")},
                      {"preload", has("preload")}});
}

void print_tls(TomlWriter& out, const Config& config) {
  out.raw("listen", listen_of(config));
  if (!config.tls.certificates.empty()) {
    for (const auto& [key, value] : values_of(config.tls.certificates.front())) out.raw(key, value);
    if (config.tls.certificates.size() > 1) out.raw("certificates", certificates_of(config.tls, 1));
  }
  if (!config.has_tls()) return;
  out.text("tls", to_string(config.tls.policy));
  out.text_if("ticket_key_file", config.ticket_key_file);
  if (!config.redirect.empty()) {
    out.texts("redirect", names_of(config.redirect));
    out.number("redirect_port", config.redirect_port);
  }
  if (!config.hsts.empty()) out.raw("hsts", hsts_of(config.hsts));
}

void print_server(TomlWriter& out, const Config& config) {
  out.table("[server]");
  print_tls(out, config);
  if (config.admin) {
    out.text("admin", names_of({*config.admin}).front());
    if (!is_loopback(*config.admin)) out.boolean("admin_anywhere", true);
  }
  out.texts("admin_hosts", config.admin_hosts);
  out.text_if("admin_socket", config.admin_socket);
  out.texts("trusted_proxies", config.trusted_proxies.texts());
  out.text("trusted_header", to_string(config.trusted_form));
  out.texts("proxy_protocol_from", config.proxy_protocol_from.texts());
  if (!config.auth_listen.empty()) {
    out.texts("auth_listen", names_of(config.auth_listen));
    out.texts("auth_from", config.auth_from.texts());
  }
  out.boolean("http2", config.http2);
  out.number("threads", config.threads);
  out.text_if("access_log", config.access_log);
  out.text("access_log_format", to_string(config.access_log_format));
  out.text_if("audit_log", config.audit_log);
}

std::string_view to_string(PaForUserUse use) {
  return use == PaForUserUse::always ? "true" : use == PaForUserUse::never ? "false" : "\"auto\"";
}

void print_identity(TomlWriter& out, const ClientOptions& client) {
  out.table("[identity]");
  out.text_if("principal", client.principal);
  out.text_if("keytab", client.keytab);
  out.boolean("allow_rc4", client.allow_rc4);
  out.raw("pa_for_user", to_string(client.pa_for_user));
  out.boolean("own_service_ticket", client.own_service_ticket);
}

void print_kdc_proxy(TomlWriter& out, const KdcProxy& proxy) {
  out.text("kdc_proxy", proxy.url);
  out.text_if("ca", proxy.ca);
}

std::string controllers_of(const std::vector<ControllerAddress>& controllers) {
  std::string out = "[";
  for (const ControllerAddress& one : controllers) {
    std::vector<std::pair<std::string, std::string>> values;
    if (!one.name.empty()) values.emplace_back("name", toml_text(one.name));
    values.emplace_back("address", toml_text(one.address));
    values.emplace_back("kerberos_port", std::to_string(one.kerberos_port));
    values.emplace_back("ldap_port", std::to_string(one.ldap_port));
    out.append(out.size() == 1 ? "" : ", ").append(toml_inline(values));
  }
  return out + "]";
}

// What krb5.conf says of realms is in it too.
void print_locator(TomlWriter& out, const LocatorOptions& locator) {
  out.table("[locator]");
  out.texts("nameservers", locator.nameservers);
  out.text_if("site", locator.site);
  if (locator.kdc_proxy) print_kdc_proxy(out, *locator.kdc_proxy);
  for (const auto& [realm, controllers] : locator.realms) {
    out.table("[locator.realm." + toml_text(realm) + "]");
    out.raw("controllers", controllers_of(controllers));
  }
  for (const auto& [realm, proxy] : locator.kdc_proxies) {
    out.table("[locator.realm." + toml_text(realm) + "]");
    print_kdc_proxy(out, proxy);
  }
}

std::vector<std::string> texts_of(const AccessList& list, const GroupPatterns& groups) {
  std::vector<std::string> out = list.users;
  for (const std::string& realm : list.realms) out.push_back("*@" + realm);
  for (const std::uint8_t number : list.groups) out.push_back(groups.patterns[number].text);
  return out;
}

void print_sign_in(TomlWriter& out, const Config& config) {
  out.table("[sign_in]");
  out.texts("deny_delegation_of", texts_of(config.deny_delegation_of, config.groups));
  if (config.kerberos) {
    out.table("[sign_in.kerberos]");
    const BindingsPolicy policy = config.channel_bindings;
    out.text("channel_bindings", policy == BindingsPolicy::require  ? "require"
                                 : policy == BindingsPolicy::ignore ? "ignore"
                                                                    : "allow");
    out.texts("aliases", config.kerberos_aliases);
  }
  if (config.forms) {
    out.table("[sign_in.forms]");
    out.text_if("realm", config.forms_realm);
  }
  if (!config.certificate_sign_in) return;
  out.table("[sign_in.certificate]");
  out.text("ca", config.certificate_ca);
  if (config.certificate_crls.empty())
    out.text("revocation", "none");
  else
    out.texts("crl", config.certificate_crls);
  const bool by_upn = config.certificate_mapping == CertificateMapping::upn;
  out.text("mapping", by_upn ? "upn" : "strong");
  if (by_upn) out.texts("upn_realms", config.certificate_upn_realms);
}

void print_upstreams(TomlWriter& out, const Route& route) {
  std::string values = "[";
  for (const Upstream& one : route.upstreams) {
    values.append(values.size() == 1 ? "" : ", ");
    values.append(toml_inline({{"url", toml_text(to_string(one))},
                               {"weight", std::to_string(one.weight)},
                               {"backup", one.backup ? "true" : "false"}}));
  }
  out.raw("upstreams", values + "]");
  if (route.upstreams.size() > 1) out.text("balance", to_string(route.balance));
  if (route.slow_start.count() > 0) out.time("slow_start", route.slow_start);
  if (route.connect_timeout) out.time("connect_timeout", *route.connect_timeout);
  if (route.reply_timeout) out.time("reply_timeout", *route.reply_timeout);
  out.number("retries", static_cast<std::uint64_t>(route.retries));
  out.boolean("upstream_verify", route.upstream_verify);
  out.text_if("upstream_ca", route.upstream_ca);
  out.text_if("upstream_server_name", route.upstream_server_name);
  out.text_if("upstream_certificate", route.upstream_certificate.certificate);
  out.text_if("upstream_key", route.upstream_certificate.key);
  out.text("forwarded", to_string(route.forwarded));
  out.text("upstream_host", route.upstream_host == UpstreamHost::client     ? "client"
                            : route.upstream_host == UpstreamHost::upstream ? "upstream"
                                                                            : route.upstream_host_text);
  if (!route.health) return;
  const HealthCheck& check = *route.health;
  std::vector<std::pair<std::string, std::string>> values_of_check{{"path", toml_text(check.path)}};
  if (!check.host.empty()) values_of_check.emplace_back("host", toml_text(check.host));
  values_of_check.emplace_back("interval", toml_time(check.interval));
  values_of_check.emplace_back("timeout", toml_time(check.timeout));
  std::string status = "[";
  for (const int one : check.status) status.append(status.size() == 1 ? "" : ", ").append(std::to_string(one));
  if (!check.status.empty()) values_of_check.emplace_back("status", status + "]");
  values_of_check.emplace_back("rise", std::to_string(check.rise));
  values_of_check.emplace_back("fall", std::to_string(check.fall));
  values_of_check.emplace_back("kerberos", check.kerberos ? "true" : "false");
  out.raw("health", toml_inline(values_of_check));
}

enum class Values { shown, left_out };

void print_fields(TomlWriter& out, std::string_view key, const HeaderList& fields, Values values) {
  if (fields.empty()) return;
  std::vector<std::pair<std::string, std::string>> shown;
  for (const auto& [name, value] : fields)
    shown.emplace_back(name, values == Values::shown ? toml_text(value) : toml_text("(left out)"));
  out.raw(key, toml_inline(shown));
}

// The patterns that the file has: those of fields that are set were added by the reader.
std::vector<std::string> without_those_of(const HeaderList& set, std::vector<std::string> patterns) {
  for (const auto& [name, value] : set) std::erase(patterns, parse_header_pattern(name).value_or(""));
  return patterns;
}

void print_headers(TomlWriter& out, const Route& route) {
  const auto dropped = without_those_of(route.set_request_headers, route.drop_headers);
  const auto removed = without_those_of(route.set_response_headers, route.remove_response_headers);
  if (!dropped.empty()) out.texts("drop_headers", dropped);
  if (!route.pass_headers.empty()) out.texts("pass_headers", route.pass_headers);
  print_fields(out, "set_request_headers", route.set_request_headers, Values::left_out);
  print_fields(out, "set_response_headers", route.set_response_headers, Values::shown);
  print_fields(out, "add_response_headers", route.add_response_headers, Values::shown);
  if (!removed.empty()) out.texts("remove_response_headers", removed);
  std::vector<std::pair<std::string, std::string>> addresses;
  for (const AddressMapping& one : route.address_map)
    addresses.emplace_back(one.from, toml_text(one.to.empty() ? "client" : one.to));
  if (!addresses.empty()) out.raw("address_map", toml_inline(addresses));
}

void print_answers(TomlWriter& out, const Route& route) {
  if (route.redirect)
    out.raw("redirect", toml_inline({{"to", toml_text(route.redirect->to)},
                                     {"status", std::to_string(route.redirect->status)},
                                     {"keep_path", route.redirect->keep_path ? "true" : "false"}}));
  if (!route.answer) return;
  std::vector<std::pair<std::string, std::string>> values{{"status", std::to_string(route.answer->status)}};
  if (route.answer->retry_after.count() > 0) values.emplace_back("retry_after", toml_time(route.answer->retry_after));
  out.raw("answer", toml_inline(values));
  if (!route.answer->body.empty()) out.comment("answer: its file was read");
}

void print_route(TomlWriter& out, const Route& route, const Config& config) {
  out.table("[[route]]");
  out.text_if("host", route.host);
  out.text("path", route.path);
  out.boolean("ignore_case", route.ignore_case);
  out.text_if("strip_prefix", route.strip_prefix);
  std::vector<std::string> methods;
  for (const SignInMethod method : route.sign_in) methods.emplace_back(to_string(method));
  if (!methods.empty()) out.texts("sign_in", methods);
  if (!route.allow.empty()) out.texts("allow", texts_of(route.allow, config.groups));
  if (!route.deny.empty()) out.texts("deny", texts_of(route.deny, config.groups));
  if (!route.allowed_origins.empty()) out.texts("allowed_origins", route.allowed_origins);
  if (!route.upstreams.empty()) print_upstreams(out, route);
  print_answers(out, route);
  print_headers(out, route);
  if (route.preflight != Preflight::needs_sign_in)
    out.text("preflight", route.preflight == Preflight::pass ? "pass" : "answer");
  if (route.body_bytes) out.number("body_bytes", *route.body_bytes);
  out.text_if("spn", route.spn);
  out.text("delegation", to_string(route.delegation));
  if (route.delegation != Delegation::none) out.text("mutual", to_string(route.mutual));
  if (!config.auth_listen.empty() && route.serves_clients()) out.boolean("auth", route.offers_authorization());
}

void print_shared(TomlWriter& out, const SharedSettings& shared) {
  if (!shared.redis) return;
  out.table("[shared]");
  out.text("redis", to_string(*shared.redis));
  if (!shared.redis->user.empty() || !shared.redis->password.empty())
    out.comment("redis: its user and password are left out");
  out.text_if("ca", shared.ca);
  out.text("prefix", shared.prefix);
}

void print_pages(TomlWriter& out, const Pages& pages) {
  out.table("[pages]");
  out.text_if("name", pages.name);
  out.text_if("color", pages.color);
  out.texts("languages", pages.languages);
  if (!pages.logo.empty()) out.comment("logo: its file was read");
  if (!pages.html.empty() || !pages.style.empty() || !pages.texts.empty()) out.comment("folder: its files were read");
}

}  // namespace

std::string print_config(const Config& config) {
  TomlWriter out;
  out.comment("The configuration of " + config.file + " as it is in effect.");
  for (const std::string& file : config.files) out.comment("With " + file + ".");
  print_server(out, config);
  print_identity(out, config.client);
  print_locator(out, config.client.locator);
  out.table("[tickets]");
  out.time("life", config.client.ticket_life);
  print_sign_in(out, config);
  out.table("[session]");
  out.text("key_file", config.session_key_file);
  out.time("lifetime", config.session_lifetime);
  out.time("idle", config.session_idle);
  print_shared(out, config.shared);
  print_pages(out, config.pages);
  out.table("[limits]");
  print_limits(out, config.limits);
  for (const Route& route : config.routes) print_route(out, route, config);
  return out.take();
}

}  // namespace stead::proxy
