#include "kdc/ldap/cldap_responder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kdc/directory/domain_guid.h"
#include "kdc/forest/functional_level.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"
#include "sspi_shim/protocol/messages/netlogon.h"

namespace stead::kdc {
namespace {

std::string netbios_computer_name(const Controller& controller) {
  return to_upper(controller.name.substr(0, std::min<std::size_t>(15, controller.name.find('.'))));
}

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool hosts(const DomainEntry& domain, const NetlogonPing& ping) {
  if (ping.domain_guid) return *ping.domain_guid == domain_guid(*domain.domain);
  return ping.dns_domain.empty() || equal_ignoring_case(without_final_dot(ping.dns_domain), domain.domain->realm);
}

// MS-ADTS §6.3.3.2: an enabled account of this domain, of a kind that AAC lists.
bool knows_user(const Snapshot& snapshot, const DomainEntry& domain, const NetlogonPing& ping) {
  const auto* found = snapshot.account(domain, ping.user);
  if (found == nullptr || found->account->has(account_flag::disabled)) return false;
  const auto kind = found->account->is_computer() ? samr_uac::workstation_trust_account | samr_uac::server_trust_account
                                                  : samr_uac::normal_account;
  return ping.account_control.value_or(0) == 0 || (*ping.account_control & kind) != 0;
}

// The forest file has no subnets, so a client's site is known only if the domain has a single site.
bool has_one_site(const Domain& domain, const Controller& controller) {
  return std::all_of(domain.controllers.begin(), domain.controllers.end(),
                     [&](const Controller& other) { return equal_ignoring_case(other.site, controller.site); });
}

// The current state in the directory: an administrator may have paused the DC after `controller` was read.
bool is_paused(const Domain& domain, const Controller& controller) {
  const auto now = std::find_if(domain.controllers.begin(), domain.controllers.end(), [&](const Controller& other) {
    return equal_ignoring_case(other.name, controller.name);
  });
  return now != domain.controllers.end() ? now->paused : controller.paused;
}

enum class DcState { ready, paused, user_unknown };

std::optional<std::uint32_t> ipv4_of(const Controller& controller) {
  in_addr address{};
  if (inet_pton(AF_INET, controller.address.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

// NETLOGON_SAM_LOGON_RESPONSE_NT40 and, with V5, NETLOGON_SAM_LOGON_RESPONSE (§6.3.1.7, §6.3.1.8), for clients older
// than V5EX.
Buffer old_response(const DomainEntry& domain, const Controller& controller, const NetlogonPing& ping, DcState state,
                    std::uint32_t flags) {
  constexpr std::uint16_t kLogonResponse = 19, kPauseResponse = 20, kUserUnknown = 21;
  Buffer out;
  const auto u16 = [&](std::uint16_t value) {
    out.resize(out.size() + 2);
    store_le16(out.data() + out.size() - 2, value);
  };
  const auto u32 = [&](std::uint32_t value) {
    out.resize(out.size() + 4);
    store_le32(out.data() + out.size() - 4, value);
  };
  const auto text = [&](std::string_view value) {
    append(out, to_utf16le(value));
    u16(0);
  };
  const auto dns = [&](std::string_view name) {
    while (!name.empty()) {
      const auto label = name.substr(0, std::min<std::size_t>(63, name.find('.')));
      out.push_back(static_cast<std::uint8_t>(label.size()));
      append(out, as_bytes(label));
      name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    out.push_back(0);
  };
  u16(state == DcState::paused ? kPauseResponse : state == DcState::user_unknown ? kUserUnknown : kLogonResponse);
  text("\\\\" + netbios_computer_name(controller));
  text(ping.user);
  text(domain.domain->netbios);
  std::uint32_t version = nt_version::v1;
  if ((ping.nt_version & nt_version::v5) != 0) {
    append(out, domain_guid(*domain.domain));
    append(out, std::array<std::uint8_t, 16>{});
    dns(domain.domain->forest);
    dns(to_lower(domain.domain->realm));
    dns(controller.name);
    u32(ipv4_of(controller).value_or(0));
    u32(flags);
    version |= nt_version::v5;
  }
  u32(version);
  u32(0xffffffff);  // LmNtToken, Lm20Token
  return out;
}

Buffer response(const DomainEntry& domain, const Controller& controller, const NetlogonPing& ping, DcState state,
                std::uint32_t flags) {
  NetlogonResponse out;
  if (state == DcState::paused) out.opcode = NetlogonOpcode::pause_response_ex;
  if (state == DcState::user_unknown) out.opcode = NetlogonOpcode::user_unknown_ex;
  out.flags = flags;
  out.domain_guid = domain_guid(*domain.domain);
  out.dns_forest_name = domain.domain->forest;
  out.dns_domain_name = to_lower(domain.domain->realm);
  out.dns_host_name = controller.name;
  out.netbios_domain_name = domain.domain->netbios;
  out.netbios_computer_name = netbios_computer_name(controller);
  out.user_name = ping.user;
  out.dc_site_name = controller.site;
  if ((flags & ds_flag::closest) != 0) out.client_site_name = controller.site;
  if ((ping.nt_version & nt_version::v5ex_with_ip) != 0) out.ipv4 = ipv4_of(controller).value_or(0);
  return encode(out);
}

}  // namespace

Buffer cldap_reply(const Snapshot& snapshot, const DomainEntry& domain, const Controller& controller, Bytes datagram) {
  const auto search = decode_ping_search(datagram);
  if (!search) return {};
  PingReply reply;
  reply.message_id = search->message_id;
  const auto wanted = [](const std::string& attribute) { return equal_ignoring_case(attribute, "Netlogon"); };
  const auto ping = netlogon_ping_of(*search);
  if (!ping || std::none_of(search->attributes.begin(), search->attributes.end(), wanted) || !hosts(domain, *ping))
    return encode(reply);
  auto flags = traits(controller.level).ping_flags;
  if (!has_one_site(*domain.domain, controller)) flags &= ~ds_flag::closest;
  DcState state = DcState::ready;
  if (!ping->user.empty() && !knows_user(snapshot, domain, *ping)) state = DcState::user_unknown;
  if (is_paused(*domain.domain, controller)) state = DcState::paused;
  reply.netlogon = (ping->nt_version & nt_version::v5ex) != 0 ? response(domain, controller, *ping, state, flags)
                                                              : old_response(domain, controller, *ping, state, flags);
  return encode(reply);
}

}  // namespace stead::kdc
