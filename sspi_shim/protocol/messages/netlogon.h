#pragma once
// NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS §6.3.1.9): a DC's answer to an LDAP ping, and the ping's filter
// (§6.3.3).
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/protocol/messages/ldap_messages.h"

namespace stead {

namespace nt_version {  // NETLOGON_NT_VERSION, §6.3.1.1
constexpr std::uint32_t v1 = 0x1, v5 = 0x2, v5ex = 0x4, v5ex_with_ip = 0x8, closest_site = 0x10,
                        avoid_nt4emul = 0x01000000;
}
namespace ds_flag {  // DS_FLAG, §6.3.1.2
constexpr std::uint32_t pdc = 0x1, gc = 0x4, ldap = 0x8, ds = 0x10, kdc = 0x20, timeserv = 0x40, closest = 0x80,
                        writable = 0x100, good_timeserv = 0x200, ndnc = 0x400, select_secret_domain_6 = 0x800,
                        full_secret_domain_6 = 0x1000, ws = 0x2000, ds_8 = 0x4000, ds_9 = 0x8000, ds_10 = 0x10000;
}
enum class NetlogonOpcode : std::uint16_t { response_ex = 23, pause_response_ex = 24, user_unknown_ex = 25 };

struct NetlogonResponse {
  NetlogonOpcode opcode = NetlogonOpcode::response_ex;
  std::uint32_t flags = 0;  // ds_flag
  std::array<std::uint8_t, 16> domain_guid{};
  std::string dns_forest_name, dns_domain_name, dns_host_name, netbios_domain_name, netbios_computer_name, user_name,
      dc_site_name, client_site_name;
  std::optional<std::uint32_t> ipv4;  // host order; if nt_version::v5ex_with_ip was requested
  std::optional<std::string> next_closest_site_name;
  std::uint32_t nt_version = 0x5;
  friend bool operator==(const NetlogonResponse&, const NetlogonResponse&) = default;
};
// `asked`: the NtVer of the request; it determines whether the response has an address.
// Compression pointers may only point backwards, with at most 128 jumps and 255 bytes a name.
[[nodiscard]] Result<NetlogonResponse> decode_netlogon_response(Bytes bytes, std::uint32_t asked);
[[nodiscard]] Buffer encode(const NetlogonResponse& value);  // without compression pointers

// A GUID as text, as in DNS: "1b4e28ba-2fa1-11d2-883f-0016d3cca427". The first three parts are little-endian in
// the bytes (MS-DTYP §2.3.4.2).
[[nodiscard]] std::string guid_text(const std::array<std::uint8_t, 16>& guid);

// The DC's functional level, which its flags imply: "2003", "2008", "2012", "2012R2", "2016".
enum class DcLevel { unknown = 0, w2003, w2008, w2012, w2012r2, w2016 };
[[nodiscard]] DcLevel level_of(std::uint32_t flags);
[[nodiscard]] std::string_view to_string(DcLevel level);  // "unknown", "2003", "2008", "2012", "2012R2", "2016"
[[nodiscard]] std::optional<DcLevel> dc_level_by_name(std::string_view text);  // also "2008R2", "2019", "2022"

// The filter of the ping: (&(DnsDomain=…)[(Host=…)](NtVer=…)), attribute Netlogon.
struct NetlogonPing {
  std::string dns_domain;
  std::string host;                              // empty: absent
  std::string user;                              // empty: absent
  std::optional<std::uint32_t> account_control;  // AAC
  std::optional<std::array<std::uint8_t, 16>> domain_guid;
  std::uint32_t nt_version = nt_version::v5 | nt_version::v5ex | nt_version::closest_site | nt_version::avoid_nt4emul;
  friend bool operator==(const NetlogonPing&, const NetlogonPing&) = default;
};
[[nodiscard]] PingSearch to_search(const NetlogonPing& ping, std::int32_t message_id);
[[nodiscard]] Result<NetlogonPing> netlogon_ping_of(const PingSearch& search);  // bad_value: not a ping

}  // namespace stead
