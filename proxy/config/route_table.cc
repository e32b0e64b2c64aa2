#include "proxy/config/route_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/config/answer_keys.h"
#include "proxy/config/header_patterns.h"
#include "proxy/config/upstream_keys.h"
#include "proxy/http/policy_path.h"
#include "proxy/http/target.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead::proxy {
namespace {

void check_path(TomlTable& table, const Route& route) {
  const auto wrong = [&](std::string_view why) {
    table.error("path", "path: \"" + route.path + "\" " + std::string(why));
  };
  if (!route.path.starts_with('/') || route.path.find_first_of("?# \t\\") != std::string::npos)
    wrong("is not a path: it begins with '/', without query");
  else if (const std::string_view fault = fault_of_path(route.path); !fault.empty())
    wrong("serves no request: " + std::string(fault));
  else if (!readings_of(route.path).others.empty())
    wrong("is ambiguous: back ends differ in how they read ';', ':', an encoded slash and a dot at a name's end");
  else if (is_reserved(path_for_policy(route.path)))
    table.error("path", "path: /.stead is reserved for the proxy's own pages");
}

void read_ignore_case(TomlTable& table, Route& out) {
  table.boolean("ignore_case", out.ignore_case);
  const std::string path = path_for_policy(out.path);
  const bool ascii = std::all_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (out.ignore_case && !ascii)
    table.error("ignore_case",
                "ignore_case: \"" + out.path + "\" has letters outside of ASCII, whose case is not known");
}

void read_strip_prefix(TomlTable& table, Route& out) {
  if (!table.text("strip_prefix", out.strip_prefix)) return;
  while (out.strip_prefix.ends_with('/')) out.strip_prefix.pop_back();
  if (out.strip_prefix.empty())
    table.error("strip_prefix", "strip_prefix: \"/\" has nothing to cut off");
  else if (!out.strip_prefix.starts_with('/') || path_for_policy(out.strip_prefix) != out.strip_prefix)
    table.error("strip_prefix", "strip_prefix: \"" + out.strip_prefix + "\" is not a plain path, as \"/app\"");
  else if (!has_path_prefix(path_for_policy(out.path), out.strip_prefix))
    table.error("strip_prefix", "strip_prefix: no path of this route begins with \"" + out.strip_prefix +
                                    "\"; path is \"" + out.path + "\"");
}

// True if no request could tell the two routes apart.
bool serve_the_same(const Route& a, const Route& b) {
  if (a.host != b.host) return false;
  const std::string first = policy_prefix(a.path), second = policy_prefix(b.path);
  return a.ignore_case || b.ignore_case ? equal_ignoring_case(first, second) : first == second;
}

void read_host_and_path(TomlTable& table, Route& out) {
  if (table.text("host", out.host)) {
    const std::string name = host_name_of(out.host);
    const bool any_label = name.starts_with("*.");
    const std::string plain = any_label ? name.substr(2) : name;
    if (out.host.find_first_of("/ \t@") != std::string::npos || plain.empty() || !is_authority(plain) ||
        (any_label && plain.starts_with('[')))
      table.error("host", "host: \"" + out.host + "\" is neither a host name nor \"*.\" and one");
    out.host = name;
  }
  if (table.text("path", out.path)) check_path(table, out);
  read_ignore_case(table, out);
  read_strip_prefix(table, out);
}

void read_sign_in(TomlTable& table, FileErrors& errors, const Config& config, Route& out) {
  const struct {
    SignInMethod method;
    bool has_table;
  } methods[] = {{SignInMethod::kerberos, config.kerberos},
                 {SignInMethod::forms, config.forms},
                 {SignInMethod::certificate, config.certificate_sign_in}};
  for (const auto& [text, at] : table.texts("sign_in")) {
    const auto* const found = std::find_if(std::begin(methods), std::end(methods), [&name = text](const auto& known) {
      return to_string(known.method) == name;
    });
    if (found == std::end(methods))
      errors.add(at, "sign_in: \"" + text + "\" is none of kerberos, forms, certificate");
    else if (!found->has_table)
      errors.add(at, "sign_in: \"" + text + "\" needs a table [sign_in." + text + "]");
    else if (!out.allows(found->method))
      out.sign_in.push_back(found->method);
  }
}

void read_delegation(TomlTable& table, Route& out) {
  std::string text;
  if (out.upstreams.empty() && (out.redirect || out.answer)) out.delegation = Delegation::none;
  if (!table.text("delegation", text)) return;
  constexpr Delegation kAll[] = {Delegation::s4u, Delegation::forwarded_tgt, Delegation::none};
  const auto* const found =
      std::find_if(std::begin(kAll), std::end(kAll), [&](Delegation each) { return to_string(each) == text; });
  if (found != std::end(kAll))
    out.delegation = *found;
  else
    table.error("delegation", "delegation: \"" + text + "\" is none of s4u, forwarded-tgt, none");
}

// A back end proves its identity by its reply to the token, so that without tokens there is no proof.
void read_mutual(TomlTable& table, Route& out) {
  std::string text;
  if (!table.text("mutual", text)) return;
  if (text == to_string(MutualAuth::required))
    out.mutual = MutualAuth::required;
  else if (text != to_string(MutualAuth::optional))
    table.error("mutual", "mutual: \"" + text + "\" is none of optional, required");
  if (out.mutual == MutualAuth::required && out.delegation == Delegation::none)
    table.error("mutual", "mutual: \"required\" needs delegation: a back end proves itself by its reply to a token");
}

void read_spn(TomlTable& table, const FileErrors& errors, Route& out) {
  if (table.text("spn", out.spn)) {
    const auto service = parse_principal(out.spn);
    const bool is_spn = service && service->name.components.size() >= 2 && !out.spn.ends_with('@') &&
                        out.spn.find_first_of(" \t") == std::string::npos;
    if (!is_spn) table.error("spn", "spn: \"" + out.spn + "\" is not SERVICE/HOST, as in \"HTTP/reports.example.com\"");
  } else if (out.delegation != Delegation::none && errors.none()) {
    table.error("spn", "needs spn, the back end's service principal name; or delegation = \"none\"");
  }
}

// "https://portal.example.com:8443": as browsers write an origin, without the scheme's own port.
bool is_origin(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos || (text.substr(0, scheme) != "https" && text.substr(0, scheme) != "http")) return false;
  const std::string rest = text.substr(scheme + 3);
  return !rest.empty() && rest.find_first_of("/?#@ \t*") == rest.npos;
}

void read_access(TomlTable& table, FileErrors& errors, GroupPatterns& patterns, Route& out) {
  read_access_list(table, "allow", errors, patterns, out.allow);
  read_access_list(table, "deny", errors, patterns, out.deny);
  for (const auto& [text, at] : table.texts("allowed_origins")) {
    const std::string origin = to_lower(text);
    if (!is_origin(origin))
      errors.add(at, "allowed_origins: \"" + text + "\" is not an origin, as \"https://portal.example.com\"");
    else
      out.allowed_origins.push_back(origin);
  }
  if (!errors.none()) return;
  if (table.has("allow") && out.allow.empty()) table.error("allow", "allow is empty: nobody could sign in");
  if (!out.sign_in.empty()) return;
  for (const std::string_view key : {"allow", "deny", "allowed_origins"})
    if (table.has(key)) table.error(key, std::string(key) + " has no meaning on a public route: it needs sign_in");
}

// What delegation asks of the route's ways to sign in.
void check_delegation(TomlTable& table, const FileErrors& errors, Route& out) {
  if (out.sign_in.empty() && out.delegation != Delegation::none && errors.none())
    table.error("sign_in",
                "delegates but lets nobody sign in: it needs sign_in, or delegation = \"none\" where it is public");
  if (out.delegation != Delegation::forwarded_tgt || !errors.none()) return;
  if (!out.allows(SignInMethod::kerberos))
    table.error("delegation",
                "delegation: \"forwarded-tgt\" needs \"kerberos\" in sign_in: no other sign-in brings a TGT");
  out.sign_in = {SignInMethod::kerberos};
}

// Whether other proxies may ask for this route's tokens at auth_listen.
void read_auth(TomlTable& table, const FileErrors& errors, const Config& config, Route& out) {
  const bool said = table.boolean("auth", out.auth);
  if (!errors.none()) return;
  const bool is_for_proxies_only = !out.serves_clients();
  if (said && config.auth_listen.empty()) table.error("auth", "auth has no meaning without [server] auth_listen");
  if (is_for_proxies_only && out.sign_in.empty())
    table.error("upstreams", "needs upstreams, or sign_in: other proxies would ask at auth_listen for nothing");
  if (is_for_proxies_only && said && !out.auth)
    table.error("auth", "auth = false on a route without upstreams: nothing would use it");
  if (is_for_proxies_only)
    for (const std::string_view key :
         {"balance", "health", "slow_start", "upstream_host", "upstream_ca", "upstream_verify", "address_map",
          "connect_timeout", "reply_timeout", "retries", "body_bytes", "strip_prefix", "preflight"})
      if (table.has(key)) table.error(key, std::string(key) + " has no meaning without upstreams");
  if (!(is_for_proxies_only || (said && out.auth)) || out.offers_authorization()) return;
  if (out.delegation == Delegation::forwarded_tgt)
    table.error("delegation",
                "delegation: \"forwarded-tgt\" cannot be used at auth_listen: the other proxy would get "
                "the user's TGT");
  else if (out.mutual == MutualAuth::required)
    table.error("mutual",
                "mutual: \"required\" cannot be kept at auth_listen: the other proxy gets the back end's proof");
  else
    table.error("auth", "auth has no meaning beside redirect and answer");
}

// A route of its own for each path that is public: the same back end, and nobody signs in.
void add_public_routes(TomlTable& table, FileErrors& errors, const Route& route, std::vector<Route>& out) {
  for (const auto& [text, at] : table.texts("public")) {
    Route open = route;
    open.path = text;
    open.sign_in.clear();
    open.allow = open.deny = {};
    open.allowed_origins.clear();
    open.preflight = Preflight::needs_sign_in;
    open.delegation = Delegation::none;
    open.mutual = MutualAuth::optional;
    if (open.health && open.health->kerberos) open.health.reset();  // its ticket is for the route's spn
    open.spn.clear();
    if (route.sign_in.empty())
      return table.error("public", "public has no meaning on a public route: it needs sign_in");
    const std::string path = path_for_policy(text), prefix = policy_prefix(route.path);
    const bool is_below = text.starts_with('/') && fault_of_path(text).empty() && readings_of(text).others.empty() &&
                          (has_path_prefix(path, prefix) && policy_prefix(text) != prefix);
    if (!is_below)
      errors.add(at, "public: \"" + text + "\" is no path below \"" + route.path + "\", so it matches nothing");
    out.push_back(std::move(open));
  }
}

}  // namespace

void read_route_table(const toml::table& table, FileErrors& errors, Config& out) {
  TomlTable reader(table, "[[route]]", errors);
  Route route;
  read_host_and_path(reader, route);
  read_sign_in(reader, errors, out, route);
  read_upstream_keys(reader, errors, route);
  read_header_keys(reader, errors, route);
  read_answer_keys(reader, errors, route);
  read_delegation(reader, route);
  read_mutual(reader, route);
  read_spn(reader, errors, route);
  check_upstream_keys(reader, errors, out, route);
  check_delegation(reader, errors, route);
  read_access(reader, errors, out.groups, route);
  check_answer_keys(reader, errors, route);
  if (std::int64_t bytes = 0; reader.integer("body_bytes", bytes, 0, std::int64_t{1} << 50))
    route.body_bytes = static_cast<std::uint64_t>(bytes);
  read_auth(reader, errors, out, route);
  std::vector<Route> all;
  add_public_routes(reader, errors, route, all);
  reader.finish();
  all.insert(all.begin(), std::move(route));
  for (Route& one : all) {
    const bool twice = std::any_of(out.routes.begin(), out.routes.end(),
                                   [&](const Route& other) { return serve_the_same(other, one); });
    const bool is_first = &one == &all.front();
    if (twice && (is_first || errors.none()))
      reader.error(is_first ? "path" : "public", "a route of this host and path stands above already");
    out.routes.push_back(std::move(one));
  }
}

}  // namespace stead::proxy
