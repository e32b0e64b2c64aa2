#pragma once
// /status.json: what /status shows, for programs.
#include <string>

#include "proxy/core/server_state.h"

namespace stead::proxy {

[[nodiscard]] std::string status_json(const Cores& cores, const ServerState& state);

}  // namespace stead::proxy
