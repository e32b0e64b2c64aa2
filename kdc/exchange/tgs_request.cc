#include "kdc/exchange/tgs_request.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kdc/exchange/fast/fast_request.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/trust_path.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/fast_reply.h"
#include "kdc/tickets/selective_authentication.h"
#include "kdc/tickets/tgt_client.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/preauth.h"

namespace stead::kdc {
namespace {

KdcResult<void> check_authenticator(const Context& ctx, const KdcReq& request, const OpenTicket& header,
                                    const Key& session, Authenticator& sent) {
  if (sent.crealm != header.part.crealm || !(sent.cname == header.part.cname))
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "ticket and authenticator name different clients");
  if (std::chrono::abs(sent.ctime - ctx.seconds()) > kClockSkew)
    return refuse(KrbErrc::KRB_AP_ERR_SKEW, "the client's clock differs by more than five minutes");
  if (!sent.checksum) return {};  // Windows accepts requests without one
  if (!is_keyed(sent.checksum->type))
    return refuse(KrbErrc::KRB_AP_ERR_INAPP_CKSUM, "the authenticator's checksum is not keyed");
  if (!verify_checksum(*sent.checksum, session, KeyUsage::tgs_req_authenticator_checksum, request.body_der))
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "the request's checksum is wrong");
  return {};
}

// The keys that the header ticket and its authenticator give.
struct HeaderKeys {
  Key session;
  std::optional<Key> subkey;
  AuthorizationData authorization_data;  // of the authenticator
};

KdcResult<HeaderKeys> open_authenticator(const Context& ctx, const KdcReq& request, const OpenTicket& header,
                                         const EncryptedData& sent) {
  Result<Key> session = Key::make(header.part.key);
  if (!session) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "a session key of an unknown type");
  const Result<SecretBuffer> plain = decrypt_data(*session, KeyUsage::tgs_req_authenticator, sent);
  if (!plain) return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the authenticator cannot be decrypted");
  Result<Authenticator> authenticator = decode_authenticator(*plain);
  if (!authenticator) return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the authenticator cannot be decoded");
  if (const KdcResult<void> ok = check_authenticator(ctx, request, header, *session, *authenticator); !ok)
    return ok.error();
  HeaderKeys out{
      .session = std::move(*session), .subkey = {}, .authorization_data = std::move(authenticator->authorization_data)};
  if (!authenticator->subkey) return out;
  Result<Key> subkey = Key::make(*authenticator->subkey);
  if (!subkey) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "a subkey of an unknown type");
  out.subkey = std::move(*subkey);
  return out;
}

// In S4U2Proxy a DC says what is wrong with a signature of the TGT.
Stop with_signature_status(const KdcReq& request, Stop stop) {
  const PaData* options = find_padata(request.padata, PaType::pac_options);
  const Result<std::uint32_t> bits = options ? decode_pa_pac_options(options->value) : Result<std::uint32_t>(0U);
  if (bits && (*bits & pac_option::resource_based_constrained_delegation)) return in_rbcd(std::move(stop), {});
  if (auto* rejection = std::get_if<Rejection>(&stop.reason); rejection && rejection->bad_signature)
    rejection->status = *rejection->bad_signature;
  return stop;
}

KdcResult<ReplyKey> make_reply_key(const Context& ctx, const HeaderKeys& keys) {
  KdcResult<Key> key = strengthen(ctx, keys.subkey ? *keys.subkey : keys.session);
  if (!key) return key.error();
  return ReplyKey{
      .key = std::move(*key),
      .usage = keys.subkey ? KeyUsage::tgs_rep_encrypted_part_subkey : KeyUsage::tgs_rep_encrypted_part_session_key,
      .kvno = {}};
}

}  // namespace

KdcResult<TgsRequest> open_tgs_request(const Context& ctx, const KdcReq& outer) {
  const PaData* padata = find_padata(outer.padata, PaType::tgs_req);
  if (!padata) return refuse(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP, "no PA-TGS-REQ");
  const Result<ApReq> ap_req = decode_ap_req(padata->value);
  if (!ap_req) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-TGS-REQ cannot be decoded");
  KdcResult<OpenTicket> header = open_tgt(ctx, ap_req->ticket);
  if (!header && (outer.body.options & kdc_option::cname_in_addl_tkt))
    return with_signature_status(outer, header.error());
  if (!header) return header.error();
  ctx.log.client = to_string(header->part.cname, header->part.crealm);
  KdcResult<HeaderKeys> keys = open_authenticator(ctx, outer, *header, ap_req->authenticator);
  if (!keys) return keys.error();
  const PaData* fx_fast = ctx.level.fast_claims_rbcd ? find_padata(outer.padata, PaType::fx_fast) : nullptr;
  if (const KdcResult<void> ok = check_fast_marks(header->other_data, keys->authorization_data, fx_fast); !ok)
    return ok.error();
  std::optional<OpenTicket> device;
  if (fx_fast) {
    KdcResult<std::optional<OpenTicket>> opened = open_fast_tgs(
        ctx, outer, *fx_fast, {.pa_tgs_req = padata->value, .session_key = keys->session, .subkey = keys->subkey});
    if (!opened) return opened.error();
    device = std::move(*opened);
  }
  const KdcReq& request = fx_fast ? ctx.fast->request : outer;
  const bool validates = (request.body.options & kdc_option::validate) != 0;
  const InvalidTickets invalid = validates ? InvalidTickets::accepted : InvalidTickets::refused;
  if (const KdcResult<void> ok = check_tgt_times(ctx, *header, invalid); !ok) return ok.error();
  const KdcResult<const AccountEntry*> client = check_tgt_client(ctx, *header);
  if (!client) return client.error();
  KdcResult<ReplyKey> reply_key = make_reply_key(ctx, *keys);
  if (!reply_key) return reply_key.error();

  TgsRequest out{.request = request,
                 .header = std::move(*header),
                 .client = *client,
                 .session_key = std::move(keys->session),
                 .subkey = std::move(keys->subkey),
                 .reply_key = std::move(*reply_key),
                 .device = std::move(device),
                 .enc_authorization_data = {}};
  // In S4U2Proxy without a subkey it is the evidence ticket's session key that decrypts it.
  if (out.subkey || !out.wants(kdc_option::cname_in_addl_tkt)) {
    KdcResult<AuthorizationData> data = decrypt_authorization_data(out, out.session_key);
    if (!data) return data.error();
    out.enc_authorization_data = std::move(*data);
  }
  if (const PaData* options = find_padata(request.padata, PaType::pac_options); options && ctx.level.fast_claims_rbcd)
    if (const Result<std::uint32_t> bits = decode_pa_pac_options(options->value)) out.pac_options = *bits;
  return out;
}

KdcResult<TicketPlan> plan_from_header(const Context& ctx, const TgsRequest& tgs) {
  const EncTicketPart& header = tgs.header.part;
  const KdcReqBody& body = tgs.body();
  TicketPlan plan;
  plan.cname = header.cname;
  plan.crealm = header.crealm;
  plan.flags = header.flags & (ticket_flag::pre_authent | ticket_flag::hw_authent | ticket_flag::forwarded);
  plan.flags |=
      header.flags & body.options & (ticket_flag::forwardable | ticket_flag::proxiable | ticket_flag::renewable);
  plan.authtime = header.authtime;
  plan.starttime = ctx.seconds();
  const std::optional<Time> end =
      end_of(plan.starttime, body.till, std::min(header.endtime, plan.starttime + kTicketLifetime));
  if (!end) return refuse(KrbErrc::KDC_ERR_NEVER_VALID, "the ticket would have expired already");
  plan.endtime = *end;
  if (plan.flags & ticket_flag::renewable) {
    plan.renew_till = header.renew_till;
    if (body.rtime && *body.rtime != Time{} && plan.renew_till)
      plan.renew_till = std::min(*body.rtime, *plan.renew_till);
  }
  plan.addresses = header.caddr;
  plan.other_data = tgs.header.other_data;
  plan.other_data.insert(plan.other_data.end(), tgs.enc_authorization_data.begin(), tgs.enc_authorization_data.end());
  add_pac_options(tgs.pac_options, plan.encrypted_padata);
  if (ctx.level.aes && find_padata(tgs.request.padata, PaType::req_enc_pa_rep)) plan.flags |= ticket_flag::enc_pa_rep;
  return plan;
}

KdcResult<AuthorizationData> decrypt_authorization_data(const TgsRequest& tgs, const Key& session_key) {
  if (!tgs.body().enc_authorization_data) return AuthorizationData{};
  const Key& key = tgs.subkey ? *tgs.subkey : session_key;
  const KeyUsage usage =
      tgs.subkey ? KeyUsage::tgs_req_authorization_data_subkey : KeyUsage::tgs_req_authorization_data_session_key;
  const Result<SecretBuffer> data = decrypt_data(key, usage, *tgs.body().enc_authorization_data);
  if (!data) return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "enc-authorization-data cannot be decrypted");
  const Result<AuthorizationData> elements = decode_authorization_data(*data);
  if (!elements) return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "enc-authorization-data cannot be decoded");
  return without_pac(*elements);
}

void make_referral(const Context& ctx, const TgsRequest& tgs, const TrustEntry& trust, TicketPlan& plan) {
  const std::string& next = trust.partner->domain->realm;
  plan.sname = krbtgt_name(next);
  plan.recipient = {.account = nullptr, .trust = &trust, .session_key = {}};
  const bool within_forest = trust.self->domain->forest == trust.partner->domain->forest;
  const bool header_vouches = !tgs.header.trust || (tgs.header.part.flags & ticket_flag::ok_as_delegate);
  if ((within_forest || trust.trust->tgt_delegation) && header_vouches) plan.flags |= ticket_flag::ok_as_delegate;
  ctx.log.answer = "referral to " + next;
}

KdcResult<void> make_service_ticket(const Context& ctx, const TgsRequest& tgs, const AccountEntry& target,
                                    const std::vector<std::string>& transited, TicketPlan& plan) {
  if (target.account->has(account_flag::disabled))
    return refuse(KrbErrc::KDC_ERR_SERVICE_REVOKED, "the service's account is disabled");
  if (!may_authenticate(ctx, plan, target))
    return refuse(KrbErrc::KDC_ERR_POLICY, NtStatus::STATUS_AUTHENTICATION_FIREWALL_FAILED,
                  "the trust has selective authentication, and the service's account does not list the user");
  if (!is_trust_path(ctx.snapshot, plan.crealm, transited, ctx.realm()))
    return refuse(KrbErrc::KDC_ERR_POLICY, "the transited realms are not a path of trusts");
  plan.transited = make_transited(transited);
  plan.flags |= ticket_flag::transited_policy_checked;
  if (target.account->has(account_flag::trusted_for_delegation)) plan.flags |= ticket_flag::ok_as_delegate;
  plan.recipient.account = &target;
  if (tgs.wants(kdc_option::enc_tkt_in_skey)) {
    KdcResult<Key> key = user_to_user_key(ctx, tgs, target);
    if (!key) return key.error();
    plan.recipient.session_key = std::move(*key);
  } else if (!has_spn(target)) {
    return refuse(KrbErrc::KDC_ERR_MUST_USE_USER2USER, "the target account has no SPN");
  }
  if (ctx.domain.krbtgt == &target) plan.endtime = std::min(plan.endtime, plan.starttime + kChangepwLifetime);
  if (plan.pac) fit_to_service(ctx, *plan.pac, target);
  return {};
}

KdcResult<std::vector<std::string>> transited_realms(const Context& ctx, const OpenTicket& header) {
  Result<std::vector<std::string>> realms = expand_transited(header.part.transited, header.part.crealm, ctx.realm());
  if (!realms) return refuse(KrbErrc::KDC_ERR_TRTYPE_NOSUPP, "the transited field cannot be decoded");
  const std::string& issuer = header.realm;
  if (header.trust && issuer != header.part.crealm && std::ranges::find(*realms, issuer) == realms->end())
    realms->push_back(issuer);
  return std::move(*realms);
}

bool may_refer(const TgsRequest& tgs, const Target& target) {
  return target.is_krbtgt_name || tgs.wants(kdc_option::canonicalize) || tgs.body().sname->type == NameType::srv_inst;
}

KdcResult<Key> user_to_user_key(const Context& ctx, const TgsRequest& tgs, const AccountEntry& account) {
  if (tgs.body().additional_tickets.empty()) return refuse(KrbErrc::KDC_ERR_BADOPTION, "user-to-user without a TGT");
  const KdcResult<OpenTicket> tgt = open_tgt(ctx, tgs.body().additional_tickets.front());
  if (!tgt) return tgt.error();
  if (const KdcResult<void> ok = check_tgt_times(ctx, *tgt); !ok) return ok.error();
  if (tgt->trust || tgt->part.crealm != ctx.realm())
    return refuse(KrbErrc::KDC_ERR_POLICY, NtStatus::STATUS_NO_MATCH, "the user-to-user TGT is of another realm");
  const KdcResult<const AccountEntry*> owner = check_tgt_client(ctx, *tgt);
  if (!owner) return owner.error();
  if (*owner != &account) return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "the user-to-user TGT is not the target's");
  Result<Key> key = Key::make(tgt->part.key);
  if (!key) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "a session key of an unknown type");
  return std::move(*key);
}

}  // namespace stead::kdc
