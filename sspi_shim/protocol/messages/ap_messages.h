#pragma once
// AP-REQ, AP-REP and the authenticator (RFC 4120 §5.5), and the checksum that GSSAPI puts into it (RFC 4121 §4.1.1).
#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

//   AP-REQ ::= [APPLICATION 14] SEQUENCE { pvno [0], msg-type [1], ap-options [2], ticket [3], authenticator [4]
//   EncryptedData }
struct ApReq {
  std::uint32_t options = 0;  // ap_option
  Ticket ticket;
  EncryptedData authenticator;
  friend bool operator==(const ApReq&, const ApReq&) = default;
};
[[nodiscard]] Result<ApReq> decode_ap_req(Bytes der);
[[nodiscard]] Buffer encode(const ApReq& value);
// The same from its parts, without a copy.
[[nodiscard]] Buffer encode_ap_req(std::uint32_t options, const Ticket& ticket, const EncryptedData& authenticator);

//   Authenticator ::= [APPLICATION 2] SEQUENCE { authenticator-vno [0], crealm [1], cname [2], cksum [3] OPTIONAL,
//   cusec [4],
//     ctime [5], subkey [6] OPTIONAL, seq-number [7] OPTIONAL, authorization-data [8] OPTIONAL }
struct Authenticator {
  std::string crealm;
  PrincipalName cname;
  std::optional<Checksum> checksum;
  std::int32_t cusec = 0;  // microseconds
  Time ctime{};
  std::optional<EncryptionKey> subkey;
  std::optional<std::uint32_t> seq_number;
  AuthorizationData authorization_data;
  friend bool operator==(const Authenticator&, const Authenticator&) = default;
};
[[nodiscard]] Result<Authenticator> decode_authenticator(Bytes der);
[[nodiscard]] SecretBuffer encode(const Authenticator& value);

//   AP-REP ::= [APPLICATION 15] SEQUENCE { pvno [0], msg-type [1], enc-part [2] }
struct ApRep {
  EncryptedData enc_part;
  friend bool operator==(const ApRep&, const ApRep&) = default;
};
[[nodiscard]] Result<ApRep> decode_ap_rep(Bytes der);
[[nodiscard]] Buffer encode(const ApRep& value);

//   EncAPRepPart ::= [APPLICATION 27] SEQUENCE { ctime [0], cusec [1], subkey [2] OPTIONAL, seq-number [3] OPTIONAL }
struct EncApRepPart {
  Time ctime{};
  std::int32_t cusec = 0;
  std::optional<EncryptionKey> subkey;
  std::optional<std::uint32_t> seq_number;
  friend bool operator==(const EncApRepPart&, const EncApRepPart&) = default;
};
[[nodiscard]] Result<EncApRepPart> decode_enc_ap_rep_part(Bytes der);
[[nodiscard]] SecretBuffer encode(const EncApRepPart& value);

// RFC 4121 §4.1.1: the authenticator checksum of type 0x8003: u32 16, 16 bytes MD5 of the channel bindings (zero:
// none), u32 flags.
constexpr auto kGssChecksumType = static_cast<ChecksumType>(0x8003);
namespace gss_flag {
constexpr std::uint32_t delegate = 1, mutual = 2, replay = 4, sequence = 8, confidentiality = 16, integrity = 32;
}
struct GssChecksum {
  Buffer bindings_md5;  // 16 bytes; empty: none
  std::uint32_t flags = 0;
  Buffer delegated_credential;  // KRB-CRED, if flags has delegate
  friend bool operator==(const GssChecksum&, const GssChecksum&) = default;
};
[[nodiscard]] Result<GssChecksum> decode_gss_checksum(Bytes bytes);
[[nodiscard]] Buffer encode(const GssChecksum& value);
// MD5 of gss_channel_bindings_struct with null addresses and this application data, such as "tls-server-end-point:" and
// a hash.
[[nodiscard]] Buffer channel_bindings_md5(Bytes application_data);

}  // namespace stead
