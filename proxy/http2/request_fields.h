#pragma once
// The head of a request over HTTP/2 (RFC 9113 §8.3), collected field by field and turned into the same head in the form of
// HTTP/1.1, which request_rules judges. So a request that the proxy refuses over HTTP/1.1 is refused over HTTP/2 too, and
// all that reads a head reads one form.
//
//   :method, :path, :authority   the request line and Host. A Host field besides must be equal.
//   cookie                       its crumbs joined with "; " (§8.2.3)
//   :protocol = websocket        (RFC 8441) becomes a GET that asks for an upgrade
//
// Refused: names in upper case, connection-specific fields, TE other than "trailers", control characters anywhere, other
// pseudo-header fields, CONNECT without :protocol.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/message_head.h"
#include "proxy/http/request_rules.h"

namespace stead::proxy {

// True for the fields of a connection of HTTP/1.1, which no message over HTTP/2 has (RFC 9113 §8.2.2). `name`: in lower case.
[[nodiscard]] bool is_connection_specific(std::string_view name);

class RequestFields {
 public:
  // `max_octets`: of all names and values, as [limits] header_bytes. More fields are then dropped, and the head is refused.
  explicit RequestFields(std::size_t max_octets) : max_octets_(max_octets) {}

  void add(std::string_view name, std::string_view value);
  enum class Body { none, follows };
  // After the last field. Writes the head to `head_bytes` and parses it into `out`, which refers to it.
  [[nodiscard]] std::optional<Violation> finish(Body body, std::string& head_bytes, RequestHead& out);
  [[nodiscard]] std::size_t octets() const { return octets_; }  // as RFC 9113 §6.5.2 counts them
  // The request asks for a tunnel by extended CONNECT.
  [[nodiscard]] bool opens_tunnel() const { return !protocol_.empty(); }

 private:
  void refuse(int status, std::string_view reason);
  void add_pseudo(std::string_view name, std::string_view value);
  void add_regular(std::string_view name, std::string_view value);
  void check_pseudo();
  void write_head(std::string& out) const;

  std::size_t max_octets_, octets_ = 0, count_ = 0;
  std::string method_, scheme_, authority_, path_, protocol_, host_, cookies_;
  std::string lines_;  // of the other fields
  bool has_host_ = false, has_cookies_ = false;
  std::optional<Violation> violation_;  // the first one
};

}  // namespace stead::proxy
