#include "kdc/exchange/fast/fast_request.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kdc/tickets/tgt_client.h"

namespace stead::kdc {
namespace {

constexpr std::uint32_t kKnownOptions = fast_option::hide_client_names;

struct ArmorTicket {
  OpenTicket tgt;
  Key key;
};

// The armor's AP-REQ. Its ticket's times and client are checked by judge(), once errors can be armored.
KdcResult<ArmorTicket> open_armor(const Context& ctx, const FastArmorData& armor) {
  if (armor.type != kFastArmorApRequest) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "FAST armor of unknown type");
  const Result<ApReq> ap_req = decode_ap_req(armor.value);
  if (!ap_req) return refuse(KrbErrc::KRB_ERR_GENERIC, "the armor's AP-REQ cannot be decoded");
  KdcResult<OpenTicket> tgt = open_tgt(ctx, ap_req->ticket);
  if (!tgt) return tgt.error();
  const Result<Key> session = Key::make(tgt->part.key);
  if (!session) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "the armor TGT has a session key of an unknown type");
  const Result<SecretBuffer> plain = decrypt_data(*session, KeyUsage::ap_req_authenticator, ap_req->authenticator);
  if (!plain) return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the armor's authenticator cannot be decrypted");
  const Result<Authenticator> sent = decode_authenticator(*plain);
  if (!sent) return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the armor's authenticator cannot be decoded");
  if (sent->crealm != tgt->part.crealm || !(sent->cname == tgt->part.cname))
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "the armor's ticket and authenticator name different clients");
  if (std::chrono::abs(sent->ctime - ctx.seconds()) > kClockSkew)
    return refuse(KrbErrc::KRB_AP_ERR_SKEW, "the clock of the armor's authenticator differs by more than five minutes");
  if (!sent->subkey) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "the armor's authenticator has no subkey");
  const Result<Key> subkey = Key::make(*sent->subkey);
  if (!subkey) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "the armor's subkey is of an unknown type");
  Result<Key> key = fx_cf2(*subkey, *session, "subkeyarmor", "ticketarmor");
  if (!key) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no armor key can be made");
  return ArmorTicket{.tgt = std::move(*tgt), .key = std::move(*key)};
}

// As a header TGT is judged.
KdcResult<void> judge(const Context& ctx, const OpenTicket& tgt) {
  if (const KdcResult<void> ok = check_tgt_times(ctx, tgt); !ok) return ok.error();
  if (tgt.is_s4u_referral()) return refuse(KrbErrc::KDC_ERR_POLICY, "an S4U referral TGT is no armor");
  const KdcResult<const AccountEntry*> client = check_tgt_client(ctx, tgt);
  if (!client) return client.error();
  return {};
}

// Decrypts the inner request, and from then on errors are armored.
KdcResult<void> open_inner(const Context& ctx, const FastArmoredReq& armored, Key key, MessageType type,
                           Bytes checksummed) {
  const Result<SecretBuffer> plain = decrypt_data(key, KeyUsage::fast_encrypted, armored.enc_fast_req);
  if (!plain) return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the request under FAST cannot be decrypted");
  Result<FastReq> inner = decode_fast_req(*plain);
  if (!inner) return refuse(KrbErrc::KRB_ERR_GENERIC, "the request under FAST cannot be decoded");
  FastArmor& fast = ctx.fast.emplace();
  fast.key = std::move(key);
  fast.options = inner->options;
  fast.request.type = type;
  fast.request.padata = std::move(inner->padata);
  fast.request.body = std::move(inner->body);
  fast.request.body_der = std::move(inner->body_der);
  if (!is_keyed(armored.req_checksum.type))
    return refuse(KrbErrc::KRB_AP_ERR_INAPP_CKSUM, "FAST's checksum of the request is not keyed");
  if (!verify_checksum(armored.req_checksum, fast.key, KeyUsage::fast_request_checksum, checksummed))
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "FAST's checksum of the request is wrong");
  if (fast.options & fast_option::critical & ~kKnownOptions)
    return refuse(KrbErrc::KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS, "an unknown critical option of FAST");
  return {};
}

KdcResult<FastArmoredReq> decode(const PaData& fx_fast) {
  Result<FastArmoredReq> armored = decode_pa_fx_fast_request(fx_fast.value);
  if (!armored) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-FX-FAST cannot be decoded");
  return std::move(*armored);
}

bool has_mark(const AuthorizationData& data, AdType mark) {
  return std::ranges::any_of(data, [&](const AuthorizationElement& element) {
    if (element.type == mark) return true;
    if (element.type != AdType::if_relevant) return false;
    const Result<AuthorizationData> inner = decode_authorization_data(element.data);
    return inner && std::ranges::any_of(*inner, [&](const AuthorizationElement& e) { return e.type == mark; });
  });
}

}  // namespace

KdcResult<void> open_fast_as(const Context& ctx, const KdcReq& outer, const PaData& fx_fast) {
  const KdcResult<FastArmoredReq> armored = decode(fx_fast);
  if (!armored) return armored.error();
  if (!armored->armor) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "FAST without armor in an AS-REQ");
  const KdcResult<ArmorTicket> armor = open_armor(ctx, *armored->armor);
  if (!armor) return armor.error();
  if (const KdcResult<void> ok = open_inner(ctx, *armored, armor->key, MessageType::as_req, outer.body_der); !ok)
    return ok.error();
  return judge(ctx, armor->tgt);
}

KdcResult<std::optional<OpenTicket>> open_fast_tgs(const Context& ctx, const KdcReq& outer, const PaData& fx_fast,
                                                   const TgsArmor& header) {
  const KdcResult<FastArmoredReq> armored = decode(fx_fast);
  if (!armored) return armored.error();
  if (!header.subkey) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "FAST in a TGS-REQ without a subkey");
  std::optional<OpenTicket> device;
  Result<Key> key = Key{};
  if (armored->armor) {
    KdcResult<ArmorTicket> armor = open_armor(ctx, *armored->armor);
    if (!armor) return armor.error();
    key = fx_cf2(armor->key, *header.subkey, "explicitarmor", "tgsarmor");
    device = std::move(armor->tgt);
  } else {
    key = fx_cf2(*header.subkey, header.session_key, "subkeyarmor", "ticketarmor");
  }
  if (!key) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no armor key can be made");
  if (const KdcResult<void> ok = open_inner(ctx, *armored, std::move(*key), outer.type, header.pa_tgs_req); !ok)
    return ok.error();
  if (device)
    if (const KdcResult<void> ok = judge(ctx, *device); !ok) return ok.error();
  return device;
}

KdcResult<void> check_fast_marks(const AuthorizationData& of_ticket, const AuthorizationData& of_authenticator,
                                 bool has_fast) {
  if (has_mark(of_ticket, AdType::fx_fast_armor) || has_mark(of_authenticator, AdType::fx_fast_armor))
    return refuse(KrbErrc::KRB_AP_ERR_BAD_INTEGRITY, "the ticket or the authenticator is for FAST armor alone");
  if (!has_fast && has_mark(of_authenticator, AdType::fx_fast_used))
    return refuse(KrbErrc::KRB_AP_ERR_MODIFIED, "the client used FAST, and the request has none");
  return {};
}

}  // namespace stead::kdc
