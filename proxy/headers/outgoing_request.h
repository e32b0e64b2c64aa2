#pragma once
// The head of a request as it goes to a back end.
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/message_head.h"

namespace stead::proxy {

struct OutgoingRequest {
  const RequestHead& head;
  std::string_view target;         // origin form, or "*"
  std::string_view base_path;      // of the upstream, before the target
  std::string_view fallback_host;  // if the client sent no Host
  std::string_view authorization;  // the proxy's own; empty: none
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool upgrade = false;
};
// What the back end learns of the client: X-Forwarded-For, X-Forwarded-Proto, X-Request-Id.
struct ClientFacts {
  std::string_view address, scheme, request_id;
};
void write_request_head(std::string& out, const OutgoingRequest& request, const ClientFacts& client);

// Appends a Cookie field's value without the proxy's own cookies; nothing if none is left.
void append_foreign_cookies(std::string& out, std::string_view cookie_header);

}  // namespace stead::proxy
