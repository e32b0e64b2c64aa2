#pragma once
// The proxy's configuration as the doctor uses it: read by the proxy's own reader, and what follows from it.
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace stead::doctor {

// As proxy::read_config; besides, there must be a principal with a realm, and SPNs must parse: without them there is
// nothing to examine. Blocking.
[[nodiscard]] Checked<proxy::Config> read_proxy_file(const std::string& path);

// The SPNs that browsers ask tickets for: HTTP/host of each route with Kerberos; for a route of any host, the
// principal.
[[nodiscard]] std::vector<std::string> published_spns(const proxy::Config& config);

// The SPN that the route delegates to; empty: none.
[[nodiscard]] std::string delegated_spn(const proxy::Route& route);

}  // namespace stead::doctor
