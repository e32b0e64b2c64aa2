#pragma once
// One request in, one answer out: the whole KDC without its sockets.
#include <cstddef>
#include <variant>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"

namespace stead::kdc {

struct Answer {
  Buffer bytes;  // AS-REP, TGS-REP or KRB-ERROR; empty: no reply, because the bytes are no Kerberos request
  RequestLog log;
};
using Outcome = std::variant<Answer, NeedKeys>;

// Handles a request to `controller`, a DC of `domain`. NeedKeys: derive them off the event loop and call again.
[[nodiscard]] Outcome handle(Bytes request, const Snapshot& snapshot, const DomainEntry& domain,
                             const Controller& controller, Instant now);

// The longest datagram that a DC sends. A longer reply becomes KRB_ERR_RESPONSE_TOO_BIG, and the client asks by TCP.
constexpr std::size_t kMaxDatagramReply = 1465;
[[nodiscard]] Buffer response_too_big(const DomainEntry& domain, Instant now);
// The answer to a TCP length with its top bit set, or beyond the limit (RFC 4120 §7.2.2).
[[nodiscard]] Buffer field_too_long(const DomainEntry& domain, Instant now);

}  // namespace stead::kdc
