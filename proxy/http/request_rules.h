#pragma once
// What a request's head must look like before anything of it is acted upon: the bytes as they came, judged more
// strictly than an HTTP parser does, because whatever a back end could read differently than we do is an attack
// (request smuggling). RFC 9112 §2-6, RFC 9110 §5. A refusal is answered with `status` and the connection is closed.
#include <optional>
#include <string>
#include <string_view>

namespace stead::proxy {

struct Violation {
  int status = 400;         // 400, 431, 501, 505
  std::string_view reason;  // for the log and the page, one short sentence
};

// `head`: from the first octet to the blank line, which is included. Checks line ends (CRLF only), request line, field
// syntax (no folding, no blank before the colon, no control characters), Host (exactly one, well formed, agreeing with
// an absolute-form target), Content-Length (one, digits), Transfer-Encoding (exactly "chunked", not in HTTP/1.0, not
// with Content-Length), Expect (only 100-continue), names with underscores that would spell a framing header
// (Content_Length), CONNECT and TRACE, and the path: no encoded or plain "." and ".." segments, encoded slashes,
// backslashes, NULs or control characters.
[[nodiscard]] std::optional<Violation> check_request_head(std::string_view head);

// Offset just behind the blank line that ends a head, or npos where it is not there yet. Looks only from `from` on.
[[nodiscard]] std::size_t end_of_head(std::string_view bytes, std::size_t from = 0);

}  // namespace stead::proxy
