#include "sspi_shim/client/forwarded_tgt.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/messages/krb_cred.h"

namespace stead {
namespace {

// The KRB-CRED is encrypted with the ticket's session key. Some clients use the authenticator's subkey.
Result<EncKrbCredPart> open_cred(const KrbCred& cred, const Key& session_key, const Authenticator& authenticator) {
  auto plain = decrypt_data(session_key, KeyUsage::krb_cred, cred.enc_part);
  if (!plain && authenticator.subkey) {
    const auto subkey = Key::make(*authenticator.subkey);
    if (!subkey) return subkey.error();
    plain = decrypt_data(*subkey, KeyUsage::krb_cred, cred.enc_part);
  }
  if (!plain) return plain.error();
  return decode_enc_krb_cred_part(*plain);
}

// The first TGT of `user` in the KRB-CRED; null if there is none.
CredentialPtr tgt_of(const KrbCred& cred, const EncKrbCredPart& part, const Principal& user) {
  if (cred.tickets.size() != part.ticket_info.size()) return nullptr;
  for (std::size_t i = 0; i < cred.tickets.size(); ++i) {
    const Ticket& ticket = cred.tickets[i];
    const KrbCredInfo& info = part.ticket_info[i];
    if (!is_krbtgt(ticket.sname) || ticket.sname.components.size() != 2 || !info.endtime) continue;
    const bool is_users = info.pname && *info.pname == user.name && info.prealm == user.realm;
    auto key = Key::make(info.key);
    if (!is_users || !key) continue;
    auto out = std::make_shared<Credential>();
    out->ticket = ticket;
    out->session_key = std::move(*key);
    out->client = user.name;
    out->client_realm = user.realm;
    out->service = ticket.sname;
    out->service_realm = ticket.realm;
    out->flags = info.flags.value_or(0);
    out->authtime = info.authtime.value_or(Time{});
    out->starttime = info.starttime.value_or(out->authtime);
    out->endtime = *info.endtime;
    out->renew_till = info.renew_till;
    return out;
  }
  return nullptr;
}

}  // namespace

Checked<CredentialPtr> read_forwarded_tgt(const ApReq& request, const Result<OpenedTicket>& opened) {
  const auto fail = [](std::string text) { return Problem{std::move(text), {}, {}}; };
  if (!opened) return fail("no key of ours opens the ticket: " + opened.error().message());
  const Principal user{opened->part.cname, opened->part.crealm};
  const std::string name = to_string(user);
  const std::string service = to_string(request.ticket.sname);
  if (opened->sensitive)
    return fail(name + " is marked sensitive or is a member of Protected Users: not to be delegated");
  const auto session_key = Key::make(opened->part.key);
  if (!session_key) return fail("the ticket's session key is of a type we do not have");
  const auto plain = decrypt_data(*session_key, KeyUsage::ap_req_authenticator, request.authenticator);
  if (!plain) return fail("the authenticator cannot be decrypted: " + plain.error().message());
  const auto authenticator = decode_authenticator(*plain);
  if (!authenticator || !(authenticator->cname == user.name) || authenticator->crealm != user.realm)
    return fail("the authenticator is not " + name + "'s");

  const bool gssapi = authenticator->checksum && authenticator->checksum->type == kGssChecksumType;
  const auto checksum =
      gssapi ? decode_gss_checksum(authenticator->checksum->value) : Result<GssChecksum>(GssChecksum{});
  if (!checksum) return fail("the authenticator's GSSAPI checksum is malformed: " + checksum.error().message());
  if (!(checksum->flags & gss_flag::delegate) || checksum->delegated_credential.empty())
    return fail(
        name +
        "'s client forwarded no TGT. Either the browser is not configured to delegate to this site, or the "
        "account of " +
        service +
        " is not trusted for delegation, or a trust on the way does not let TGTs pass (tgt_delegation), or the TGT is "
        "not forwardable, which a sensitive user's and a Protected User's never is");
  // Within the user's realm the client decides. Over a trust the KDC must have marked this service as trusted.
  if (!equal_ignoring_case(user.realm, request.ticket.realm) && !(opened->part.flags & ticket_flag::ok_as_delegate))
    return fail(name + " of another domain forwarded a TGT, but the ticket to " + service +
                " lacks OK-AS-DELEGATE: delegation over the trust is not allowed");

  const auto cred = decode_krb_cred(checksum->delegated_credential);
  if (!cred) return fail("the forwarded KRB-CRED is malformed: " + cred.error().message());
  const auto part = open_cred(*cred, *session_key, *authenticator);
  if (!part) return fail("the forwarded KRB-CRED does not open: " + part.error().message());
  CredentialPtr tgt = tgt_of(*cred, *part, user);
  if (!tgt) return fail("the forwarded KRB-CRED has no TGT of " + name);
  return tgt;
}

}  // namespace stead
