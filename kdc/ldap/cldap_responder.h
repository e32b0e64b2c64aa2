#pragma once
// The answer of a DC to a netlogon ping, an LDAP search by UDP (MS-ADTS §6.3.3): bytes in, bytes out.
#include "kdc/directory/snapshot.h"

namespace stead::kdc {

// The reply datagram of `controller`, a DC of `domain`. Empty: no reply, because the datagram is malformed or another
// search. A ping for a domain that this DC does not host gets a success without attributes, one that names an unknown
// user gets "user unknown", and a paused DC answers "paused" to every ping. Whether the DC is paused is looked up in
// `domain`, because an administrator may have paused it after `controller` was read.
[[nodiscard]] Buffer cldap_reply(const Snapshot& snapshot, const DomainEntry& domain, const Controller& controller,
                                 Bytes datagram);

}  // namespace stead::kdc
