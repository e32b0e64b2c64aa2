#pragma once
// The trailers of a back end's chunked response (RFC 9110 §6.5).
#include <string>
#include <string_view>

namespace stead::proxy {

// False for fields that a message must have in its head to mean something (RFC 9110 §6.5.1): framing, routing,
// authentication, cookies, caching and the content's type. A client could merge them into the head.
[[nodiscard]] bool may_be_trailer(std::string_view name);

// `lines`: of "Name: value" with CR LF, well formed. Appends those that may pass.
void append_trailers(std::string& out, std::string_view lines);

}  // namespace stead::proxy
