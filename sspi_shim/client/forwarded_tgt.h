#pragma once
// The TGT that a client forwarded with its AP-REQ (RFC 4120 §2.6, RFC 4121 §4.1.1): unconstrained delegation.
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/messages/ap_messages.h"

namespace stead {

// Reads it out of an AP-REQ for us that the acceptor has judged, whose ticket our keys have `opened`, or not. Nothing:
// `why` says in one line, for an administrator, that there is none and what may be the reason, or that it is not taken:
// a sensitive user's; over a trust, where the ticket lacks OK-AS-DELEGATE; one that does not fit the AP-REQ.
[[nodiscard]] std::shared_ptr<Identity::State> read_forwarded_tgt(const ApReq& request,
                                                                  const Result<OpenedTicket>& opened, std::string& why);

}  // namespace stead
