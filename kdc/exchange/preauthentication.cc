#include "kdc/exchange/preauthentication.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "kdc/exchange/fast/encrypted_challenge.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/key_request.h"
#include "sspi_shim/protocol/messages/preauth.h"

namespace stead::kdc {

std::vector<EncType> common_enctypes(const Context& ctx, const AccountEntry& client, const KdcReqBody& body) {
  std::vector<EncType> out;
  for (const EncType type : body.etypes)
    if (client_may_use(ctx, client, type) && std::ranges::find(out, type) == out.end()) out.push_back(type);
  return out;
}

namespace {

// METHOD-DATA: what a client needs to prove its key, in the order of a DC. PREAUTH_REQUIRED names the method too.
PaDataList methods(const Context& ctx, const AccountEntry& client, const std::vector<EncType>& enctypes, KrbErrc code) {
  PaDataList out;
  if (enctypes.empty()) return out;
  const bool rc4_alone = std::ranges::all_of(enctypes, [](EncType type) { return type == EncType::rc4_hmac; });
  // Clients that know RC4 alone may be from before RFC 4120, which has ETYPE-INFO2.
  if (rc4_alone) out.push_back({PaType::etype_info, encode_etype_info_without_salt(EncType::rc4_hmac)});
  out.push_back(etype_info2(client, enctypes));
  if (code == KrbErrc::KDC_ERR_PREAUTH_REQUIRED)
    out.push_back({ctx.fast ? PaType::encrypted_challenge : PaType::enc_timestamp, {}});
  if (ctx.level.fast_claims_rbcd && !ctx.fast) {
    out.push_back({PaType::fx_fast, {}});
    out.push_back(fast_cookie());
  }
  return out;
}

KdcResult<void> check_stamp(const Context& ctx, const PaEncTsEnc& stamp) {
  if (std::chrono::abs(stamp.patimestamp - ctx.seconds()) > kClockSkew)
    return refuse(KrbErrc::KRB_AP_ERR_SKEW, "the client's clock differs by more than five minutes");
  return {};
}

KdcResult<Preauthentication> check_timestamp(const Context& ctx, const AccountEntry& client, const PaData& timestamp) {
  const Result<EncryptedData> data = decode_encrypted_data(timestamp.value);
  if (!data) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-ENC-TIMESTAMP cannot be decoded");
  if (!client_may_use(ctx, client, data->etype))
    return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "PA-ENC-TIMESTAMP with an encryption type that is not allowed");
  KeyRequest keys;
  const Key* key = keys.get(client.keys, data->etype);
  if (!keys.complete()) return keys.stop();
  const Result<SecretBuffer> plain = decrypt_data(*key, KeyUsage::as_req_timestamp, *data);
  if (!plain) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "wrong password or key");
  const Result<PaEncTsEnc> sent = decode_pa_enc_ts_enc(*plain);
  if (!sent) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "PA-ENC-TS-ENC cannot be decoded");
  if (const KdcResult<void> ok = check_stamp(ctx, *sent); !ok) return ok.error();
  return Preauthentication{.type = data->etype, .proof = KeyProof::timestamp};
}

KdcResult<Preauthentication> check_challenge(const Context& ctx, const AccountEntry& client,
                                             const std::vector<EncType>& enctypes, const PaData& challenge) {
  const KdcResult<OpenChallenge> opened = open_challenge(ctx, client, enctypes, challenge);
  if (!opened) return opened.error();
  if (const KdcResult<void> ok = check_stamp(ctx, opened->stamp); !ok) return ok.error();
  return Preauthentication{.type = opened->type, .proof = KeyProof::challenge};
}

}  // namespace

KdcResult<Preauthentication> check_preauthentication(const Context& ctx, const KdcReq& request,
                                                     const AccountEntry& client, const std::vector<EncType>& enctypes) {
  // Under FAST a timestamp without the armor's protection proves nothing, and a challenge without FAST has no key.
  const PaData* sent = find_padata(request.padata, ctx.fast ? PaType::encrypted_challenge : PaType::enc_timestamp);
  // A timestamp says by itself with which key the client goes on, whatever it offers for the session key.
  if (enctypes.empty() && (!sent || ctx.fast))
    return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no encryption type in common with the client");
  KdcResult<Preauthentication> proof = refuse(KrbErrc::KDC_ERR_PREAUTH_REQUIRED, "preauthentication required");
  if (sent)
    proof = ctx.fast ? check_challenge(ctx, client, enctypes, *sent) : check_timestamp(ctx, client, *sent);
  else if (client.account->has(account_flag::no_preauth))
    proof = Preauthentication{.type = enctypes.front()};
  if (proof) return proof;
  Stop stop = proof.error();
  if (auto* rejection = std::get_if<Rejection>(&stop.reason))
    if (rejection->code == KrbErrc::KDC_ERR_PREAUTH_REQUIRED || rejection->code == KrbErrc::KDC_ERR_PREAUTH_FAILED ||
        rejection->code == KrbErrc::KRB_AP_ERR_SKEW)
      rejection->methods = methods(ctx, client, enctypes, rejection->code);
  return stop;
}

PaData etype_info2(const AccountEntry& client, std::span<const EncType> types) {
  std::vector<EtypeInfo2Entry> entries;
  for (const EncType type : types) {
    EtypeInfo2Entry entry{.etype = type, .salt = {}, .s2kparams = {}};
    if (type != EncType::rc4_hmac) entry.salt = client.keys->salt();
    entries.push_back(std::move(entry));
  }
  return {PaType::etype_info2, encode(entries)};
}

}  // namespace stead::kdc
