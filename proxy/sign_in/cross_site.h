#pragma once
// Whether a request was made by a page of another site. A browser sends Kerberos tickets, client certificates and
// cookies with such a request too, so that the site that made it acts as the user.
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/request_view.h"

namespace stead::proxy {

// The origin of this request's own pages, as browsers write it: "https://www.example.com:8443".
[[nodiscard]] std::string own_origin(const RequestView& request);

// GET, HEAD, OPTIONS and TRACE without an upgrade change nothing (RFC 9110 §9.2.1). The handshake of a WebSocket is a
// GET, and another site's page can use what it opens.
[[nodiscard]] bool is_safe(const RequestView& request);

// False if the browser says that the request comes from another origin: in Origin, or without that in Sec-Fetch-Site.
[[nodiscard]] bool is_same_origin(const RequestView& request);

// True if an unsafe request comes from another origin than its own or one of `allowed`. A program that sends neither
// Sec-Fetch-Site nor Origin is no browser.
[[nodiscard]] bool is_forbidden_cross_site(const RequestView& request, const std::vector<std::string>& allowed);

}  // namespace stead::proxy
