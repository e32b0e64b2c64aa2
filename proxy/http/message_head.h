#pragma once
// The heads of requests and responses as values: views into the bytes they were parsed from, by Boost.Beast's
// basic_parser. The bytes of a request have passed check_request_head, which is stricter. A response is judged here while
// Beast reads it, as strictly, because its fields decide what the client receives.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/fields/trace_context.h"

namespace stead::proxy {

struct Field {
  std::string_view name, value;
};

// The most elements, empty ones too, that all Connection fields of a message may have: each field of the message is
// compared with each of them. A request with more is refused.
inline constexpr std::size_t kMaxConnectionTokens = 32;
[[nodiscard]] std::size_t count_list_elements(std::string_view list);  // the commas and one

// How the length of a body is known (RFC 9112 §6.3).
enum class Framing { none, length, chunked, until_close };

struct RequestHead {
  std::string_view method, target;  // target as sent
  bool http_1_0 = false;
  std::vector<Field> fields;  // in their order
  // Fields that are read often; empty: not sent.
  std::string_view host, authorization, accept, origin, sec_fetch_site, content_type, upgrade, user_agent, referer;
  TraceContext trace;       // of the one valid traceparent
  std::string_view cookie;  // the one Cookie field, or the first
  bool several_cookies = false, several_authorizations = false, expects_continue = false, wants_upgrade = false,
       wants_trailers = false, has_length = false;
  bool keep_alive = true;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;

  // GET, HEAD, OPTIONS, PUT and DELETE: sending such a request twice has the effect of once (RFC 9110 §9.2.2).
  [[nodiscard]] bool is_idempotent() const;
  void clear();  // keeps the memory of the fields
};
// `head` has passed check_request_head. Replaces all of `out`; its vector keeps its memory. False: Beast is stricter, as it
// is with elements of Connection and Proxy-Connection that are no tokens; the request is malformed.
[[nodiscard]] bool parse_request_head(std::string_view head, RequestHead& out);

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
enum class AnswerTo { head, other };  // the request's method: the response to HEAD has no body
// `head` ends with its blank line. Returns what is wrong with it; empty: it is well formed. What RFC 9112 has a proxy
// tolerate is written anew in `head`: blanks before a field's colon are removed (§5.1).
[[nodiscard]] std::string_view parse_response_head(std::string& head, AnswerTo request, ResponseHead& out);

// Rejects malformed bytes of a response before the blank line, so that a back end that ends its lines with LF alone, or
// does not speak HTTP/1.1, is not waited for. `bytes`: what came so far; `from`: how much of it was checked before.
// Returns what is wrong; empty: nothing yet.
[[nodiscard]] std::string_view check_partial_response_head(std::string_view bytes, std::size_t from);

// True if a comma-separated list has this token, compared without regard to case.
[[nodiscard]] bool list_has(std::string_view list, std::string_view token);

}  // namespace stead::proxy
