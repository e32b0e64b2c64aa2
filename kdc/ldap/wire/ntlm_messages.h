#pragma once
// NTLM's challenge and authenticate messages (MS-NLMP §2.2.1), as a server that verifies NTLMv2 responses uses them.
#include <array>
#include <cstdint>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::kdc {

using NtlmNonce = std::array<std::uint8_t, 8>;

// The flags of a negotiate message. Nothing else of it matters to a server without sessions.
[[nodiscard]] Result<std::uint32_t> decode_ntlm_negotiate(Bytes message);

struct NtlmTarget {
  std::string netbios_domain, netbios_computer, dns_domain, dns_computer;
  std::uint64_t time = 0;  // FILETIME
};
// `client_flags`: of the negotiate message. Neither signing nor sealing is offered.
[[nodiscard]] Buffer encode_ntlm_challenge(std::uint32_t client_flags, const NtlmNonce& nonce,
                                           const NtlmTarget& target);

struct NtlmAuthenticate {
  std::string domain, user;  // as the client typed them
  Buffer nt_response;        // of NTLMv2: 16 octets of proof and the client's data
  friend bool operator==(const NtlmAuthenticate&, const NtlmAuthenticate&) = default;
};
[[nodiscard]] Result<NtlmAuthenticate> decode_ntlm_authenticate(Bytes message);
// For tests. In UTF-16.
[[nodiscard]] Buffer encode(const NtlmAuthenticate& value);

// True if the response was made with this NT hash (MD4 of the password, 16 octets). False for every NTLMv1 response.
[[nodiscard]] bool is_ntlm_v2_response(const NtlmAuthenticate& message, const NtlmNonce& nonce, Bytes nt_hash);
// The response to a challenge, with `data` as the client's part: for tests.
[[nodiscard]] Buffer ntlm_v2_response(const NtlmAuthenticate& message, const NtlmNonce& nonce, Bytes nt_hash,
                                      Bytes data);

}  // namespace stead::kdc
