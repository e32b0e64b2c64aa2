#include "kdc/exchange/as_handler.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdc/exchange/fast/encrypted_challenge.h"
#include "kdc/exchange/preauthentication.h"
#include "kdc/lookup/certificate_lookup.h"
#include "kdc/lookup/client_lookup.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/target_lookup.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/event_ids.h"
#include "kdc/tickets/fast_reply.h"
#include "kdc/tickets/key_request.h"
#include "kdc/tickets/pac_issuer.h"
#include "kdc/tickets/ticket_issuer.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::kdc {
namespace {

constexpr std::chrono::hours kProtectedUserLifetime{4};

Stop wrong_realm(const std::string& right_one, const char* why) {
  return {Rejection{.code = KrbErrc::KDC_ERR_WRONG_REALM,
                    .status = {},
                    .why = why,
                    .methods = {},
                    .bad_signature = {},
                    .crealm = right_one}};
}

KdcResult<const AccountEntry*> client_by_certificate(const Context& ctx, Bytes certificate) {
  const CertificateLookup found = find_client_by_certificate(ctx, certificate);
  switch (found.outcome) {
    case CertificateLookup::Outcome::found:
      return found.account;
    case CertificateLookup::Outcome::several_accounts:
      return refuse(KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE, "several accounts are mapped to the certificate");
    case CertificateLookup::Outcome::sid_mismatch:
      return with_event(refuse(kCertificateMismatch, "the certificate has the SID of another account"),
                        kdc_event::other_certificate_sid);
    case CertificateLookup::Outcome::weakly_mapped:
      return with_event(refuse(kCertificateMismatch, "the certificate has no SID, and no strong mapping names it"),
                        kdc_event::weak_certificate_mapping);
    case CertificateLookup::Outcome::other_realm:
      return wrong_realm(found.other_realm, "the client is in another realm");
    case CertificateLookup::Outcome::unknown:
      break;
  }
  return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "no such client");
}

// A client without a name is found by the certificate in PA-S4U-X509-USER (MS-SFU §3.1.5.1.1.1).
KdcResult<const AccountEntry*> find_account(const Context& ctx, const KdcReq& request) {
  const PrincipalName& cname = *request.body.cname;
  const PaData* certificate = find_padata(request.padata, PaType::s4u_x509_user);
  if (certificate && cname.type == NameType::x500 && joined(cname).empty())
    return client_by_certificate(ctx, certificate->value);
  const ClientLookup found = find_client(ctx, cname);
  if (found.account) return found.account;
  const bool may_refer = cname.type == NameType::enterprise || (request.body.options & kdc_option::canonicalize);
  if (found.other_realm.empty() || !may_refer) return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "no such client");
  return wrong_realm(found.other_realm, "the client is in another realm");
}

// Realm, client, and what the client's account may do before it proves its key.
KdcResult<const AccountEntry*> check_client(const Context& ctx, const KdcReq& request) {
  const KdcReqBody& body = request.body;
  if (!body.cname) return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "the request names no client");
  if (!body.sname) return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "the request names no service");
  if (const DomainEntry* asked = ctx.snapshot.domain(body.realm); asked != &ctx.domain)
    return wrong_realm(asked ? asked->domain->realm : std::string{}, "the request is for another realm");
  const KdcResult<const AccountEntry*> client = find_account(ctx, request);
  if (!client) return client;
  if (ctx.domain.krbtgt == *client)
    return refuse(KrbErrc::KDC_ERR_CLIENT_REVOKED, NtStatus::STATUS_ACCOUNT_DISABLED, "krbtgt cannot sign in");
  if (std::optional<Rejection> no = revoked(**client, ctx.seconds())) return Stop{std::move(*no)};
  if (std::optional<Rejection> no = wrong_workstation(**client, body.addresses)) return Stop{std::move(*no)};
  const bool postdated = (body.options & (kdc_option::postdated | kdc_option::allow_postdate)) != 0;
  if (postdated && body.from && *body.from > ctx.seconds() + kClockSkew)
    return refuse(KrbErrc::KDC_ERR_CANNOT_POSTDATE, "postdated tickets are not issued");
  return client;
}

KdcResult<Target> check_target(const Context& ctx, const KdcReqBody& body) {
  const Target target = find_target(ctx, *body.sname);
  if (target.place != Target::Place::own_krbtgt && target.place != Target::Place::here)
    return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no such service in this domain");
  if (!has_spn(*target.account)) return refuse(KrbErrc::KDC_ERR_MUST_USE_USER2USER, "the target account has no SPN");
  return target;
}

// An expired password still gets a ticket to kadmin/changepw.
KdcResult<Preauthentication> authenticate(const Context& ctx, const KdcReq& request, const AccountEntry& client) {
  const std::vector<EncType> enctypes = common_enctypes(ctx, client, request.body);
  KdcResult<Preauthentication> proof = check_preauthentication(ctx, request, client, enctypes);
  if (!proof) return proof;
  if (std::optional<Rejection> no = password_refused(client)) return Stop{std::move(*no)};
  if (is_changepw(joined(*request.body.sname))) return proof;
  if (std::optional<Rejection> no = key_expired(client, ctx.seconds())) return Stop{std::move(*no)};
  return proof;
}

std::uint32_t ticket_flags(const Context& ctx, const KdcReqBody& body, const AccountEntry& client,
                           const Preauthentication& proof, const Target& target) {
  std::uint32_t flags = ticket_flag::initial;
  if (ctx.level.aes) flags |= ticket_flag::enc_pa_rep;
  if (proof.proof != KeyProof::none) flags |= ticket_flag::pre_authent;
  if (!may_not_be_delegated(ctx, client)) flags |= body.options & (kdc_option::forwardable | kdc_option::proxiable);
  if (target.account->account->has(account_flag::trusted_for_delegation)) flags |= ticket_flag::ok_as_delegate;
  return flags;
}

KdcResult<void> set_lifetime(const Context& ctx, const KdcReqBody& body, const AccountEntry& client, TicketPlan& plan) {
  const bool protected_user = ctx.level.protected_users && is_protected_user(client);
  const Time now = ctx.seconds();
  std::chrono::seconds longest = protected_user ? kProtectedUserLifetime : kTicketLifetime;
  if (is_changepw(joined(*body.sname))) longest = kChangepwLifetime;
  const std::optional<Time> end = end_of(now, body.till, now + longest);
  if (!end) return refuse(KrbErrc::KDC_ERR_NEVER_VALID, "the ticket would have expired already");
  plan.authtime = plan.starttime = now;
  plan.endtime = *end;
  const Time latest = now + (protected_user ? std::chrono::hours(kProtectedUserLifetime) : kRenewableLifetime);
  if (body.options & kdc_option::renewable)
    plan.renew_till = body.rtime && *body.rtime != Time{} ? std::min(*body.rtime, latest) : latest;
  else if ((body.options & kdc_option::renewable_ok) && body.till > plan.endtime)
    plan.renew_till = std::min(body.till, latest);
  if (plan.renew_till && *plan.renew_till <= now) plan.renew_till.reset();
  if (plan.renew_till) plan.flags |= ticket_flag::renewable;
  return {};
}

// PA-PAC-REQUEST may ask for a ticket without a PAC. A TGT has one all the same, which says so, because its requestor
// is in it; DCs that do not write PAC_REQUESTOR leave the PAC out.
void add_pac(const Context& ctx, const KdcReq& request, const AccountEntry& client, const Target& target,
             TicketPlan& plan) {
  const bool is_tgt = target.place == Target::Place::own_krbtgt;
  const PaData* pac_request = find_padata(request.padata, PaType::pac_request);
  std::uint32_t attributes = pac_request ? kPacWasRequested : kPacWasGivenImplicitly;
  if (pac_request)
    if (const Result<bool> include = decode_pa_pac_request(pac_request->value); include && !*include)
      attributes = kPacWasDeclined;
  if (attributes == kPacWasDeclined && !(is_tgt && ctx.level.ticket_signatures)) return;
  TicketPac pac = fresh_pac(ctx, client, ProvedBy::client, plan.authtime);
  set_client_info(pac, plan.authtime, joined(plan.cname));
  if (is_tgt)
    set_requestor(ctx, pac, attributes, client.sid);
  else
    fit_to_service(ctx, pac, *target.account);
  plan.pac = std::move(pac);
}

void add_reply_padata(const Context& ctx, const KdcReq& request, const AccountEntry& client, const Key& reply_key,
                      Bytes raw, TicketPlan& plan) {
  const EncType reply_type[] = {reply_key.type()};
  if (reply_key.type() != EncType::rc4_hmac) plan.padata.push_back(etype_info2(client, reply_type));
  if (ctx.level.aes && find_padata(request.padata, PaType::req_enc_pa_rep))
    plan.encrypted_padata.push_back(
        {PaType::req_enc_pa_rep, encode(make_checksum(reply_key, KeyUsage::pa_req_enc_pa_rep_checksum, raw))});
  const PaData* options = ctx.level.fast_claims_rbcd ? find_padata(request.padata, PaType::pac_options) : nullptr;
  if (!options) return;
  const Result<std::uint32_t> bits = decode_pa_pac_options(options->value);
  if (bits) add_pac_options(*bits, plan.encrypted_padata);
}

// With the option canonicalize a service is named by its sAMAccountName.
PrincipalName canonical_sname(const Context& ctx, const Target& target, const PrincipalName& asked) {
  if (target.is_krbtgt_name) return krbtgt_name(ctx.realm());
  if (is_changepw(joined(asked))) return asked;
  return {NameType::principal, {target.account->account->name}};
}

}  // namespace

KdcResult<Buffer> handle_as(const Context& ctx, const KdcReq& request, Bytes raw) {
  const KdcReqBody& body = request.body;
  const KdcResult<const AccountEntry*> found = check_client(ctx, request);
  if (!found) return found.error();
  const AccountEntry& client = **found;
  const KdcResult<Target> target = check_target(ctx, body);
  if (!target) return target.error();
  const KdcResult<Preauthentication> proof = authenticate(ctx, request, client);
  if (!proof) return proof.error();
  KeyRequest keys;
  const Key* long_term_key = keys.get(client.keys, proof->type);
  if (!keys.complete()) return keys.stop();
  const KdcResult<Key> reply_key = strengthen(ctx, *long_term_key);
  if (!reply_key) return reply_key.error();

  const bool canonicalize = (body.options & kdc_option::canonicalize) != 0;
  const bool own_name = canonicalize || joined(*body.cname).empty();
  TicketPlan plan;
  plan.reply = MessageType::as_rep;
  plan.cname = own_name ? PrincipalName{NameType::principal, {client.account->name}} : *body.cname;
  plan.crealm = ctx.realm();
  plan.sname = canonicalize ? canonical_sname(ctx, *target, *body.sname) : *body.sname;
  plan.recipient.account = target->account;
  plan.addresses = body.addresses;
  plan.flags = ticket_flags(ctx, body, client, *proof, *target);
  if (const KdcResult<void> ok = set_lifetime(ctx, body, client, plan); !ok) return ok.error();
  add_pac(ctx, request, client, *target, plan);
  add_reply_padata(ctx, request, client, *reply_key, raw, plan);
  if (proof->proof == KeyProof::challenge) {
    KdcResult<PaData> challenge = make_challenge(ctx, *long_term_key);
    if (!challenge) return challenge.error();
    plan.padata.push_back(std::move(*challenge));
  }
  return issue(ctx, body, std::move(plan),
               {.key = *reply_key, .usage = KeyUsage::as_rep_encrypted_part, .kvno = client.keys->kvno()});
}

}  // namespace stead::kdc
