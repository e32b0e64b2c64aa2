#pragma once
// The heads of requests and responses as values: views into the bytes they were parsed from. A request's bytes have
// passed check_request_head before; a response's are judged here, as strictly, since what we make of them is what the
// client sees.
#include <cstdint>
#include <string_view>
#include <vector>

namespace stead::proxy {

struct Field {
  std::string_view name, value;
};

// How the length of a body is known (RFC 9112 §6.3).
enum class Framing { none, length, chunked, until_close };

struct RequestHead {
  std::string_view method, target;  // target as sent
  bool http_1_0 = false;
  std::vector<Field> fields;  // in their order
  // Of the fields, what is asked often; empty: not there.
  std::string_view host, authorization, accept, origin, sec_fetch_site, content_type, upgrade;
  std::string_view cookie;  // the one Cookie header, or the first
  bool several_cookies = false, several_authorizations = false, expects_continue = false, wants_upgrade = false,
       has_length = false;
  bool keep_alive = true;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;

  // GET, HEAD, OPTIONS, PUT and DELETE: twice is as good as once (RFC 9110 §9.2.2).
  [[nodiscard]] bool is_idempotent() const;
};
// `head` has passed check_request_head. `out` is filled anew; its vector keeps its memory.
void parse_request_head(std::string_view head, RequestHead& out);

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  bool http_1_0 = false;
  std::vector<Field> fields;
  bool keep_alive = true;
  Framing framing = Framing::until_close;
  std::uint64_t content_length = 0;

  [[nodiscard]] bool is_interim() const { return status < 200 && status != 101; }
};
// `head` ends with its blank line. `to_head`: it answers a HEAD request. Returns what is wrong, or an empty text.
[[nodiscard]] std::string_view parse_response_head(std::string_view head, bool to_head, ResponseHead& out);

// Whether a comma-separated list has this token, in any case of letters.
[[nodiscard]] bool list_has(std::string_view list, std::string_view token);
[[nodiscard]] std::string_view trim_blanks(std::string_view text);
[[nodiscard]] bool is_token(std::string_view text);  // RFC 9110 §5.6.2

}  // namespace stead::proxy
