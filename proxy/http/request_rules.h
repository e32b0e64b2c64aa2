#pragma once
// The rules that a request's head must obey before the proxy acts on any of it. They are stricter than an HTTP parser:
// bytes that a back end could read differently than the proxy allow request smuggling. RFC 9112 §2-6, RFC 9110 §5.
// The proxy answers a violation with its `status` and closes the connection.
#include <cstddef>
#include <optional>
#include <string_view>

namespace stead::proxy {

struct Violation {
  int status = 400;         // 400, 414, 417, 431, 501, 505
  std::string_view reason;  // for the log and the page, one short sentence
};

// `head`: from the first octet to the blank line, which is included. Checks line ends (CRLF only), request line, field
// syntax (no folding, no blank before the colon, no control characters), Host (exactly one, well formed, agreeing with
// an absolute-form target), Content-Length (one, digits), Transfer-Encoding (exactly "chunked", not in HTTP/1.0, not
// with Content-Length), Expect (only 100-continue), names with underscores that would spell a framing header
// (Content_Length), CONNECT and TRACE, and the path, by fault_of_path.
[[nodiscard]] std::optional<Violation> check_request_head(std::string_view head);

// Rejects malformed bytes before the blank line, so that a client gets 400 and not a timeout. It looks at each octet
// once, however many pieces the head comes in.
class PartialHead {
 public:
  // `bytes`: what came so far, from the first octet.
  [[nodiscard]] std::optional<Violation> check(std::string_view bytes);
  [[nodiscard]] std::size_t searched() const { return searched_; }  // octets of the last check

 private:
  std::size_t searched_ = 0;
  bool has_first_line_ = false;
};

// The offset behind the blank line that ends a head; npos if it has not come yet. Searches from `from` on.
[[nodiscard]] std::size_t end_of_head(std::string_view bytes, std::size_t from = 0);

}  // namespace stead::proxy
