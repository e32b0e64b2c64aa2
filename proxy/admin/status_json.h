#pragma once
// /status.json: what /status shows, for programs.
#include <string>
#include <vector>

#include "proxy/core/server_state.h"
#include "proxy/observe/failed_requests.h"

namespace stead::proxy {

[[nodiscard]] std::string status_json(const Cores& cores, const ServerState& state,
                                      const std::vector<FailedRequest>& refused_sign_ins);

}  // namespace stead::proxy
