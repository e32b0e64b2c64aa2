#pragma once
// Request targets (RFC 9112 §3.2) and authorities (RFC 3986 §3.2).
#include <string>
#include <string_view>

namespace stead::proxy {

// Host, IPv4 or [IPv6], with an optional port; limited to the characters of DNS names and addresses.
[[nodiscard]] bool is_authority(std::string_view text);

// An absolute-form target in parts: "http://h:1/p?q" is "h:1" and "/p?q". Without a path, `path_and_query` is empty or
// begins with '?'. For any other form, `authority` is empty and `path_and_query` is the whole target.
struct OriginForm {
  std::string_view authority, path_and_query;
};
[[nodiscard]] OriginForm origin_form_of(std::string_view target);

// The path of a target, without query; empty for a target without one.
[[nodiscard]] std::string_view path_of(std::string_view target);

// The host of an authority in lower case, without port and final dot. An IPv6 literal keeps its brackets.
[[nodiscard]] std::string host_name_of(std::string_view authority);
void assign_host_name(std::string& out, std::string_view authority);  // the same, reuses the memory of `out`

}  // namespace stead::proxy
