#pragma once
// Facts about the public names: the certificate and the aliases that browsers see.
#include <optional>
#include <string>
#include <vector>

#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

// Nothing if the proxy has no certificate. Blocking.
[[nodiscard]] std::optional<CertificateFacts> read_certificate(const proxy::Config& config);

// The names that the domain's DNS has as the aliases of `name`, in their order; empty: it is no alias, or not known.
Awaitable<std::vector<std::string>> aliases_of(ToolsPtr tools, std::string name);

}  // namespace stead::doctor
