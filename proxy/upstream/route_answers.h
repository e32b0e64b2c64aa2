#pragma once
// What a route answers itself, in place of its back end.
#include <optional>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/message_head.h"
#include "proxy/http/own_response.h"

namespace stead::proxy {

// True for a CORS preflight (Fetch §4.8): OPTIONS with Origin and Access-Control-Request-Method.
[[nodiscard]] bool is_preflight(const RequestHead& head);

// The route's redirection, its fixed answer, or its answer to a preflight; nothing: the request goes to the back end.
// It needs no user. `target`: origin form, or "*".
[[nodiscard]] std::optional<OwnResponse> answer_of_route(const Route& route, const RequestHead& head,
                                                         std::string_view target, std::string_view request_id);

}  // namespace stead::proxy
