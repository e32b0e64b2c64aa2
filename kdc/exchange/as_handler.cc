#include "kdc/exchange/as_handler.h"

#include <algorithm>

#include "kdc/lookup/certificate_lookup.h"
#include "kdc/lookup/client_lookup.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/target_lookup.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/key_request.h"
#include "kdc/tickets/pac_issuer.h"
#include "kdc/tickets/ticket_issuer.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::kdc {
namespace {

constexpr std::chrono::hours kProtectedUserLifetime{4};

PaData etype_info2(const AccountEntry& client, std::span<const EncType> types) {
  std::vector<EtypeInfo2Entry> entries;
  for (const EncType type : types) {
    EtypeInfo2Entry entry{.etype = type, .salt = {}, .s2kparams = {}};
    if (type != EncType::rc4_hmac) entry.salt = client.keys->salt();
    entries.push_back(std::move(entry));
  }
  return {PaType::etype_info2, encode(entries)};
}

// The client's own order, of the types the account has keys of.
std::vector<EncType> common_etypes(const Context& ctx, const AccountEntry& client, const KdcReqBody& body) {
  std::vector<EncType> out;
  for (const EncType type : body.etypes)
    if (client_may_use(ctx, client, type) && std::ranges::find(out, type) == out.end()) out.push_back(type);
  return out;
}

Stop wrong_realm(const std::string& right_one, const char* why) {
  return {Rejection{.code = KrbErrc::KDC_ERR_WRONG_REALM, .status = {}, .why = why, .e_data = {}, .crealm = right_one}};
}

KdcResult<const AccountEntry*> client_by_certificate(const Context& ctx, Bytes certificate) {
  const CertificateLookup found = find_client_by_certificate(ctx, certificate);
  switch (found.outcome) {
    case CertificateLookup::Outcome::found:
      return found.account;
    case CertificateLookup::Outcome::several_accounts:
      return refuse(KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE, "a certificate of several accounts");
    case CertificateLookup::Outcome::sid_mismatch:
      return refuse(kCertificateMismatch, "a certificate with the SID of another account");
    case CertificateLookup::Outcome::other_realm:
      return wrong_realm(found.other_realm, "the client is of another realm");
    case CertificateLookup::Outcome::unknown:
      break;
  }
  return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "no such client");
}

KdcResult<const AccountEntry*> look_up_client(const Context& ctx, const KdcReq& request) {
  const PrincipalName& cname = *request.body.cname;
  const PaData* certificate = find_padata(request.padata, PaType::s4u_x509_user);
  const bool by_certificate = certificate && cname.type == NameType::x500 && joined(cname).empty();
  if (by_certificate) return client_by_certificate(ctx, certificate->value);
  const ClientLookup found = find_client(ctx, cname);
  if (found.account) return found.account;
  const bool may_refer = cname.type == NameType::enterprise || (request.body.options & kdc_option::canonicalize);
  if (found.other_realm.empty() || !may_refer) return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "no such client");
  return wrong_realm(found.other_realm, "the client is of another realm");
}

struct Preauthenticated {
  EncType type = EncType::null;  // of the reply key
  bool by_timestamp = false;
};

KdcResult<Preauthenticated> check_preauthentication(const Context& ctx, const KdcReq& request,
                                                    const AccountEntry& client, const std::vector<EncType>& etypes) {
  const auto with_methods = [&](KrbErrc code, const char* why) {
    Stop stop = refuse(code, why);
    PaDataList methods{etype_info2(client, etypes)};
    methods.push_back({PaType::enc_timestamp, {}});
    std::get<Rejection>(stop.reason).e_data = encode(methods);
    return stop;
  };
  const PaData* timestamp = find_padata(request.padata, PaType::enc_timestamp);
  if (!timestamp) {
    if (client.account->has(account_flag::no_preauth)) return Preauthenticated{.type = etypes.front()};
    return with_methods(KrbErrc::KDC_ERR_PREAUTH_REQUIRED, "preauthentication wanted");
  }
  const Result<EncryptedData> data = decode_encrypted_data(timestamp->value);
  if (!data) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-ENC-TIMESTAMP cannot be read");
  if (!client_may_use(ctx, client, data->etype))
    return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "PA-ENC-TIMESTAMP of a type that is off");
  KeyRequest keys;
  const Key* key = keys.get(client.keys, data->etype);
  if (!keys.complete()) return keys.stop();
  const Result<SecretBuffer> plain = decrypt_data(*key, KeyUsage::as_req_timestamp, *data);
  if (!plain) return with_methods(KrbErrc::KDC_ERR_PREAUTH_FAILED, "wrong password or key");
  const Result<PaEncTsEnc> sent = decode_pa_enc_ts_enc(*plain);
  if (!sent) return with_methods(KrbErrc::KDC_ERR_PREAUTH_FAILED, "PA-ENC-TS-ENC cannot be read");
  if (std::chrono::abs(sent->patimestamp - ctx.seconds()) > kClockSkew)
    return refuse(KrbErrc::KRB_AP_ERR_SKEW, "the client's clock is off");
  const bool offered = std::ranges::find(etypes, data->etype) != etypes.end();
  return Preauthenticated{.type = offered ? data->etype : etypes.front(), .by_timestamp = true};
}

KdcResult<Target> look_up_target(const Context& ctx, const KdcReqBody& body) {
  const Target target = find_target(ctx, *body.sname);
  if (target.place != Target::Place::own_krbtgt && target.place != Target::Place::here)
    return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no such service here");
  if (!has_spn(*target.account)) return refuse(KrbErrc::KDC_ERR_MUST_USE_USER2USER, "the target account has no SPN");
  return target;
}

std::uint32_t ticket_flags(const Context& ctx, const KdcReqBody& body, const AccountEntry& client,
                           bool preauthenticated) {
  std::uint32_t flags = ticket_flag::initial;
  if (preauthenticated) flags |= ticket_flag::pre_authent;
  if (!may_not_be_delegated(ctx, client)) flags |= body.options & (kdc_option::forwardable | kdc_option::proxiable);
  return flags;
}

void set_lifetime(const Context& ctx, const KdcReqBody& body, bool protected_user, TicketPlan& plan,
                  std::optional<Time> end) {
  plan.authtime = plan.starttime = ctx.seconds();
  plan.endtime = *end;
  if (protected_user) return;
  const Time latest = plan.starttime + kRenewableLifetime;
  if (body.options & kdc_option::renewable)
    plan.renew_till = body.rtime && *body.rtime != Time{} ? std::min(*body.rtime, latest) : latest;
  else if ((body.options & kdc_option::renewable_ok) && body.till > plan.endtime)
    plan.renew_till = std::min(body.till, latest);
  if (plan.renew_till && *plan.renew_till <= plan.starttime) plan.renew_till.reset();
  if (plan.renew_till) plan.flags |= ticket_flag::renewable;
}

}  // namespace

KdcResult<Buffer> handle_as(const Context& ctx, const KdcReq& request, Bytes raw) {
  const KdcReqBody& body = request.body;
  if (!body.cname) return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "no client named");
  if (!body.sname) return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no service named");
  if (ctx.snapshot.domain(body.realm) != &ctx.domain) {
    Stop stop = refuse(KrbErrc::KDC_ERR_WRONG_REALM, "the request is for another realm");
    if (const DomainEntry* other = ctx.snapshot.domain(body.realm))
      std::get<Rejection>(stop.reason).crealm = other->domain->realm;
    return stop;
  }
  const KdcResult<const AccountEntry*> found = look_up_client(ctx, request);
  if (!found) return found.error();
  const AccountEntry& client = **found;
  if (ctx.domain.krbtgt == &client)
    return refuse(KrbErrc::KDC_ERR_CLIENT_REVOKED, NtStatus::STATUS_ACCOUNT_DISABLED, "krbtgt does not sign in");
  if (std::optional<Rejection> no = revoked(client)) return Stop{std::move(*no)};
  if (body.options & (kdc_option::postdated | kdc_option::allow_postdate) && body.from &&
      *body.from > ctx.seconds() + kClockSkew)
    return refuse(KrbErrc::KDC_ERR_CANNOT_POSTDATE, "no postdated tickets");

  const KdcResult<Target> target = look_up_target(ctx, body);
  if (!target) return target.error();
  const std::vector<EncType> etypes = common_etypes(ctx, client, body);
  if (etypes.empty())
    return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, NtStatus::STATUS_KDC_UNKNOWN_ETYPE,
                  "no encryption type in common with the client");
  const KdcResult<Preauthenticated> proof = check_preauthentication(ctx, request, client, etypes);
  if (!proof) return proof.error();
  const bool changes_password = equal_ignoring_case(joined(*body.sname), "kadmin/changepw");
  if (!changes_password)
    if (std::optional<Rejection> no = key_expired(client)) return Stop{std::move(*no)};

  KeyRequest keys;
  const Key* reply_key = keys.get(client.keys, proof->type);
  if (!keys.complete()) return keys.stop();

  const bool canonicalize = (body.options & kdc_option::canonicalize) != 0;
  const bool by_certificate = joined(*body.cname).empty();
  const bool restricted = ctx.level.protected_users && is_protected_user(client);
  TicketPlan plan;
  plan.reply = MessageType::as_rep;
  plan.cname =
      canonicalize || by_certificate ? PrincipalName{NameType::principal, {client.account->name}} : *body.cname;
  plan.crealm = ctx.realm();
  plan.sname = canonicalize && target->is_krbtgt_name ? krbtgt_name(ctx.realm()) : *body.sname;
  plan.recipient.account = target->account;
  plan.flags = ticket_flags(ctx, body, client, proof->by_timestamp);
  const std::optional<Time> end =
      end_of(ctx.seconds(), body.till, ctx.seconds() + (restricted ? kProtectedUserLifetime : kTicketLifetime));
  if (!end) return refuse(KrbErrc::KDC_ERR_NEVER_VALID, "the ticket would have ended already");
  set_lifetime(ctx, body, restricted, plan, end);
  plan.addresses = body.addresses;
  if (target->account->account->has(account_flag::trusted_for_delegation)) plan.flags |= ticket_flag::ok_as_delegate;

  const PaData* pac_request = find_padata(request.padata, PaType::pac_request);
  bool include_pac = true;
  if (pac_request)
    if (const Result<bool> asked = decode_pa_pac_request(pac_request->value)) include_pac = *asked;
  if (include_pac) {
    TicketPac pac = fresh_pac(ctx, client, ProvedBy::himself, plan.authtime);
    set_client_info(pac, plan.authtime, joined(plan.cname));
    if (plan.recipient.is_krbtgt())
      set_requestor(ctx, pac, pac_request ? kPacWasRequested : kPacWasGivenImplicitly, client.sid);
    else
      fit_to_service(ctx, pac, *target->account);
    plan.pac = std::move(pac);
  }

  const EncType reply_type[] = {proof->type};
  if (proof->type != EncType::rc4_hmac) plan.padata.push_back(etype_info2(client, reply_type));
  if (ctx.level.aes && find_padata(request.padata, PaType::req_enc_pa_rep)) {
    plan.flags |= ticket_flag::enc_pa_rep;
    plan.encrypted_padata.push_back(
        {PaType::req_enc_pa_rep, encode(make_checksum(*reply_key, KeyUsage::pa_req_enc_pa_rep_checksum, raw))});
  }
  if (const PaData* options = find_padata(request.padata, PaType::pac_options); options && ctx.level.fast_claims_rbcd) {
    const Result<std::uint32_t> bits = decode_pa_pac_options(options->value);
    if (bits && (*bits & pac_option::resource_based_constrained_delegation))
      plan.encrypted_padata.push_back(
          {PaType::pac_options, encode_pa_pac_options(pac_option::resource_based_constrained_delegation)});
  }
  return issue(ctx, body, std::move(plan),
               {.key = *reply_key, .usage = KeyUsage::as_rep_encrypted_part, .kvno = client.keys->kvno()});
}

}  // namespace stead::kdc
