#pragma once
// The form of a request's path by which routes are chosen.
#include <string>
#include <string_view>

namespace stead::proxy {

// A path as back ends may read it: with escapes decoded, runs of slashes merged and ";parameters" cut off each segment.
// Routes are chosen by this form, so that /%61dmin/ and //admin/ do not bypass the route of /admin/. The path is
// forwarded as sent.
[[nodiscard]] std::string path_for_policy(std::string_view path);

// "/a" is a prefix of "/a" and "/a/b", not of "/ab"; "/a/" of "/a/b", not of "/a".
[[nodiscard]] bool has_path_prefix(std::string_view path, std::string_view prefix);

// True for the proxy's own paths: /.stead and all below.
[[nodiscard]] bool is_reserved(std::string_view policy_path);

}  // namespace stead::proxy
