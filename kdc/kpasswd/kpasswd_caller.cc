#include "kdc/kpasswd/kpasswd_caller.h"

#include <string>
#include <utility>

#include "kdc/tickets/context.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/pac/pac.h"

namespace stead::kdc {
namespace {

using CallerResult = boost::system::result<KpasswdCaller, KpasswdRejection>;

KpasswdRejection not_authenticated(KrbErrc code, std::string text) {
  return reject_kpasswd(code, KpasswdResult::auth_error, std::move(text));
}

// Tries the current keys and, for tickets older than the last change, the previous ones.
Result<SecretBuffer> open_ticket(const AccountEntry& krbtgt, const EncryptedData& data) {
  for (const auto* keys : {krbtgt.keys.get(), krbtgt.previous_keys.get()}) {
    if (keys == nullptr) continue;
    keys->derive(data.etype);
    if (const auto* key = keys->find(data.etype))
      if (auto plain = decrypt_data(*key, KeyUsage::ticket, data)) return plain;
  }
  return WireErrc::integrity;
}

// The ticket's name is not sealed and krbtgt's key encrypts both kinds, so a TGT is told from a ticket to
// kadmin/changepw by what is sealed: that one lives two minutes, and its PAC names no requestor.
bool is_tgt(const EncTicketPart& part) {
  if (part.endtime - part.starttime.value_or(part.authtime) > kChangepwLifetime) return true;
  const auto bytes = pac_bytes_of(part);
  if (!bytes) return true;
  if (bytes->empty()) return false;
  const auto pac = decode_pac(*bytes);
  return !pac || pac->find(PacType::requestor_sid) || pac->find(PacType::attributes_info);
}

// The caller by its ticket; the authenticator is not read yet.
CallerResult read_ticket(const Snapshot& snapshot, const DomainEntry& domain, const Ticket& ticket, Time now) {
  if (!equal_ignoring_case(ticket.realm, domain.domain->realm) ||
      snapshot.by_spn(domain, to_string(ticket.sname)) != domain.krbtgt)
    return not_authenticated(KrbErrc::KRB_AP_ERR_NOT_US, "the ticket is not for kadmin/changepw of this realm");
  const auto plain = open_ticket(*domain.krbtgt, ticket.enc_part);
  if (!plain) return not_authenticated(KrbErrc::KRB_AP_ERR_MODIFIED, "the ticket cannot be decrypted");
  auto part = decode_enc_ticket_part(*plain);
  auto session = part ? Key::make(part->key) : Result<Key>(part.error());
  if (!session) return not_authenticated(KrbErrc::KRB_AP_ERR_MODIFIED, "the ticket cannot be read");
  if (is_tgt(*part))
    return not_authenticated(KrbErrc::KRB_AP_ERR_NOT_US, "the ticket is a TGT, not one for kadmin/changepw");
  KpasswdCaller caller;
  caller.ticket = std::move(*part);
  caller.session = std::move(*session);
  if (caller.ticket.endtime + kClockSkew < now)
    return not_authenticated(KrbErrc::KRB_AP_ERR_TKT_EXPIRED, "the ticket has expired");
  if (caller.ticket.starttime.value_or(caller.ticket.authtime) > now + kClockSkew ||
      (caller.ticket.flags & ticket_flag::invalid) != 0)
    return not_authenticated(KrbErrc::KRB_AP_ERR_TKT_NYV, "the ticket is not valid yet");
  return caller;
}

boost::system::result<void, KpasswdRejection> read_authenticator(const EncryptedData& sealed, Time now,
                                                                 KpasswdCaller& caller) {
  const auto plain = decrypt_data(caller.session, KeyUsage::ap_req_authenticator, sealed);
  auto authenticator = plain ? decode_authenticator(*plain) : Result<Authenticator>(plain.error());
  if (!authenticator)
    return not_authenticated(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the authenticator cannot be decrypted");
  caller.authenticator = std::move(*authenticator);
  if (!(caller.authenticator.cname == caller.ticket.cname) || caller.authenticator.crealm != caller.ticket.crealm)
    return not_authenticated(KrbErrc::KRB_AP_ERR_BADMATCH, "ticket and authenticator name different clients");
  const auto ctime = caller.authenticator.ctime;
  if (ctime > now + kClockSkew || ctime + kClockSkew < now)
    return not_authenticated(KrbErrc::KRB_AP_ERR_SKEW, "the clocks differ by more than five minutes");
  return {};
}

}  // namespace

KpasswdRejection reject_kpasswd(KrbErrc code, KpasswdResult result, std::string text) {
  return {code, {result, std::move(text)}, {}};
}

CallerResult authenticate_caller(const Snapshot& snapshot, const DomainEntry& domain, Bytes ap_message, Bytes whole,
                                 Time now, SeenRequests& seen) {
  const auto request = decode_ap_req(ap_message);
  if (!request) return reject_kpasswd(KrbErrc::KRB_ERR_GENERIC, KpasswdResult::malformed, "the AP-REQ cannot be read");
  CallerResult caller = read_ticket(snapshot, domain, request->ticket, now);
  if (!caller) return caller;
  if (const auto ok = read_authenticator(request->authenticator, now, *caller); !ok) return ok.error();
  caller->sealed_authenticator = request->authenticator.cipher;
  const std::string name = to_string(caller->ticket.cname) + "@" + caller->ticket.crealm;
  if (auto earlier = seen.claim(caller->sealed_authenticator, whole, name, now)) {
    using Kind = SeenRequests::Earlier::Kind;
    if (earlier->kind == Kind::no_room)
      return reject_kpasswd(KrbErrc::KRB_ERR_GENERIC, KpasswdResult::soft_error,
                            "too many password changes; try again in ten minutes");
    KpasswdRejection replay = not_authenticated(KrbErrc::KRB_AP_ERR_REPEAT, "the request is a replay");
    if (earlier->kind == Kind::same_request) replay.earlier_reply = std::move(earlier->reply);
    return replay;
  }
  caller->subkey = caller->session;
  if (caller->authenticator.subkey) {
    auto subkey = Key::make(*caller->authenticator.subkey);
    if (!subkey) return not_authenticated(KrbErrc::KRB_AP_ERR_MODIFIED, "the subkey has an unknown encryption type");
    caller->subkey = std::move(*subkey);
  }
  return caller;
}

}  // namespace stead::kdc
