#pragma once
// The AP-REQ in a client's token, as the client sent it: nothing in it is verified.
#include "sspi_shim/protocol/messages/ap_messages.h"

namespace stead {

struct PresentedTicket {
  Buffer ap_req_der;
  ApReq ap_req;
  [[nodiscard]] Principal service() const { return {ap_req.ticket.sname, ap_req.ticket.realm}; }
};

// The DER AP-REQ in any token of a client: raw Kerberos, SPNEGO's NegTokenInit, or its NegTokenResp where the first
// token held none. bad_value: it has none.
[[nodiscard]] Result<Buffer> ap_req_of_token(Bytes token);
[[nodiscard]] Result<PresentedTicket> decode_presented_ticket(Buffer ap_req_der);

}  // namespace stead
