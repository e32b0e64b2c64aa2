#include "kdc/exchange/preauthentication.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

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

KdcResult<Preauthentication> check_preauthentication(const Context& ctx, const KdcReq& request,
                                                     const AccountEntry& client, const std::vector<EncType>& enctypes) {
  const auto with_methods = [&](KrbErrc code, const char* why) {
    Stop stop = refuse(code, why);
    PaDataList methods;
    const bool rc4_alone = std::ranges::all_of(enctypes, [](EncType type) { return type == EncType::rc4_hmac; });
    // Clients that know RC4 alone may be from before RFC 4120, which has ETYPE-INFO2.
    if (rc4_alone) methods.push_back({PaType::etype_info, encode_etype_info_without_salt(EncType::rc4_hmac)});
    methods.push_back(etype_info2(client, enctypes));
    methods.push_back({PaType::enc_timestamp, {}});
    std::get<Rejection>(stop.reason).e_data = encode(methods);
    return stop;
  };
  const PaData* timestamp = find_padata(request.padata, PaType::enc_timestamp);
  if (!timestamp) {
    if (client.account->has(account_flag::no_preauth)) return Preauthentication{.type = enctypes.front()};
    return with_methods(KrbErrc::KDC_ERR_PREAUTH_REQUIRED, "preauthentication required");
  }
  const Result<EncryptedData> data = decode_encrypted_data(timestamp->value);
  if (!data) return refuse(KrbErrc::KRB_ERR_GENERIC, "PA-ENC-TIMESTAMP cannot be decoded");
  if (!client_may_use(ctx, client, data->etype))
    return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "PA-ENC-TIMESTAMP with an encryption type that is not allowed");
  KeyRequest keys;
  const Key* key = keys.get(client.keys, data->etype);
  if (!keys.complete()) return keys.stop();
  const Result<SecretBuffer> plain = decrypt_data(*key, KeyUsage::as_req_timestamp, *data);
  if (!plain) return with_methods(KrbErrc::KDC_ERR_PREAUTH_FAILED, "wrong password or key");
  const Result<PaEncTsEnc> sent = decode_pa_enc_ts_enc(*plain);
  if (!sent) return with_methods(KrbErrc::KDC_ERR_PREAUTH_FAILED, "PA-ENC-TS-ENC cannot be decoded");
  if (std::chrono::abs(sent->patimestamp - ctx.seconds()) > kClockSkew)
    return refuse(KrbErrc::KRB_AP_ERR_SKEW, "the client's clock differs by more than five minutes");
  return Preauthentication{.type = data->etype, .by_timestamp = true};
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
