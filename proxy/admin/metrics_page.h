#pragma once
// /metrics: the counters of all cores in Prometheus' text format.
#include <string>

#include "proxy/core/server_state.h"

namespace stead::proxy {

[[nodiscard]] std::string metrics_page(const Cores& cores, const ServerState& state);

}  // namespace stead::proxy
