#pragma once
// The targets of InitializeSecurityContext.
#include <string>

namespace stead::sspi {

// "HTTP/host", "HTTP/host@REALM".
[[nodiscard]] bool is_service_name(const std::string& text);

}  // namespace stead::sspi
