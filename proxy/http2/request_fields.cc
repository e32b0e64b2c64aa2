#include "proxy/http2/request_fields.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/octets.h"
#include "proxy/http/text_rules.h"
#include "proxy/http/wire_text.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFields = 200;
constexpr std::size_t kFieldOverhead = 32;  // as RFC 9113 §6.5.2 counts a field

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool has_blank_or_control(std::string_view text) {
  return has_control(text) || text.find_first_of(" \t") != std::string_view::npos;
}

}  // namespace

bool is_connection_specific(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "transfer-encoding" ||
         name == "upgrade";
}

void RequestFields::refuse(int status, std::string_view reason) {
  if (!violation_) violation_ = Violation{status, reason};
}

void RequestFields::add(std::string_view name, std::string_view value) {
  octets_ += name.size() + value.size() + kFieldOverhead;
  if (octets_ > max_octets_) refuse(431, "the head is too long");
  if (++count_ > kMaxFields) refuse(431, "too many header fields");
  if (violation_) return;
  if (has_control(value)) return refuse(400, "a control character in the head");
  if (name.starts_with(':'))
    add_pseudo(name, value);
  else
    add_regular(name, value);
}

void RequestFields::add_pseudo(std::string_view name, std::string_view value) {
  if (!lines_.empty() || has_cookies_ || has_host_) return refuse(400, "a pseudo-header field behind other fields");
  std::string* const place = name == ":method"      ? &method_
                             : name == ":scheme"    ? &scheme_
                             : name == ":authority" ? &authority_
                             : name == ":path"      ? &path_
                             : name == ":protocol"  ? &protocol_
                                                    : nullptr;
  if (place == nullptr) return refuse(400, "an unknown pseudo-header field");
  if (!place->empty()) return refuse(400, "a pseudo-header field that occurs twice");
  if (value.empty() || has_blank_or_control(value)) return refuse(400, "a pseudo-header field that is not well formed");
  place->assign(value);
}

void RequestFields::add_regular(std::string_view name, std::string_view value) {
  if (!is_token(name) || has_upper_case(name)) return refuse(400, "a header name that is not a token in lower case");
  if (is_connection_specific(name) || name == "http2-settings")
    return refuse(400, "a connection-specific field in HTTP/2");
  value = trim_blanks(value);
  if (name == "te" && !equal_ignoring_case(value, "trailers")) return refuse(400, "a TE other than trailers in HTTP/2");
  if (name == "host") {
    if (has_host_) return refuse(400, "more than one Host");
    has_host_ = true;
    host_.assign(value);
  } else if (name == "cookie") {
    if (has_cookies_) cookies_.append("; ");
    has_cookies_ = true;
    cookies_.append(value);
  } else if (name != "sec-websocket-key") {
    append_field(lines_, name, value);
  }
}

void RequestFields::check_pseudo() {
  if (method_.empty()) return refuse(400, "no :method");
  if (method_ == "CONNECT" && protocol_.empty()) return refuse(501, "CONNECT is not supported");
  if (!protocol_.empty()) {
    if (method_ != "CONNECT") return refuse(400, ":protocol without CONNECT");
    if (!equal_ignoring_case(protocol_, "websocket")) return refuse(501, "a :protocol other than websocket");
  }
  if (scheme_ != "http" && scheme_ != "https") return refuse(400, "the :scheme is neither http nor https");
  if (path_.empty() || (path_.front() != '/' && path_ != "*")) return refuse(400, "the :path is not a path");
  if (has_host_ && !authority_.empty() && !equal_ignoring_case(host_, authority_))
    return refuse(400, "the :authority is not the Host");
  if (authority_.empty() && !has_host_) refuse(400, "no :authority");
}

void RequestFields::write_head(std::string& out) const {
  out.assign(opens_tunnel() ? "GET" : method_).append(" ").append(path_).append(" HTTP/1.1\r\n");
  append_field(out, "host", authority_.empty() ? host_ : authority_);
  if (opens_tunnel()) {
    append_field(out, "connection", "upgrade");
    append_field(out, "upgrade", "websocket");
    append_field(out, "sec-websocket-key", base64(random_buffer(16)));  // RFC 6455 §4.1; HTTP/2 has none
  }
  out.append(lines_);
  if (has_cookies_) append_field(out, "cookie", cookies_);
  out.append("\r\n");
}

std::optional<Violation> RequestFields::finish(Body body, std::string& head_bytes, RequestHead& out) {
  if (!violation_) check_pseudo();
  if (violation_) return violation_;
  write_head(head_bytes);
  if (auto wrong = check_request_head(head_bytes)) return wrong;
  if (!parse_request_head(head_bytes, out)) return Violation{400, "the head is not one of HTTP/1.1"};
  if (out.several_authorizations) return Violation{400, "more than one Authorization"};
  // HTTP/2 frames the body itself; without Content-Length its length is not known.
  if (opens_tunnel() || body == Body::none)
    out.framing = Framing::none;
  else if (!out.has_length)
    out.framing = Framing::chunked;
  return std::nullopt;
}

}  // namespace stead::proxy
