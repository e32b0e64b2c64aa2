#pragma once
// The texts of the proxy's pages in German.
#include <string_view>

namespace stead::proxy {

// Empty: there is none.
[[nodiscard]] std::string_view in_german(std::string_view english);

}  // namespace stead::proxy
