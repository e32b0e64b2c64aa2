#pragma once
// The smaller PAC buffers: client info, S4U delegation info, UPN and DNS info, attributes, requestor SID (MS-PAC
// §2.7-2.15).
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/security/sid.h"

namespace stead {

[[nodiscard]] std::uint64_t to_filetime(std::chrono::sys_seconds time);
[[nodiscard]] std::chrono::sys_seconds from_filetime(std::uint64_t filetime);

// PAC_CLIENT_INFO (§2.7): u64 FILETIME of the ticket's authtime, u16 length in bytes, UTF-16LE name.
struct PacClientInfo {
  std::uint64_t client_id = 0;
  std::string name;  // "alice", in S4U referral TGTs "alice@REALM"
  friend bool operator==(const PacClientInfo&, const PacClientInfo&) = default;
};
[[nodiscard]] Result<PacClientInfo> decode_pac_client_info(Bytes bytes);
[[nodiscard]] Buffer encode(const PacClientInfo& value);

// S4U_DELEGATION_INFO (§2.9), NDR.
struct S4uDelegationInfo {
  std::string s4u2proxy_target;                     // the last service delegated to, without realm
  std::vector<std::string> s4u_transited_services;  // with realm, oldest first
  friend bool operator==(const S4uDelegationInfo&, const S4uDelegationInfo&) = default;
};
[[nodiscard]] Result<S4uDelegationInfo> decode_s4u_delegation_info(Bytes ndr);
[[nodiscard]] Buffer encode(const S4uDelegationInfo& value);

// UPN_DNS_INFO (§2.10), not NDR. flags: 1 the account has no UPN and this is a default, 2 sam_name and sid are present.
struct UpnDnsInfo {
  std::string upn, dns_domain_name;
  std::uint32_t flags = 0;
  std::string sam_name;    // with flag 2
  std::optional<Sid> sid;  // with flag 2
  friend bool operator==(const UpnDnsInfo&, const UpnDnsInfo&) = default;
};
[[nodiscard]] Result<UpnDnsInfo> decode_upn_dns_info(Bytes bytes);
[[nodiscard]] Buffer encode(const UpnDnsInfo& value);

// PAC_ATTRIBUTES_INFO (§2.14): flags: 1 the client requested the PAC, 2 the KDC added it without a request.
[[nodiscard]] Result<std::uint32_t> decode_pac_attributes(Bytes bytes);
[[nodiscard]] Buffer encode_pac_attributes(std::uint32_t flags);

// PAC_REQUESTOR (§2.15): the bare SID; encode(Sid) and decode_sid serve.

}  // namespace stead
