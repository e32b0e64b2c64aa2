#pragma once
// /status: an HTML page for administrators, with totals, charts of the last hour, routes, back ends, refused sign-ins and the last
// failures.
#include <string>
#include <vector>

#include "proxy/admin/history.h"
#include "proxy/core/server_state.h"
#include "proxy/observe/failed_requests.h"

namespace stead::proxy {

[[nodiscard]] std::string status_page(const Cores& cores, const ServerState& state,
                                      const std::vector<RequestTotals>& minutes,
                                      const std::vector<FailedRequest>& refused_sign_ins);

}  // namespace stead::proxy
