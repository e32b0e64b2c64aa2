#pragma once
// A ticket to us with a PAC that says who the user is.
#include <cstdint>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::proxy::test {

// Of alice in the domain S-1-5-21-1-2-3. `signer`: of the PAC; the ticket's own key in a good one.
inline Ticket evidence(const Key& key, std::uint32_t rid, const Key& signer,
                       const std::vector<std::uint32_t>& groups = {}) {
  PacLogonInfo info;
  info.effective_name = "alice";
  info.logon_domain_id = parse_sid("S-1-5-21-1-2-3").value();
  info.user_id = rid;
  for (const std::uint32_t group : groups) info.groups.push_back({.rid = group});
  Pac pac;
  pac.set(PacType::logon_info, encode(info));
  EncTicketPart part;
  part.crealm = "ROOT.EXAMPLE";
  part.cname = {NameType::principal, {"alice"}};
  part.key = Key::random(EncType::aes256_cts_hmac_sha1_96).to_encryption_key();
  const auto der = encode_with_signed_pac(part, std::move(pac), signer, Key::random(EncType::aes256_cts_hmac_sha1_96),
                                          PacSignatures::server_and_kdc);
  return {"ROOT.EXAMPLE", {NameType::srv_inst, {"HTTP", "web"}}, encrypt_data(key, KeyUsage::ticket, der, 1)};
}

}  // namespace stead::proxy::test
