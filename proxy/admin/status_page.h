#pragma once
// /status: an HTML page for administrators, with totals, routes and the last failures.
#include <string>

#include "proxy/core/server_state.h"

namespace stead::proxy {

[[nodiscard]] std::string status_page(const Cores& cores, const ServerState& state);

}  // namespace stead::proxy
