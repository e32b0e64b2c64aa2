#pragma once
// The target that a back end gets, of a route that cuts off a prefix of its paths.
#include <optional>
#include <string_view>

#include "proxy/config/config.h"

namespace stead::proxy {

// `target` without the route's strip_prefix; it begins with '/', or is "*". A target that has the prefix in another
// spelling (escapes, more slashes, another case where the route ignores it) loses it too. Nothing: the prefix cannot be
// told from the rest, as where ";parameters" are inside of it, or what remains would be read as another path.
//
// The result stays a view into `target`, or is "/" or begins with "?": then the caller puts "/" before it.
[[nodiscard]] std::optional<std::string_view> target_for_backend(const Route& route, std::string_view target);

}  // namespace stead::proxy
