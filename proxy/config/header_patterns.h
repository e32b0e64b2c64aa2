#pragma once
// Patterns of header names, as a route's lists have them. Names are folded: lower case, '-' for every character that is
// neither letter nor digit, because servers map X_Remote_User and x.remote.user to the same variable. A '*' at the end
// matches every name that begins so.
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace stead {
class FileErrors;
class TomlTable;
}  // namespace stead

namespace stead::proxy {

struct Route;

// A client's fields that no list can let through: hop-by-hop fields (RFC 9110 §7.6.1), fields that the proxy writes
// itself, and credentials for the proxy.
inline constexpr auto kNeverForwarded = std::to_array<std::string_view>({
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "host",
    "content-length",
    "expect",
    "x-request-id",
    "traceparent",
    "tracestate",
    "x-stead*",
    "authorization",
    "proxy-*",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "proxy",  // CGI programs read it as HTTP_PROXY
});

[[nodiscard]] constexpr char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}
// The pattern that a file writes as `text`, folded. Nothing if it is no header name, with '*' at its end or without.
[[nodiscard]] std::optional<std::string> parse_header_pattern(std::string_view text);
[[nodiscard]] bool matches_header(std::string_view pattern, std::string_view name);
// True if all names that match the pattern are among kNeverForwarded.
[[nodiscard]] bool is_never_forwarded(std::string_view pattern);

// The keys of a [[route]] about headers: drop_headers, pass_headers, set_request_headers, set_response_headers,
// add_response_headers, remove_response_headers.
void read_header_keys(TomlTable& table, FileErrors& errors, Route& out);

}  // namespace stead::proxy
