#pragma once
// S4U2Self and S4U2Proxy (MS-SFU §3.2.5), within a domain and across trusts.
#include "kdc/exchange/tgs_request.h"

namespace stead::kdc {

// True where the request has S4U2Self padata that a DC of this level reads.
[[nodiscard]] bool is_s4u2self(const Context& ctx, const KdcReq& request);
[[nodiscard]] Step<Buffer> handle_s4u2self(const Context& ctx, const TgsRequest& tgs, Bytes raw);
[[nodiscard]] Step<Buffer> handle_s4u2proxy(const Context& ctx, const TgsRequest& tgs, Bytes raw);

}  // namespace stead::kdc
