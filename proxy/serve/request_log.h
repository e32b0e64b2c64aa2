#pragma once
// Counts a request that has ended and writes it to the access log; a failure also appears on /status.
#include <string_view>

#include "proxy/core/core.h"
#include "proxy/serve/request.h"

namespace stead::proxy {

// `status` is the one sent to the client, or 499 if the client left before.
void log_request(Core& core, Request& request, std::string_view remote_address, int status);

}  // namespace stead::proxy
