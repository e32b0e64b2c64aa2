#pragma once
// Which header fields pass, in either direction, and the heads that we write ourselves. Nothing is forwarded as it
// came: each head is put together anew from its parts.
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/message_head.h"
#include "proxy/http/own_response.h"
#include "proxy/upstream/own_address.h"

namespace stead::proxy {

// What is done with a client's field on its way to a back end.
enum class RequestField { pass, drop, cookie };
// By the table in dropped_fields.h.
[[nodiscard]] RequestField judge_request_field(std::string_view name);
// The Cookie header without our own cookies; empty where nothing is left.
void append_foreign_cookies(std::string& out, std::string_view cookie_header);

// What we tell a back end about the client.
struct ClientFacts {
  std::string_view address, scheme, request_id;
};
struct OutgoingRequest {
  const RequestHead& head;
  std::string_view target;         // origin form, or "*"
  std::string_view base_path;      // of the upstream, put in front
  std::string_view fallback_host;  // where the client sent no Host
  std::string_view authorization;  // ours; empty: none
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool upgrade = false;
};
void write_request_head(std::string& out, const OutgoingRequest& request, const ClientFacts& client);

// Whether a back end's field is kept from the client: hop-by-hop fields, its Negotiate and NTLM answers, cookies by the
// name of ours.
[[nodiscard]] bool is_dropped_from_response(const Field& field);
struct OutgoingResponse {
  const ResponseHead& head;
  Framing framing = Framing::none;  // towards the client
  bool to_head = false;             // the request was a HEAD
  bool client_is_1_0 = false, close = false, upgrade = false;
  const Addresses* addresses = nullptr;  // null: a back end's own names are left as they are
};
// `own`: sign-in's fields, put behind the back end's.
void write_response_head(std::string& out, const OutgoingResponse& response, std::string_view request_id,
                         const HeaderList* own);
void write_interim_head(std::string& out, const ResponseHead& head);  // 102, 103

// The token behind "Negotiate " in a WWW-Authenticate value, base64; nothing where the scheme is another. An empty
// text: the scheme alone.
[[nodiscard]] std::optional<std::string_view> negotiate_token_of(std::string_view value);

}  // namespace stead::proxy
