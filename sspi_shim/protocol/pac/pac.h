#pragma once
// The PAC as a container with its signatures (MS-PAC §2.3, §2.4, §2.8). Contents: pac_logon_info.h, pac_buffers.h.
#include <cstdint>
#include <optional>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

enum class PacType : std::uint32_t {
  logon_info = 1,
  credentials = 2,
  server_checksum = 6,
  kdc_checksum = 7,
  client_info = 10,
  s4u_delegation_info = 11,
  upn_dns_info = 12,
  client_claims = 13,
  device_info = 14,
  device_claims = 15,
  ticket_checksum = 16,
  attributes_info = 17,
  requestor_sid = 18,
  extended_kdc_checksum = 19,
  requestor_guid = 20,
};

struct PacBuffer {
  PacType type{};
  Buffer data;
  friend bool operator==(const PacBuffer&, const PacBuffer&) = default;
};

// The buffers in their order on the wire, also those of unknown types.
struct Pac {
  std::vector<PacBuffer> buffers;
  friend bool operator==(const Pac&, const Pac&) = default;
  [[nodiscard]] const Buffer* find(PacType type) const;
  void set(PacType type, Buffer data);  // replaces, or appends
  void remove(PacType type);
};
// u32 count, u32 version 0, then { u32 type, u32 size, u64 offset }; offsets are multiples of 8 and inside the PAC.
// Rejects a known type that occurs twice.
[[nodiscard]] Result<Pac> decode_pac(Bytes bytes);
[[nodiscard]] Buffer encode(const Pac& pac);

// PAC_SIGNATURE_DATA (§2.8): u32 type, signature, and, from an RODC, two bytes that do not belong to the signature.
struct PacSignature {
  ChecksumType type{};
  Buffer value;
  std::optional<std::uint16_t> rodc_identifier;
  friend bool operator==(const PacSignature&, const PacSignature&) = default;
};
[[nodiscard]] Result<PacSignature> decode_pac_signature(Bytes bytes);
[[nodiscard]] Buffer encode(const PacSignature& value);

// The PAC of a ticket: the AD-WIN2K-PAC element inside the first AD-IF-RELEVANT that has one. An empty buffer: none.
[[nodiscard]] Result<Buffer> pac_bytes_of(const EncTicketPart& part);

// The signatures of a ticket. TGTs, referral TGTs and kadmin/changepw have those of server and KDC only (§2.8).
enum class PacSignatures { server_and_kdc, all_four };

// Signs `pac` (signature buffers in it are replaced) and puts it into part.authorization_data, first in the list, as
// AD-IF-RELEVANT { AD-WIN2K-PAC }; a PAC that is already there is removed. `server_key` is the key that will encrypt
// the ticket, `kdc_key` the issuing realm's krbtgt key. With all_four the ticket checksum covers `part`: it must not
// change afterwards. Returns the DER of `part` with the PAC in it, ready to be encrypted.
[[nodiscard]] SecretBuffer encode_with_signed_pac(EncTicketPart& part, Pac pac, const Key& server_key,
                                                  const Key& kdc_key, PacSignatures which);

// Verification works on the PAC's bytes as received. Fails with WireErrc::integrity, bad_value if a signature is
// absent, and wrong_key_type if its type is not that of the key (HMAC-MD5 is not accepted for an AES key).
[[nodiscard]] Result<void> verify_server_signature(Bytes pac, const Key& server_key);
[[nodiscard]] Result<void> verify_kdc_signature(Bytes pac, const Key& kdc_key);
// `enc_ticket_part_der`: the decrypted EncTicketPart as received; `pac` must be the PAC in it, else bad_value.
[[nodiscard]] Result<void> verify_ticket_signature(Bytes enc_ticket_part_der, Bytes pac, const Key& kdc_key);
[[nodiscard]] Result<void> verify_extended_kdc_signature(Bytes pac, const Key& kdc_key);

}  // namespace stead
