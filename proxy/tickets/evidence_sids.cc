#include "proxy/tickets/evidence_sids.h"

#include <optional>
#include <vector>

#include "sspi_shim/krb5/own_keys.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::proxy {

std::optional<EvidenceSids> sids_in_evidence(const Ticket& evidence, const std::vector<Key>& own_keys) {
  for (const Key& key : own_keys) {
    const auto opened = open_own_ticket(evidence, {key});
    if (!opened) continue;
    const auto bytes = pac_bytes_of(opened->part);
    if (!bytes || bytes->empty() || !verify_server_signature(*bytes, key)) return std::nullopt;
    const auto pac = decode_pac(*bytes);
    const Buffer* const buffer = pac ? pac->find(PacType::logon_info) : nullptr;
    if (!buffer) return std::nullopt;
    const auto info = decode_pac_logon_info(*buffer);
    if (!info) return std::nullopt;
    return EvidenceSids{.user = info->user_sid(), .all = info->all_sids()};
  }
  return std::nullopt;
}

std::optional<EvidenceSids> sids_in_evidence(const Ticket& evidence, OwnKeys& own_keys) {
  auto found = sids_in_evidence(evidence, *own_keys.all());
  if (!found && own_keys.look_again()) found = sids_in_evidence(evidence, *own_keys.all());
  return found;
}

}  // namespace stead::proxy
