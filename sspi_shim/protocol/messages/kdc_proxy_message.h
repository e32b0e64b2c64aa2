#pragma once
// KDC-PROXY-MESSAGE (MS-KKDCP §2.2.2): a Kerberos message inside HTTPS, in the body of the request and of the
// response.
//
//   KDC-PROXY-MESSAGE ::= SEQUENCE {
//     kerb-message   [0] OCTET STRING,        -- with the 4 bytes of length that it has over TCP (RFC 4120 §7.2.2)
//     target-domain  [1] KERB-REALM OPTIONAL, -- of a request: whose KDC is to be asked
//     dclocator-hint [2] INTEGER OPTIONAL }   -- of a request: flags of DsGetDcName for the search of the KDC
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

struct KdcProxyMessage {
  Buffer kerb_message;        // without the length
  std::string target_domain;  // empty: absent
  std::optional<std::uint32_t> dclocator_hint;
  friend bool operator==(const KdcProxyMessage&, const KdcProxyMessage&) = default;
};

// Fails with a WireErrc; bad_length if the length in kerb-message does not match the bytes after it, or is 0.
[[nodiscard]] Result<KdcProxyMessage> decode_kdc_proxy_message(Bytes der);
[[nodiscard]] Buffer encode(const KdcProxyMessage& value);

}  // namespace stead
