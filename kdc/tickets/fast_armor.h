#pragma once
// The armor of a request under FAST (RFC 6113 §5.4), and what it does to the reply. The request is opened by
// exchange/fast/fast_request.h, which has the design.
#include <cstdint>
#include <optional>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/fast.h"

namespace stead::kdc {

struct FastArmor {
  Key key;
  std::uint32_t options = 0;  // fast_option
  KdcReq request;             // the inner request: its padata and body replace those outside
  std::optional<Key> strengthen_key;

  [[nodiscard]] bool hides_client() const { return (options & fast_option::hide_client_names) != 0; }
};

// PA-FX-COOKIE. This KDC keeps no state between requests: the text is the one that Active Directory sends.
[[nodiscard]] PaData fast_cookie();
// The name in place of the client's with the option hide-client-names.
[[nodiscard]] PrincipalName anonymous_name();

}  // namespace stead::kdc
