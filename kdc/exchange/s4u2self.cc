#include "kdc/exchange/s4u2self.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdc/forest/name_case.h"
#include "kdc/lookup/certificate_lookup.h"
#include "kdc/lookup/client_lookup.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/trust_path.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/event_ids.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/messages/s4u_messages.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::kdc {
namespace {

// The user that the request names, in either padata.
struct S4uUser {
  PrincipalName name;  // may be empty with a certificate
  std::string realm;
  Buffer certificate;
  std::uint32_t options = 0;
  // PA-S4U-X509-USER: what its reply needs.
  const PaS4uX509User* x509 = nullptr;
  const Key* signing_key = nullptr;
};

Stop bad_checksum() {
  return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "the checksum of the S4U padata is wrong");
}

// With an RC4 key the checksum is an unkeyed MD4 (MS-SFU §2.2.2).
bool is_rc4_digest(const Checksum& checksum, const Key& key, Bytes data) {
  return key.type() == EncType::rc4_hmac && checksum.type == ChecksumType::rsa_md4 &&
         equal_in_constant_time(checksum.value, unkeyed_checksum(ChecksumType::rsa_md4, data));
}

// Windows signs with the session key, MIT with the authenticator's subkey. Both are accepted, over the bytes as sent or
// as this codec encodes them.
const Key* x509_signer(const TgsRequest& tgs, const PaS4uX509User& user) {
  const Buffer rewritten = encode(user.user_id);
  for (const Key* key : {tgs.subkey ? &*tgs.subkey : nullptr, &tgs.session_key}) {
    if (!key) continue;
    for (const Bytes data : {Bytes(user.user_id_der), Bytes(rewritten)})
      if (is_rc4_digest(user.checksum, *key, data) ||
          (is_keyed(user.checksum.type) &&
           verify_checksum(user.checksum, *key, KeyUsage::pa_s4u_x509_user_request, data)))
        return key;
  }
  return nullptr;
}

KdcResult<S4uUser> read_x509_user(const TgsRequest& tgs, const PaS4uX509User& sent) {
  const Key* signer = x509_signer(tgs, sent);
  if (!signer && !is_keyed(sent.checksum.type))
    return refuse(KrbErrc::KRB_AP_ERR_INAPP_CKSUM, "PA-S4U-X509-USER is not signed by a key");
  if (!signer) return bad_checksum();
  if (sent.user_id.nonce != tgs.body().nonce)
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "PA-S4U-X509-USER belongs to another request");
  S4uUser user;
  user.name = sent.user_id.cname.value_or(PrincipalName{});
  user.realm = sent.user_id.crealm;
  user.certificate = sent.user_id.subject_certificate;
  user.options = sent.user_id.options.value_or(0);
  user.x509 = &sent;
  user.signing_key = signer;
  return user;
}

KdcResult<S4uUser> read_for_user(const TgsRequest& tgs, const PaForUser& sent) {
  if (!is_keyed(sent.checksum.type))
    return refuse(KrbErrc::KRB_AP_ERR_INAPP_CKSUM, "PA-FOR-USER is not signed by a key");
  if (!verify_checksum(sent.checksum, tgs.session_key, KeyUsage::pa_for_user_checksum, checksum_input(sent)))
    return bad_checksum();
  S4uUser user;
  user.name = sent.user_name;
  user.realm = sent.user_realm;
  return user;
}

// MS-SFU §3.2.5.1.2: may the ticket be forwardable, as far as the service decides?
bool service_may_forward(const Context& ctx, const AccountEntry& service) {
  if (service.account->has(account_flag::trusted_to_auth_for_delegation)) return true;
  return ctx.level.fast_claims_rbcd && service.account->allowed_to_delegate_to.empty();
}

PaData x509_reply(const TgsRequest& tgs, const S4uUser& user, const PrincipalName& canonical,
                  const std::string& realm) {
  PaS4uX509User reply;
  reply.user_id.nonce = tgs.body().nonce;
  reply.user_id.cname = canonical;
  reply.user_id.crealm = realm;
  reply.user_id.options = user.x509->user_id.options;
  const Buffer der = encode(reply.user_id);
  if (user.x509->checksum.type == ChecksumType::rsa_md4) {
    reply.checksum = {ChecksumType::rsa_md4, unkeyed_checksum(ChecksumType::rsa_md4, der)};
  } else {
    const bool reply_usage = (user.options & s4u_option::use_reply_key_usage) != 0;
    reply.checksum = make_checksum(
        *user.signing_key, reply_usage ? KeyUsage::pa_s4u_x509_user_reply : KeyUsage::pa_s4u_x509_user_request, der);
  }
  return {PaType::s4u_x509_user, encode(reply)};
}

void add_x509_reply(const Context& ctx, const TgsRequest& tgs, const S4uUser& user, const PrincipalName& canonical,
                    const std::string& realm, TicketPlan& plan) {
  if (!user.x509) return;
  plan.padata.push_back(x509_reply(tgs, user, canonical, realm));
  if (user.x509->checksum.type != ChecksumType::rsa_md4 || !ctx.level.s4u_x509_user_encrypted) return;
  const Result<PaS4uX509User> reply = decode_pa_s4u_x509_user(plan.padata.back().value);
  Buffer both = user.x509->checksum.value;
  append(both, reply->checksum.value);
  plan.encrypted_padata.push_back({PaType::s4u_x509_user, std::move(both)});
}

void clear_forwardable(TicketPlan& plan) {
  plan.flags &= ~(ticket_flag::forwardable | ticket_flag::proxiable);
}

// Issues the referral TGT that carries the user's PAC towards the service's realm, in the service's name.
KdcResult<Buffer> refer_home(const Context& ctx, const TgsRequest& tgs, const Target& target, TicketPlan plan) {
  if (target.destination->domain->realm != tgs.header.part.crealm)
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "S4U2Self for a service that is not in the client's realm");
  const TrustEntry* hop = next_hop(ctx, *target.destination, tgs.header.part.crealm, tgs.header.trust);
  if (!hop) return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no path of trusts leads to the service's realm");
  const KdcResult<std::vector<std::string>> transited = transited_realms(ctx, tgs.header);
  if (!transited) return transited.error();
  plan.transited = make_transited(*transited);
  make_referral(ctx, tgs, *hop, plan);
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

// The service asks in its own realm: issues the ticket in the user's name.
KdcResult<Buffer> serve(const Context& ctx, const TgsRequest& tgs, const AccountEntry& service,
                        const PrincipalName& user, const std::string& user_realm, TicketPlan plan) {
  const auto transited = realms_between(ctx.snapshot, user_realm, ctx.realm());
  if (!transited) return refuse(KrbErrc::KDC_ERR_POLICY, "no path of trusts leads from the user's realm to this one");
  if (!service_may_forward(ctx, service)) clear_forwardable(plan);
  plan.cname = user;
  plan.crealm = user_realm;
  plan.sname = *tgs.body().sname;
  set_client_info(*plan.pac, plan.authtime, joined(user));
  if (const KdcResult<void> ok = make_service_ticket(ctx, tgs, service, *transited, plan); !ok) return ok.error();
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

// The header ticket already carries the user's PAC: the request is on its way back from the user's realm.
KdcResult<Buffer> continue_referral(const Context& ctx, const TgsRequest& tgs, const S4uUser& user,
                                    const Target& target, TicketPlan plan) {
  const TicketPac& pac = *tgs.header.pac;
  const std::string asked = joined(user.name) + "@" + user.realm;
  if (user.name.empty() || !is_same_name(asked, pac.client.name))
    return refuse(KrbErrc::KDC_ERR_POLICY, "the S4U padata names another user than the referral TGT's PAC");
  const std::size_t at = pac.client.name.rfind('@');
  const PrincipalName name{NameType::principal, {pac.client.name.substr(0, at)}};
  const std::string realm = pac.client.name.substr(at + 1);
  plan.pac = pac;
  add_x509_reply(ctx, tgs, user, name, realm, plan);
  if (target.place == Target::Place::elsewhere) return refer_home(ctx, tgs, target, std::move(plan));
  const bool own =
      tgs.header.part.crealm == ctx.realm() && account_of_cname(ctx, tgs.header.part.cname) == target.account;
  if (!own) return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "S4U2Self for an account that is not the client's own");
  return serve(ctx, tgs, *target.account, name, realm, std::move(plan));
}

Stop no_such_user() {
  return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, NtStatus::STATUS_NO_SUCH_USER, "no such user in this domain");
}

KdcResult<const AccountEntry*> user_by_certificate(const Context& ctx, Bytes certificate) {
  const CertificateLookup found = find_client_by_certificate(ctx, certificate);
  if (found.outcome == CertificateLookup::Outcome::several_accounts)
    return refuse(KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE, "several accounts are mapped to the certificate");
  if (found.outcome == CertificateLookup::Outcome::sid_mismatch)
    return with_event(refuse(kCertificateMismatch, "the certificate has the SID of another account"),
                      kdc_event::other_certificate_sid);
  if (found.outcome == CertificateLookup::Outcome::weakly_mapped)
    return with_event(refuse(kCertificateMismatch, "the certificate has no SID, and no strong mapping names it"),
                      kdc_event::weak_certificate_mapping);
  if (!found.account) return no_such_user();
  return found.account;
}

// A name beside a certificate says which of the certificate's accounts is meant (MS-SFU §2.2.2).
KdcResult<const AccountEntry*> user_by_name(const Context& ctx, const S4uUser& asked) {
  const AccountEntry* found = find_client(ctx, asked.name).account;
  if (!found) return no_such_user();
  if (!asked.certificate.empty() && !is_certificate_of(ctx, *found, asked.certificate))
    return refuse(kClientNameMismatch, "the certificate does not belong to the user named");
  return found;
}

KdcResult<const AccountEntry*> find_user(const Context& ctx, const S4uUser& asked) {
  const bool named = !asked.name.empty() && !joined(asked.name).empty();
  const KdcResult<const AccountEntry*> user =
      named ? user_by_name(ctx, asked) : user_by_certificate(ctx, asked.certificate);
  if (!user) return user;
  if (std::optional<Rejection> no = revoked(**user, ctx.seconds())) {
    const bool hours = no->status == NtStatus::STATUS_INVALID_LOGON_HOURS;
    if (!hours || (asked.options & s4u_option::check_logon_hours)) return Stop{std::move(*no)};
  }
  return user;
}

// The user is in this domain: makes the PAC, for a service here or for the referral to its realm.
KdcResult<Buffer> start_at_user(const Context& ctx, const TgsRequest& tgs, const S4uUser& asked, const Target& target,
                                TicketPlan plan) {
  if (tgs.header.trust && target.place != Target::Place::elsewhere)
    return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "the service is in this domain, and the TGT of another");
  if (!tgs.header.trust && (target.place != Target::Place::here || target.account != tgs.client))
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "S4U2Self for an account that is not the client's own");
  const KdcResult<const AccountEntry*> user = find_user(ctx, asked);
  if (!user) return user.error();
  if (may_not_be_delegated(ctx, **user)) clear_forwardable(plan);

  const PrincipalName name{NameType::principal, {(*user)->account->name}};
  plan.pac = fresh_pac(ctx, **user, ProvedBy::service, plan.authtime);
  add_x509_reply(ctx, tgs, asked, name, ctx.realm(), plan);
  if (target.place == Target::Place::here) return serve(ctx, tgs, *target.account, name, ctx.realm(), std::move(plan));
  set_client_info(*plan.pac, plan.authtime, joined(name) + "@" + ctx.realm());
  set_requestor(ctx, *plan.pac, kPacWasGivenImplicitly, tgs.header.pac->logon.user_sid());
  return refer_home(ctx, tgs, target, std::move(plan));
}

KdcResult<Buffer> answer(const Context& ctx, const TgsRequest& tgs, const S4uUser& user) {
  ctx.log.kind = "S4U2Self";
  ctx.log.client += " for " + (user.name.empty() ? std::string("a certificate")
                                                 : to_string(user.name, user.realm) +
                                                       (user.certificate.empty() ? "" : " by certificate"));
  if (tgs.wants(kdc_option::cname_in_addl_tkt) || tgs.wants(kdc_option::renew) || tgs.wants(kdc_option::validate))
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "options that do not go with S4U2Self");
  if (!tgs.header.pac)
    return with_event(refuse(KrbErrc::KDC_ERR_TGT_REVOKED, "S4U2Self with a TGT that has no PAC"), kdc_event::no_pac);
  if (tgs.header.is_s4u2proxy_referral())
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "S4U2Self with an S4U2Proxy referral TGT");
  const Target target = find_target(ctx, *tgs.body().sname);
  if (target.place == Target::Place::nowhere || target.is_krbtgt_name)
    return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no such service");
  KdcResult<TicketPlan> plan = plan_from_header(ctx, tgs);
  if (!plan) return plan.error();
  if (tgs.header.is_s4u_referral()) return continue_referral(ctx, tgs, user, target, std::move(*plan));
  if (!user.realm.empty() && ctx.snapshot.domain(user.realm) != &ctx.domain)
    return refuse(KrbErrc::KDC_ERR_POLICY, "the user is in another realm, and the TGT is not from there");
  return start_at_user(ctx, tgs, user, target, std::move(*plan));
}

}  // namespace

bool is_s4u2self(const Context& ctx, const KdcReq& request) {
  return find_padata(request.padata, PaType::for_user) ||
         (ctx.level.s4u_x509_user && find_padata(request.padata, PaType::s4u_x509_user));
}

KdcResult<Buffer> handle_s4u2self(const Context& ctx, const TgsRequest& tgs) {
  const PaData* x509 = ctx.level.s4u_x509_user ? find_padata(tgs.request.padata, PaType::s4u_x509_user) : nullptr;
  if (x509) {
    const Result<PaS4uX509User> sent = decode_pa_s4u_x509_user(x509->value);
    if (!sent) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-S4U-X509-USER cannot be decoded");
    const KdcResult<S4uUser> user = read_x509_user(tgs, *sent);
    if (!user) return user.error();
    return answer(ctx, tgs, *user);
  }
  const Result<PaForUser> sent = decode_pa_for_user(find_padata(tgs.request.padata, PaType::for_user)->value);
  if (!sent) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-FOR-USER cannot be decoded");
  const KdcResult<S4uUser> user = read_for_user(tgs, *sent);
  if (!user) return user.error();
  return answer(ctx, tgs, *user);
}

}  // namespace stead::kdc
