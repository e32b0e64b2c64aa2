#pragma once
// Host and path of a request, as routing and policy compare them.
#include <string>
#include <string_view>

namespace stead::proxy {

// The path of a target in origin or absolute form, without query; empty for other targets ("*").
[[nodiscard]] std::string_view path_of(std::string_view target);

// Lower-case name of a Host header or authority, without port; an IPv6 literal keeps its brackets.
[[nodiscard]] std::string host_name_of(std::string_view authority);
void assign_host_name(std::string& out, std::string_view authority);  // the same, into memory that is there already

}  // namespace stead::proxy
