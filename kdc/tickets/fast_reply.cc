#include "kdc/tickets/fast_reply.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "kdc/tickets/fast_armor.h"

namespace stead::kdc {
namespace {

PaData armored(const Context& ctx, const FastResponse& response) {
  return {PaType::fx_fast,
          encode_pa_fx_fast_reply(encrypt_data(ctx.fast->key, KeyUsage::fast_reply, encode(response)))};
}

}  // namespace

PaData fast_cookie() {
  return {PaType::fx_cookie, to_buffer(as_bytes("Microsoft"))};
}

PrincipalName anonymous_name() {
  return {NameType::wellknown, {"WELLKNOWN", "ANONYMOUS"}};
}

KdcResult<Key> strengthen(const Context& ctx, const Key& reply_key) {
  if (!ctx.fast) return reply_key;
  ctx.fast->strengthen_key = Key::random(reply_key.type());
  Result<Key> key = fx_cf2(*ctx.fast->strengthen_key, reply_key, "strengthenkey", "replykey");
  if (!key) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "the reply key cannot be strengthened");
  return std::move(*key);
}

void armor_reply(const Context& ctx, KdcRep& reply) {
  const FastArmor& fast = *ctx.fast;
  FastResponse response;
  response.padata = std::move(reply.padata);
  if (fast.strengthen_key) response.strengthen_key = fast.strengthen_key->to_encryption_key();
  response.finished = {.timestamp = ctx.seconds(),
                       .usec = std::int32_t((ctx.now - ctx.seconds()).count()),
                       .crealm = reply.crealm,
                       .cname = reply.cname,
                       .ticket_checksum = make_checksum(fast.key, KeyUsage::fast_finished, encode(reply.ticket))};
  response.nonce = fast.request.body.nonce;
  reply.padata = {armored(ctx, response)};
  if (fast.hides_client()) reply.cname = anonymous_name();
}

void armor_error(const Context& ctx, KrbError& error, PaDataList padata) {
  const FastArmor& fast = *ctx.fast;
  FastResponse response;
  response.padata = {{PaType::fx_error, encode(error)}, fast_cookie()};
  response.padata.insert(response.padata.end(), padata.begin(), padata.end());
  response.nonce = fast.request.body.nonce;
  error.e_data = encode(PaDataList{armored(ctx, response)});
  if (fast.hides_client()) error.cname = anonymous_name();
}

}  // namespace stead::kdc
