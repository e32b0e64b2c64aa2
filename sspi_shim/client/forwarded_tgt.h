#pragma once
// The TGT that a client forwarded with its AP-REQ (RFC 4120 §2.6, RFC 4121 §4.1.1): unconstrained delegation.
#include "sspi_shim/base/problem.h"
#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/messages/ap_messages.h"

namespace stead {

// Reads the TGT out of an AP-REQ to this service that the acceptor has already verified. `opened`: the AP-REQ's ticket,
// or why no key opened it. The Problem tells an administrator, in one line, why there is no usable TGT: the client
// forwarded none, the user is sensitive, the ticket came over a trust without OK-AS-DELEGATE, or the KRB-CRED does not
// match the AP-REQ.
[[nodiscard]] Checked<CredentialPtr> read_forwarded_tgt(const ApReq& request, const Result<OpenedTicket>& opened);

}  // namespace stead
