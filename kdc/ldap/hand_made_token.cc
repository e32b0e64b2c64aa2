#include "kdc/ldap/hand_made_token.h"

#include <chrono>
#include <optional>
#include <utility>

#include "kdc/kpasswd/seen_requests.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead::kdc {
namespace {

constexpr std::uint8_t kApReq = 0x6e;  // [APPLICATION 14]

SeenRequests& seen_requests() {
  static SeenRequests seen;
  return seen;
}

// The request with the ticket's realm in its authenticator, if they differ by case alone. Nothing: it is right as it is,
// or cannot be read, which libgssapi will say.
std::optional<Buffer> with_realm_of_ticket(Bytes der, const Keys& keys) {
  auto request = decode_ap_req(der);
  const Key* key = request ? keys.find(request->ticket.enc_part.etype) : nullptr;
  if (key == nullptr) return std::nullopt;
  const auto part_der = decrypt_data(*key, KeyUsage::ticket, request->ticket.enc_part);
  const auto part = part_der ? decode_enc_ticket_part(*part_der) : Result<EncTicketPart>(part_der.error());
  const auto session = part ? Key::make(part->key) : Result<Key>(part.error());
  if (!session) return std::nullopt;
  const auto plain = decrypt_data(*session, KeyUsage::ap_req_authenticator, request->authenticator);
  auto authenticator = plain ? decode_authenticator(*plain) : Result<Authenticator>(plain.error());
  if (!authenticator || authenticator->crealm == part->crealm ||
      !equal_ignoring_case(authenticator->crealm, part->crealm))
    return std::nullopt;
  // The new authenticator is another one to libgssapi's replay cache, so a repeated one is found here.
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (seen_requests().claim(request->authenticator.cipher, der, to_string(part->cname, part->crealm), now))
    return std::nullopt;
  authenticator->crealm = part->crealm;
  request->authenticator = encrypt_data(*session, KeyUsage::ap_req_authenticator, encode(*authenticator));
  return encode(*request);
}

}  // namespace

Buffer framed_token(Bytes token, const Keys& keys) {
  auto init = decode_neg_token_init(token);
  if (!init || init->mech_token.empty() || init->mech_token.front() != kApReq) return to_buffer(token);
  if (auto changed = with_realm_of_ticket(init->mech_token, keys)) init->mech_token = std::move(*changed);
  init->mech_token = encode(KrbToken{KrbTokenId::ap_req, std::move(init->mech_token)});
  return encode(*init);
}

}  // namespace stead::kdc
