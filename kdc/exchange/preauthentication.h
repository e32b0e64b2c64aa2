#pragma once
// How a client proves its key in the AS exchange: PA-ENC-TIMESTAMP (RFC 4120 §5.2.7.2).
#include <span>
#include <vector>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"

namespace stead::kdc {

struct Preauthentication {
  EncType type = EncType::null;  // of the reply key
  bool by_timestamp = false;     // false: the account needs no preauthentication, and the client sent none
};

// The client's encryption types, in its order, of which the account has keys that this DC uses.
[[nodiscard]] std::vector<EncType> common_enctypes(const Context& ctx, const AccountEntry& client,
                                                   const KdcReqBody& body);

// PREAUTH_REQUIRED with the methods if the proof is missing, PREAUTH_FAILED if it is wrong. `enctypes`: of
// common_enctypes(), not empty.
[[nodiscard]] KdcResult<Preauthentication> check_preauthentication(const Context& ctx, const KdcReq& request,
                                                                   const AccountEntry& client,
                                                                   const std::vector<EncType>& enctypes);

// PA-ETYPE-INFO2: the salts of the client's keys.
[[nodiscard]] PaData etype_info2(const AccountEntry& client, std::span<const EncType> types);

}  // namespace stead::kdc
