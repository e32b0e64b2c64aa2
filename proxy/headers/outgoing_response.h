#pragma once
// The head of a back end's response as it goes to the client.
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
  const Route* route = nullptr;          // its own rules for fields; null: none
  std::string_view date{};               // for a response without Date (RFC 9110 §6.6.1); empty: none is added
  std::string_view hsts{};               // Strict-Transport-Security, in place of the back end's; empty: none is added
};
// `own`: fields of the sign-in, put behind the back end's; may be null. With a cookie among them the response is private
// for every cache.
void write_response_head(std::string& out, const OutgoingResponse& response, std::string_view request_id,
                         const HeaderList* own);
void write_interim_head(std::string& out, const ResponseHead& head);  // 102, 103

}  // namespace stead::proxy
