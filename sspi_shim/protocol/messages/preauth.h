#pragma once
// Preauthentication data of AS and TGS exchanges (RFC 4120 §5.2.7, MS-KILE §2.2).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

//   PA-ENC-TS-ENC ::= SEQUENCE { patimestamp [0] KerberosTime, pausec [1] Microseconds OPTIONAL }   (RFC 4120 §5.2.7.2)
struct PaEncTsEnc {
  Time patimestamp{};
  std::optional<std::int32_t> pausec;
  friend bool operator==(const PaEncTsEnc&, const PaEncTsEnc&) = default;
};
[[nodiscard]] Result<PaEncTsEnc> decode_pa_enc_ts_enc(Bytes der);
[[nodiscard]] Buffer encode(const PaEncTsEnc& value);

//   ETYPE-INFO2 ::= SEQUENCE OF SEQUENCE { etype [0] Int32, salt [1] KerberosString OPTIONAL, s2kparams [2] OCTET
//   STRING OPTIONAL }
struct EtypeInfo2Entry {
  EncType etype{};
  std::optional<std::string> salt;
  Buffer s2kparams;  // empty: absent
  friend bool operator==(const EtypeInfo2Entry&, const EtypeInfo2Entry&) = default;
};
[[nodiscard]] Result<std::vector<EtypeInfo2Entry>> decode_etype_info2(Bytes der);
[[nodiscard]] Buffer encode(const std::vector<EtypeInfo2Entry>& value);

//   ETYPE-INFO ::= SEQUENCE OF SEQUENCE { etype [0] Int32, salt [1] OCTET STRING OPTIONAL }   (RFC 4120 §5.2.7.4)
// Written for one key of a type that has no salt; a salt of length 0 says so.
[[nodiscard]] Buffer encode_etype_info_without_salt(EncType etype);

//   KERB-PA-PAC-REQUEST ::= SEQUENCE { include-pac [0] BOOLEAN }   (MS-KILE §2.2.3)
[[nodiscard]] Result<bool> decode_pa_pac_request(Bytes der);
[[nodiscard]] Buffer encode_pa_pac_request(bool include_pac);

//   PA-PAC-OPTIONS ::= SEQUENCE { flags [0] KerberosFlags }   (MS-KILE §2.2.10); bits: pac_option
[[nodiscard]] Result<std::uint32_t> decode_pa_pac_options(Bytes der);
[[nodiscard]] Buffer encode_pa_pac_options(std::uint32_t flags);

// PA-SUPPORTED-ENCTYPES (MS-KILE §2.2.8): 4 raw bytes little-endian, not DER.
[[nodiscard]] Result<std::uint32_t> decode_pa_supported_enctypes(Bytes bytes);
[[nodiscard]] Buffer encode_pa_supported_enctypes(std::uint32_t bits);

// EncryptedData and Checksum as the whole value of PA-ENC-TIMESTAMP and PA-REQ-ENC-PA-REP.
[[nodiscard]] Result<EncryptedData> decode_encrypted_data(Bytes der);
[[nodiscard]] Buffer encode(const EncryptedData& value);
[[nodiscard]] Result<Checksum> decode_checksum(Bytes der);
[[nodiscard]] Buffer encode(const Checksum& value);

}  // namespace stead
