#include "proxy/config/route_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "proxy/config/values.h"
#include "proxy/http/policy_path.h"
#include "proxy/http/target.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead::proxy {
namespace {

void read_host_and_path(TomlTable& table, Route& out) {
  if (table.text("host", out.host)) {
    const std::string name = host_name_of(out.host);
    if (out.host.find_first_of("/ \t@") != std::string::npos || name.empty())
      table.error("host", "host: \"" + out.host + "\" is not a host name");
    out.host = name;
  }
  if (!table.text("path", out.path)) return;
  if (!out.path.starts_with('/') || out.path.find_first_of("?# \t\\") != std::string::npos)
    table.error("path", "path: \"" + out.path + "\" is not a path: it begins with '/', without query");
  else if (is_reserved(path_for_policy(out.path)))
    table.error("path", "path: /.stead is reserved for the proxy's own pages");
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

void read_upstreams(TomlTable& table, FileErrors& errors, Route& out) {
  for (const auto& [text, at] : table.texts("upstreams")) {
    const auto upstream = parse_upstream(text);
    if (!upstream)
      errors.add(at, "upstreams: \"" + text + "\" is not http://HOST:PORT or https://HOST:PORT");
    else
      out.upstreams.push_back(*upstream);
  }
}

void read_delegation(TomlTable& table, Route& out) {
  std::string text;
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

void check_upstreams(TomlTable& table, const FileErrors& errors, const Route& out) {
  if (out.upstreams.empty() && errors.none()) table.error("upstreams", "needs upstreams = [\"http://HOST:PORT\"]");
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

}  // namespace

void read_route_table(const toml::table& table, FileErrors& errors, Config& out) {
  TomlTable reader(table, "[[route]]", errors);
  Route route;
  read_host_and_path(reader, route);
  read_sign_in(reader, errors, out, route);
  read_upstreams(reader, errors, route);
  read_delegation(reader, route);
  read_mutual(reader, route);
  read_spn(reader, errors, route);
  check_upstreams(reader, errors, route);
  check_delegation(reader, errors, route);
  reader.boolean("upstream_verify", route.upstream_verify);
  read_path(reader, "upstream_ca", errors, route.upstream_ca);
  reader.finish();
  const bool twice = std::any_of(out.routes.begin(), out.routes.end(), [&](const Route& other) {
    return other.host == route.host && other.path == route.path;
  });
  if (twice) reader.error("path", "a route of this host and path stands above already");
  out.routes.push_back(std::move(route));
}

}  // namespace stead::proxy
