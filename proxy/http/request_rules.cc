#include "proxy/http/request_rules.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/message_head.h"
#include "proxy/http/octets.h"
#include "proxy/http/request_line.h"
#include "proxy/http/target.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFields = 200;
constexpr std::size_t kMaxRequestLine = 33 * 1024;  // a target of the greatest size, a method and the version

// A field that a back end may mistake for one that frames the message, if it treats '_' and '-' alike (CGI, WSGI).
// Identity fields spelled with '_' are dropped later (field_rules.h).
bool is_disguised_framing(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  const auto spells = [name](std::string_view other) {
    if (name.size() != other.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char c = name[i] == '_' ? '-' : name[i];
      if (lower_letter(c) != other[i]) return false;
    }
    return true;
  };
  return spells("content-length") || spells("transfer-encoding");
}

// A field that may occur once.
class SingleField {
 public:
  // False: it was there before.
  [[nodiscard]] bool set(std::string_view value) {
    if (is_set_) return false;
    is_set_ = true;
    value_ = value;
    return true;
  }
  [[nodiscard]] bool is_set() const { return is_set_; }
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  std::string_view value_;
  bool is_set_ = false;
};

// The fields that say where the message goes and how long it is.
struct CriticalFields {
  SingleField host, length, encoding;
  std::size_t connection_tokens = 0;

  std::optional<Violation> note(std::string_view name, std::string_view value) {
    if (name.size() == 4 && equal_ignoring_case(name, "host")) {
      if (!host.set(value)) return Violation{400, "more than one Host"};
    } else if (name.size() == 14 && equal_ignoring_case(name, "content-length")) {
      if (!length.set(value)) return Violation{400, "more than one Content-Length"};
    } else if (name.size() == 17 && equal_ignoring_case(name, "transfer-encoding")) {
      if (!encoding.set(value)) return Violation{400, "more than one Transfer-Encoding"};
    } else if (name.size() == 10 && equal_ignoring_case(name, "connection")) {
      connection_tokens += count_list_elements(value);
      if (connection_tokens > kMaxConnectionTokens) return Violation{400, "too many elements in Connection"};
    } else if (name.size() == 6 && equal_ignoring_case(name, "expect") && !equal_ignoring_case(value, "100-continue")) {
      return Violation{417, "an expectation other than 100-continue"};
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Violation> check_host(const RequestLine& request) const {
    if (!host.is_set()) return request.http_1_0 ? std::nullopt : std::optional(Violation{400, "no Host"});
    if (!is_authority(host.value())) return Violation{400, "the Host is not well formed"};
    if (!request.authority.empty() && !equal_ignoring_case(request.authority, host.value()))
      return Violation{400, "the target's host is not the Host"};
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Violation> check_framing(const RequestLine& request) const {
    if (length.is_set() && (!is_digits(length.value()) || length.value().size() > 18))
      return Violation{400, "the Content-Length is not a number"};
    if (!encoding.is_set()) return std::nullopt;
    if (length.is_set()) return Violation{400, "both Content-Length and Transfer-Encoding"};
    if (request.http_1_0) return Violation{400, "Transfer-Encoding in HTTP/1.0"};
    if (!equal_ignoring_case(encoding.value(), "chunked"))
      return Violation{encoding.value().empty() ? 400 : 501, "a Transfer-Encoding other than chunked"};
    return std::nullopt;
  }
};

std::optional<Violation> check_field_line(std::string_view line, CriticalFields& fields) {
  if (line.empty()) return Violation{400, "a blank line inside the head"};
  if (line.front() == ' ' || line.front() == '\t') return Violation{400, "a folded header line"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Violation{400, "a header line without a colon"};
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) return Violation{400, "a header name that is not a token"};
  if (is_disguised_framing(name))
    return Violation{400, "a header name with an underscore that could pass for another header"};
  return fields.note(name, trim_blanks(line.substr(colon + 1)));
}

}  // namespace

std::size_t end_of_head(std::string_view bytes, std::size_t from) {
  // The first octets of the blank line may be among those that were searched before.
  const std::size_t at = bytes.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  return at == std::string_view::npos ? at : at + 4;
}

std::optional<Violation> check_request_head(std::string_view head) {
  if (!head.ends_with("\r\n\r\n")) return Violation{400, "the head has no end"};
  head.remove_suffix(2);  // every line, the last one too, now ends with CRLF
  RequestLine request;
  CriticalFields fields;
  for (std::size_t lines = 0; !head.empty(); ++lines) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return Violation{400, "a line does not end with CR LF"};
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (has_control(line)) return Violation{400, "a control character in the head"};
    if (lines > kMaxFields) return Violation{431, "too many header fields"};
    if (auto wrong = lines == 0 ? check_request_line(line, request) : check_field_line(line, fields)) return wrong;
  }
  if (auto wrong = fields.check_host(request)) return wrong;
  return fields.check_framing(request);
}

std::optional<Violation> PartialHead::check(std::string_view bytes) {
  const std::size_t from = searched_;
  searched_ = bytes.size();
  for (std::size_t i = from > 0 ? from - 1 : 0; i < bytes.size(); ++i) {
    const auto octet = static_cast<unsigned char>(bytes[i]);
    if (octet == '\n' && (i == 0 || bytes[i - 1] != '\r')) return Violation{400, "a line does not end with CR LF"};
    if (octet == '\r' && i + 1 < bytes.size() && bytes[i + 1] != '\n') return Violation{400, "a CR without LF"};
    if ((octet < 0x20 && octet != '\t' && octet != '\r' && octet != '\n') || octet == 0x7f)
      return Violation{400, "a control character in the head"};
  }
  if (has_first_line_) return std::nullopt;
  const std::size_t line_end = bytes.find("\r\n", from > 0 ? from - 1 : 0);
  if (line_end == std::string_view::npos)
    return bytes.size() > kMaxRequestLine ? std::optional(Violation{414, "the request line is too long"})
                                          : std::nullopt;
  has_first_line_ = true;
  const std::string_view line = bytes.substr(0, line_end);
  if (line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")) return std::nullopt;
  return check_request_head(std::string(line) + "\r\n\r\n");
}

}  // namespace stead::proxy
