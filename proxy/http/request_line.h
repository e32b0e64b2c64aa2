#pragma once
// The first line of a request (RFC 9112 §3).
#include <optional>
#include <string_view>

#include "proxy/http/request_rules.h"

namespace stead::proxy {

struct RequestLine {
  std::string_view method, target;
  std::string_view authority;  // of an absolute-form target; empty for the other forms
  bool http_1_0 = false;
};

// Checks the line, without its CR LF, and splits it. `out` is unspecified after a violation.
[[nodiscard]] std::optional<Violation> check_request_line(std::string_view line, RequestLine& out);

}  // namespace stead::proxy
