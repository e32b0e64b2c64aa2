#pragma once
// The head of a back end's response as it goes to the client.
#include <optional>
#include <string>
#include <string_view>

#include "proxy/headers/own_address.h"
#include "proxy/http/message_head.h"
#include "proxy/http/own_response.h"

namespace stead::proxy {

struct OutgoingResponse {
  const ResponseHead& head;
  Framing framing = Framing::none;  // towards the client
  bool to_head = false;             // the request was a HEAD
  bool client_is_1_0 = false, close = false, upgrade = false;
  const Addresses* addresses = nullptr;  // null: addresses in fields are not rewritten
};
// `own`: fields of the sign-in, put behind the back end's; may be null. With a cookie among them the response is private
// for every cache.
void write_response_head(std::string& out, const OutgoingResponse& response, std::string_view request_id,
                         const HeaderList* own);
void write_interim_head(std::string& out, const ResponseHead& head);  // 102, 103

// The base64 token behind "Negotiate " in a WWW-Authenticate value. Nothing for another scheme; empty for the scheme
// alone.
[[nodiscard]] std::optional<std::string_view> negotiate_token_of(std::string_view value);

}  // namespace stead::proxy
