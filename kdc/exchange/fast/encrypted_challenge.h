#pragma once
// The FAST factor PA-ENCRYPTED-CHALLENGE (RFC 6113 §5.4.6): under the armor, the client proves its long-term key by a
// timestamp, and the KDC proves the same key in its reply.
#include <memory>
#include <span>

#include "kdc/tickets/context.h"
#include "kdc/tickets/kdc_result.h"
#include "sspi_shim/protocol/messages/preauth.h"

namespace stead::kdc {

struct OpenChallenge {
  EncType type = EncType::null;  // of the long-term key that made it: AES and RC4 keys are tried in the client's order
  PaEncTsEnc stamp;
};
// `keys`: the client's, or those of an earlier password. PREAUTH_FAILED: none of `enctypes` opens it. ctx.fast must have
// a value.
[[nodiscard]] KdcResult<OpenChallenge> open_challenge(const Context& ctx, const std::shared_ptr<const Keys>& keys,
                                                      std::span<const EncType> enctypes, const PaData& challenge);
// The KDC's own challenge, for the reply.
[[nodiscard]] KdcResult<PaData> make_challenge(const Context& ctx, const Key& long_term_key);

}  // namespace stead::kdc
