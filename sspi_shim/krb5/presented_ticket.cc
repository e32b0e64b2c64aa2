#include "sspi_shim/krb5/presented_ticket.h"

#include <utility>

#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {

Result<Buffer> ap_req_of_token(Bytes token) {
  if (auto first = ap_req_of_negotiate_token(token)) return first;
  if (const auto response = decode_neg_token_resp(token)) {
    if (auto later = ap_req_of_negotiate_token(response->response_token)) return later;
  }
  return make_error_code(WireErrc::bad_value);
}

Result<PresentedTicket> decode_presented_ticket(Buffer ap_req_der) {
  auto request = decode_ap_req(ap_req_der);
  if (!request) return request.error();
  return PresentedTicket{.ap_req_der = std::move(ap_req_der), .ap_req = std::move(*request)};
}

}  // namespace stead
