#pragma once
// How a client proves its key in the AS exchange: PA-ENC-TIMESTAMP (RFC 4120 §5.2.7.2), under FAST PA-ENCRYPTED-CHALLENGE
// alone (RFC 6113 §5.4.6).
#include <span>
#include <vector>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

enum class KeyProof { none, timestamp, challenge };  // none: the account needs no preauthentication

struct Preauthentication {
  EncType type = EncType::null;  // of the reply key
  KeyProof proof = KeyProof::none;
};

// The client's encryption types, in its order, of which the account has keys that this DC uses.
[[nodiscard]] std::vector<EncType> common_enctypes(const Context& ctx, const AccountEntry& client,
                                                   const KdcReqBody& body);

// PREAUTH_REQUIRED with the methods if the proof is missing, PREAUTH_FAILED if it is wrong; ETYPE_NOSUPP if `enctypes`,
// of common_enctypes(), is empty and the proof does not name its key's type.
[[nodiscard]] KdcResult<Preauthentication> check_preauthentication(const Context& ctx, const KdcReq& request,
                                                                   const AccountEntry& client,
                                                                   const std::vector<EncType>& enctypes);

// PA-ETYPE-INFO2: the salts of the client's keys.
[[nodiscard]] PaData etype_info2(const AccountEntry& client, std::span<const EncType> types);

}  // namespace stead::kdc
