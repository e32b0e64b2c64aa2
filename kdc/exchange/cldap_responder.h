#pragma once
// A DC's answer to a netlogon ping (MS-ADTS §6.3.3): bytes in, bytes out.
#include <array>

#include "kdc/directory/directory.h"

namespace stead::kdc {

// The objectGUID of a domain, in the order of a GUID's bytes. The directory has none: it follows from the domain's SID,
// which is as unique and as lasting.
[[nodiscard]] std::array<std::uint8_t, 16> domain_guid(const Domain& domain);

// The reply datagram of `controller`, a DC of `domain`. Empty: not a ping that can be answered (malformed, or another
// search), say nothing. A ping for a domain the DC does not host gets a success without attribute; one that names an
// unknown user, "user unknown"; a paused DC says "paused" to all of them, and is looked up in `domain` for that: it may
// have been paused since it was started.
[[nodiscard]] Buffer cldap_reply(const Snapshot& snapshot, const DomainEntry& domain, const Controller& controller,
                                 Bytes datagram);

}  // namespace stead::kdc
