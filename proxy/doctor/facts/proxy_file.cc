#include "proxy/doctor/facts/proxy_file.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/types.h"
#include "stead/client_config.h"

namespace stead::doctor {
namespace {

// What is wrong with the front end's own name; empty: nothing.
std::string fault_of_principal(const std::string& text) {
  if (text.empty()) return "needs [identity] with principal and keytab: without them there is nothing to examine";
  const auto principal = parse_principal(text);
  if (!principal || principal->realm.empty())
    return "[identity] principal has no realm, and krb5.conf no default_realm";
  return {};
}

bool is_spn(const std::string& text) {
  const auto parsed = parse_principal(text);
  return parsed && parsed->name.components.size() >= 2;
}

}  // namespace

Checked<proxy::Config> read_proxy_file(const std::string& path) {
  auto config = proxy::read_config(path);
  if (!config) return config;
  if (!config->client.principal.empty()) fill_from_krb5_conf(config->client);
  std::string fault = fault_of_principal(config->client.principal);
  for (const proxy::Route& route : config->routes) {
    const std::string spn = delegated_spn(route);
    if (fault.empty() && !spn.empty() && !is_spn(spn)) fault = "[[route]] spn: \"" + spn + "\" is not SERVICE/HOST";
  }
  if (!fault.empty()) return Problem{.message = std::move(fault), .where = path + ":1:1", .fix = {}};
  return config;
}

std::vector<std::string> published_spns(const proxy::Config& config) {
  const auto principal = parse_principal(config.client.principal);
  std::vector<std::string> out;
  for (const proxy::Route& route : config.routes) {
    if (!route.allows(proxy::SignInMethod::kerberos)) continue;
    std::string spn = "HTTP/" + route.host;
    if (!route.has_one_host()) {
      if (!principal || principal->name.components.size() < 2) continue;
      spn = to_string(principal->name);
    }
    const bool there =
        std::any_of(out.begin(), out.end(), [&](const std::string& other) { return equal_ignoring_case(other, spn); });
    if (!there) out.push_back(std::move(spn));
  }
  return out;
}

std::string delegated_spn(const proxy::Route& route) {
  return route.delegation == proxy::Delegation::none ? std::string() : route.spn;
}

}  // namespace stead::doctor
