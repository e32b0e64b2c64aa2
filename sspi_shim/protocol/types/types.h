#pragma once
// The types that Kerberos messages are made of (RFC 4120 §5.2), with their readers and writers.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/der/der_writer.h"
#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/protocol/types/numbers.h"

namespace stead {

using Time = std::chrono::sys_seconds;

//   PrincipalName ::= SEQUENCE { name-type [0] Int32, name-string [1] SEQUENCE OF KerberosString }
struct PrincipalName {
  NameType type = NameType::principal;
  std::vector<std::string> components;

  // Compares the components, with case; the type does not matter (RFC 4120 §6.2).
  friend bool operator==(const PrincipalName& a, const PrincipalName& b) { return a.components == b.components; }
  [[nodiscard]] bool empty() const { return components.empty(); }
};

// "HTTP/web.example" and "alice", without realm; '/', '@' and '\' inside a component are escaped with '\', as by
// libkrb5.
[[nodiscard]] std::string to_string(const PrincipalName& name);
[[nodiscard]] std::string to_string(const PrincipalName& name, std::string_view realm);  // "alice@REALM"
// Parses "name" or "service/host", optionally with "@REALM". The type is `srv_inst` for two or more components, else
// `principal`.
struct Principal {
  PrincipalName name;
  std::string realm;  // empty if the text has none
  friend bool operator==(const Principal&, const Principal&) = default;
};
[[nodiscard]] Result<Principal> parse_principal(std::string_view text);
[[nodiscard]] std::string to_string(const Principal& principal);

[[nodiscard]] PrincipalName krbtgt_name(std::string_view realm);    // krbtgt/REALM, NT-SRV-INST
[[nodiscard]] PrincipalName enterprise_name(std::string_view upn);  // one component, NT-ENTERPRISE
[[nodiscard]] bool is_krbtgt(const PrincipalName& name);            // krbtgt/anything

//   EncryptedData ::= SEQUENCE { etype [0] Int32, kvno [1] UInt32 OPTIONAL, cipher [2] OCTET STRING }
struct EncryptedData {
  EncType etype = EncType::null;
  std::optional<std::uint32_t> kvno;  // AD sends a signed number; both signs are read
  Buffer cipher;
  friend bool operator==(const EncryptedData&, const EncryptedData&) = default;
};

//   EncryptionKey ::= SEQUENCE { keytype [0] Int32, keyvalue [1] OCTET STRING }
struct EncryptionKey {
  EncType type = EncType::null;
  SecretBuffer value;
  [[nodiscard]] bool empty() const { return value.empty(); }
  friend bool operator==(const EncryptionKey&, const EncryptionKey&) = default;  // for tests; not constant time
};

//   Checksum ::= SEQUENCE { cksumtype [0] Int32, checksum [1] OCTET STRING }
struct Checksum {
  ChecksumType type{};
  Buffer value;
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

//   PA-DATA ::= SEQUENCE { padata-type [1] Int32, padata-value [2] OCTET STRING }
struct PaData {
  PaType type{};
  Buffer value;
  friend bool operator==(const PaData&, const PaData&) = default;
};
using PaDataList = std::vector<PaData>;
[[nodiscard]] const PaData* find_padata(const PaDataList& list, PaType type);  // the first, or null

//   AuthorizationData ::= SEQUENCE OF SEQUENCE { ad-type [0] Int32, ad-data [1] OCTET STRING }
struct AuthorizationElement {
  AdType type{};
  Buffer data;
  friend bool operator==(const AuthorizationElement&, const AuthorizationElement&) = default;
};
using AuthorizationData = std::vector<AuthorizationElement>;
[[nodiscard]] Result<AuthorizationData> decode_authorization_data(Bytes der);
[[nodiscard]] Buffer encode(const AuthorizationData& value);

//   HostAddress ::= SEQUENCE { addr-type [0] Int32, address [1] OCTET STRING }
struct HostAddress {
  std::int32_t type = 0;
  Buffer address;
  friend bool operator==(const HostAddress&, const HostAddress&) = default;
};

// Size hints for a writer: for the names, realms and times of a message, and for its padata.
constexpr std::size_t kRoomForNames = 512;
[[nodiscard]] std::size_t room_for(const PaDataList& value);

PrincipalName read_principal_name(der::Reader& r);
EncryptedData read_encrypted_data(der::Reader& r);
EncryptionKey read_encryption_key(der::Reader& r);
Checksum read_checksum(der::Reader& r);
PaDataList read_padata_list(der::Reader& r);  // SEQUENCE OF PA-DATA
AuthorizationData read_authorization_data(der::Reader& r);
HostAddress read_host_address(der::Reader& r);
std::vector<HostAddress> read_host_addresses(der::Reader& r);
std::int32_t read_microseconds(der::Reader& r);  // INTEGER 0..999999
// Reads an INTEGER, a version or message type, that must be `wanted`; fails with `otherwise` if it is not.
void expect_number(der::Reader& r, std::int32_t wanted, WireErrc otherwise);

void write(der::Writer& w, const PrincipalName& value);
void write(der::Writer& w, const EncryptedData& value);
void write(der::Writer& w, const EncryptionKey& value);
void write(der::Writer& w, const Checksum& value);
void write(der::Writer& w, const PaDataList& value);
void write(der::Writer& w, const AuthorizationData& value);
void write(der::Writer& w, const HostAddress& value);
void write(der::Writer& w, const std::vector<HostAddress>& value);

// METHOD-DATA: a bare SEQUENCE OF PA-DATA.
[[nodiscard]] Result<PaDataList> decode_padata_list(Bytes der);
[[nodiscard]] Buffer encode(const PaDataList& value);

}  // namespace stead
