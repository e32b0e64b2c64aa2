#pragma once
// The SIDs that a KDC wrote into a user's ticket to us.
#include <optional>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "sspi_shim/protocol/security/sid.h"

namespace stead {
class OwnKeys;
}

namespace stead::proxy {

struct EvidenceSids {
  Sid user;
  std::vector<Sid> all;  // the user's and those of their groups
};

// Nothing if none of our keys opens the ticket, or it has no PAC that this key signed.
[[nodiscard]] std::optional<EvidenceSids> sids_in_evidence(const Ticket& evidence, const std::vector<Key>& own_keys);
// The same. Reads the keytab again if no key fits.
[[nodiscard]] std::optional<EvidenceSids> sids_in_evidence(const Ticket& evidence, OwnKeys& own_keys);

}  // namespace stead::proxy
