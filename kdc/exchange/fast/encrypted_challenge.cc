#include "kdc/exchange/fast/encrypted_challenge.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "kdc/tickets/key_request.h"

namespace stead::kdc {
namespace {

Stop bad_challenge(const char* why) {
  return refuse(KrbErrc::KDC_ERR_PREAUTH_FAILED, why);
}

}  // namespace

KdcResult<OpenChallenge> open_challenge(const Context& ctx, const std::shared_ptr<const Keys>& keys,
                                        std::span<const EncType> enctypes, const PaData& challenge) {
  const Result<EncryptedData> data = decode_encrypted_data(challenge.value);
  if (!data) return bad_challenge("the encrypted challenge cannot be decoded");
  for (const EncType type : enctypes) {
    KeyRequest wanted;
    const Key* long_term = wanted.get(keys, type);
    if (!wanted.complete()) return wanted.stop();
    const Result<Key> key = fx_cf2(ctx.fast->key, *long_term, "clientchallengearmor", "challengelongterm");
    if (!key) continue;
    const Result<SecretBuffer> plain = decrypt_data(*key, KeyUsage::encrypted_challenge_client, *data);
    if (!plain) continue;
    const Result<PaEncTsEnc> stamp = decode_pa_enc_ts_enc(*plain);
    if (!stamp) return bad_challenge("the encrypted challenge's content cannot be decoded");
    return OpenChallenge{.type = type, .stamp = *stamp};
  }
  return bad_challenge("wrong password or key");
}

KdcResult<PaData> make_challenge(const Context& ctx, const Key& long_term_key) {
  const Result<Key> key = fx_cf2(ctx.fast->key, long_term_key, "kdcchallengearmor", "challengelongterm");
  if (!key) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no key for the challenge can be made");
  const PaEncTsEnc stamp{.patimestamp = ctx.seconds(), .pausec = std::int32_t((ctx.now - ctx.seconds()).count())};
  return PaData{PaType::encrypted_challenge,
                encode(encrypt_data(*key, KeyUsage::encrypted_challenge_kdc, encode(stamp)))};
}

}  // namespace stead::kdc
