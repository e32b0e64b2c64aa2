#include "kdc/exchange/preauthentication.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "kdc/exchange/fast/encrypted_challenge.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/event_ids.h"
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

// Opens PA-ENC-TIMESTAMP with `keys`: the client's, or those of an earlier password.
KdcResult<SecretBuffer> open_timestamp(const std::shared_ptr<const Keys>& keys, const EncryptedData& data) {
  KeyRequest wanted;
  const Key* key = wanted.get(keys, data.etype);
  if (!wanted.complete()) return wanted.stop();
  Result<SecretBuffer> plain = decrypt_data(*key, KeyUsage::as_req_timestamp, data);
  if (!plain) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "wrong password or key");
  return std::move(*plain);
}

KdcResult<Preauthentication> check_timestamp(const Context& ctx, const AccountEntry& client, const PaData& timestamp) {
  const Result<EncryptedData> data = decode_encrypted_data(timestamp.value);
  if (!data) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-ENC-TIMESTAMP cannot be decoded");
  if (!client_may_use(ctx, client, data->etype))
    return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "PA-ENC-TIMESTAMP with an encryption type that is not allowed");
  const KdcResult<SecretBuffer> plain = open_timestamp(client.keys, *data);
  if (!plain) return plain.error();
  const Result<PaEncTsEnc> sent = decode_pa_enc_ts_enc(*plain);
  if (!sent) return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, "PA-ENC-TS-ENC cannot be decoded");
  if (const KdcResult<void> ok = check_stamp(ctx, *sent); !ok) return ok.error();
  return Preauthentication{.type = data->etype, .proof = KeyProof::timestamp};
}

KdcResult<Preauthentication> check_challenge(const Context& ctx, const AccountEntry& client,
                                             const std::vector<EncType>& enctypes, const PaData& challenge) {
  const KdcResult<OpenChallenge> opened = open_challenge(ctx, client.keys, enctypes, challenge);
  if (!opened) return opened.error();
  if (const KdcResult<void> ok = check_stamp(ctx, opened->stamp); !ok) return ok.error();
  return Preauthentication{.type = opened->type, .proof = KeyProof::challenge};
}

bool is_refusal(const Stop& stop) {
  return std::holds_alternative<Rejection>(stop.reason);
}

// True if the proof was made with this earlier password. Stops if its keys have to be derived first.
KdcResult<bool> is_made_with(const Context& ctx, const std::shared_ptr<const Keys>& keys,
                             const std::vector<EncType>& enctypes, const PaData& sent) {
  if (!keys) return false;
  std::vector<EncType> types;
  std::ranges::copy_if(enctypes, std::back_inserter(types), [&](EncType type) { return keys->can_have(type); });
  if (ctx.fast) {
    const KdcResult<OpenChallenge> opened = open_challenge(ctx, keys, types, sent);
    if (!opened && !is_refusal(opened.error())) return opened.error();
    return opened.has_value();
  }
  const Result<EncryptedData> data = decode_encrypted_data(sent.value);
  if (!data) return false;
  const KdcResult<SecretBuffer> opened = open_timestamp(keys, *data);
  if (!opened && !is_refusal(opened.error())) return opened.error();
  return opened.has_value();
}

// Counts a wrong password for the lock-out. One of the last two passwords is not counted: the user's other devices go
// on with it after a change.
KdcResult<void> count_failure(const Context& ctx, const AccountEntry& client, const std::vector<EncType>& enctypes,
                              const PaData& sent) {
  if (!client.failures) return {};
  for (const auto* keys : {&client.previous_keys, &client.older_keys}) {
    const KdcResult<bool> earlier = is_made_with(ctx, *keys, enctypes, sent);
    if (!earlier) return earlier.error();
    if (*earlier) return {};
  }
  if (client.failures->add(ctx.domain.domain->policy, ctx.seconds())) ctx.log.locked_out = &client;
  return {};
}

// The password is right: forgets the wrong ones, unless another request has locked the account just now.
KdcResult<void> forgive_failures(const Context& ctx, const AccountEntry& client, const Preauthentication& proof) {
  if (!client.failures || proof.proof == KeyProof::none) return {};
  if (client.failures->forgive(ctx.domain.domain->policy, ctx.seconds())) return {};
  return refuse(KrbErrc::KDC_ERR_CLIENT_REVOKED, NtStatus::STATUS_ACCOUNT_LOCKED_OUT, "the account is locked out");
}

}  // namespace

KdcResult<Preauthentication> check_preauthentication(const Context& ctx, const KdcReq& request,
                                                     const AccountEntry& client, const std::vector<EncType>& enctypes) {
  // Under FAST a timestamp without the armor's protection proves nothing, and a challenge without FAST has no key.
  const PaData* sent = find_padata(request.padata, ctx.fast ? PaType::encrypted_challenge : PaType::enc_timestamp);
  ctx.log.proved = sent != nullptr;
  // A timestamp says by itself with which key the client goes on, whatever it offers for the session key.
  if (enctypes.empty() && (!sent || ctx.fast))
    return with_event(refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no encryption type in common with the client"),
                      kdc_event::no_common_enctype_as);
  KdcResult<Preauthentication> proof = refuse(KrbErrc::KDC_ERR_PREAUTH_REQUIRED, "preauthentication required");
  if (sent)
    proof = ctx.fast ? check_challenge(ctx, client, enctypes, *sent) : check_timestamp(ctx, client, *sent);
  else if (client.account->has(account_flag::no_preauth))
    proof = Preauthentication{.type = enctypes.front()};
  if (proof) {
    if (const KdcResult<void> ok = forgive_failures(ctx, client, *proof); !ok) return ok.error();
    return proof;
  }
  Stop stop = proof.error();
  auto* rejection = std::get_if<Rejection>(&stop.reason);
  if (rejection && rejection->code == KrbErrc::KDC_ERR_PREAUTH_FAILED && sent)
    if (const KdcResult<void> counted = count_failure(ctx, client, enctypes, *sent); !counted) return counted.error();
  if (rejection)
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
