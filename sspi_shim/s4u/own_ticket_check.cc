#include "sspi_shim/s4u/own_ticket_check.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/base/text_time.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/types/name_case.h"

namespace stead {
namespace {

bool is_to_us(const Credential& reply, const OwnTicketRules& rules) {
  const Principal& self = rules.self;
  const Ticket& ticket = reply.ticket;
  if (!(ticket.sname == reply.service) || !equal_ignoring_case(ticket.realm, self.realm)) return false;
  const std::string name = to_string(ticket.sname);
  return equal_names(name, to_string(self.name)) ||
         (!rules.own_account.empty() && equal_names(name, rules.own_account));
}

}  // namespace

std::optional<std::string> fault_of_own_ticket(const Credential& reply, const EncTicketPart& inside,
                                               const OwnTicketRules& rules) {
  if (!is_to_us(reply, rules))
    return "the ticket is to " + to_string(reply.ticket.sname, reply.ticket.realm) + ", not to this service";
  // First, so that somebody who replays a ticket learns nothing else about it.
  if (inside.key.type != reply.session_key.type() || inside.key.value.empty() ||
      !equal_in_constant_time(inside.key.value, reply.session_key.value()))
    return "the ticket is of another reply: its session key is not the reply's";
  if (!(inside.cname == reply.client) || !equal_ignoring_case(inside.crealm, reply.client_realm))
    return "the ticket is in the name of " + to_string(inside.cname, inside.crealm) + ", the reply in that of " +
           to_string(reply.client, reply.client_realm);
  if ((inside.flags & ticket_flag::invalid) != 0) return "the ticket is not valid yet: its flag INVALID is set";
  if (std::chrono::system_clock::time_point(inside.endtime) <= rules.realm_now)
    return "the ticket has expired at " + rfc3339(inside.endtime);
  const Time start = std::max(inside.starttime.value_or(inside.authtime), inside.authtime);
  if (std::chrono::system_clock::time_point(start) > rules.realm_now + kStartTolerance)
    return "the ticket is not valid before " + rfc3339(start);
  return std::nullopt;
}

bool is_users_upn(const EncTicketPart& inside, const std::string& upn) {
  const std::string account = to_string(inside.cname);
  if (equal_names(upn, account + "@" + inside.crealm)) return true;
  const auto bytes = pac_bytes_of(inside);
  const auto pac = bytes && !bytes->empty() ? decode_pac(*bytes) : Result<Pac>(Pac{});
  const Buffer* const buffer = pac ? pac->find(PacType::upn_dns_info) : nullptr;
  if (buffer == nullptr) return equal_names(upn.substr(0, upn.rfind('@')), account);
  const auto info = decode_upn_dns_info(*buffer);
  return info && equal_names(info->upn, upn);
}

std::string unopened_ticket_text(const Ticket& ticket) {
  const std::string version =
      ticket.enc_part.kvno ? " (key version " + std::to_string(*ticket.enc_part.kvno) + ")" : "";
  return "no key of the keytab opens the KDC's ticket to " + to_string(ticket.sname, ticket.realm) + version +
         ": a false KDC, or an old keytab";
}

}  // namespace stead
