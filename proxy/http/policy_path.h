#pragma once
// The forms of a request's path by which routes are chosen. Back ends read one path in several ways; the proxy forwards
// it as sent, so it refuses what could mean another route to a back end.
#include <string>
#include <string_view>
#include <vector>

namespace stead::proxy {

// A path as most back ends read it: with escapes decoded, runs of slashes merged and ";parameters" cut off each
// segment. So /%61dmin/ and //admin/ do not bypass the route of /admin/.
[[nodiscard]] std::string path_for_policy(std::string_view path);

// What the policy paths below a route's path begin with: path_for_policy without a slash at the end, so "" for "/".
[[nodiscard]] std::string policy_prefix(std::string_view route_path);

struct PathReadings {
  std::string path;                 // path_for_policy
  std::vector<std::string> others;  // what other back ends make of it; empty for nearly all paths
};
// The other readings: %2F is not a slash; ';' is part of the name; Windows drops blanks and dots at a segment's end and
// what follows a ':'; escapes are decoded again. A route's rules hold for a path if all readings have this route.
[[nodiscard]] PathReadings readings_of(std::string_view path);

// Why no route may serve this path, as one short sentence; empty: nothing is wrong. Refuses broken escapes, encoded
// control characters, backslashes, octets that overlong UTF-8 consists of, escapes of escapes of escapes, and "." and
// ".." segments in any reading.
[[nodiscard]] std::string_view fault_of_path(std::string_view path);

// "/a" and "/a/" are both prefixes of "/a", "/a/" and "/a/b", not of "/ab".
[[nodiscard]] bool has_path_prefix(std::string_view path, std::string_view prefix);

// True for the proxy's own paths: /.stead and all below.
[[nodiscard]] bool is_reserved(std::string_view policy_path);

}  // namespace stead::proxy
