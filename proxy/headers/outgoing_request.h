#pragma once
// The head of a request as it goes to a back end.
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/headers/field_rules.h"
#include "proxy/http/message_head.h"

namespace stead::proxy {

struct OutgoingRequest {
  const RequestHead& head;
  std::string_view target;     // origin form, or "*"; empty or "?query": "/" is put before it
  std::string_view base_path;  // of the upstream, before the target
  std::string_view host;       // for the back end
  FieldLists lists{};          // of the route
  ForwardedForm forwarded = ForwardedForm::x_forwarded;
  const HeaderList* set = nullptr;  // of the route, in place of the client's; null: none
  std::string_view authorization;   // the proxy's own; empty: none
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool upgrade = false;
};
// What the back end learns of the client, in the fields that `forwarded` says, and in X-Request-Id.
struct ClientFacts {
  std::string_view address, scheme, request_id;
};
void write_request_head(std::string& out, const OutgoingRequest& request, const ClientFacts& client);

// The Host that the route wants its back end to see. `name` is the upstream's HOST:PORT, which also stands in for the
// Host that a client did not send.
[[nodiscard]] std::string_view host_for_backend(const Route& route, const RequestHead& head, const Upstream& upstream,
                                                std::string_view name);

// Appends a Cookie field's value without the proxy's own cookies; nothing if none is left.
void append_foreign_cookies(std::string& out, std::string_view cookie_header);

}  // namespace stead::proxy
