#include "sspi_shim/s4u/as_exchange.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/protocol/types/name_case.h"
#include "sspi_shim/s4u/password/derivation_queue.h"

namespace stead {
namespace {

constexpr auto kLifetime = std::chrono::hours(24);
constexpr std::uint8_t kKrbErrorTag = 0x7e;

// RFC 4120 §4: realm and components, without separators.
std::string default_salt(const Principal& client, const std::string& realm) {
  std::string out = realm;
  for (const auto& component : client.name.components) out += component;
  return out;
}

// The KDC's hint is not authenticated. Too few iterations let whoever sent it guess the password from our timestamp, too
// many use our processors.
bool is_permitted_cost(const KeyHint& hint) {
  constexpr std::uint32_t kMinIterations = 4096, kMaxIterations = 1'000'000;
  if (hint.params.empty() || hint.type == EncType::rc4_hmac) return true;
  if (hint.params.size() != 4) return false;
  const std::uint32_t iterations = load_be32(hint.params.data());  // 0 stands for 2^32
  return iterations >= kMinIterations && iterations <= kMaxIterations;
}

}  // namespace

std::vector<KeyHint> key_hints(const PaDataList& padata, const std::string& default_salt) {
  std::vector<KeyHint> out;
  const auto* info = find_padata(padata, PaType::etype_info2);
  if (!info) return out;
  const auto entries = decode_etype_info2(info->value);
  if (!entries) return out;
  for (const auto& entry : *entries) out.push_back({entry.etype, entry.salt.value_or(default_salt), entry.s2kparams});
  return out;
}

AsExchange::AsExchange(ExchangeContext& context, Wanted wanted)
    : context_(context), wanted_(std::move(wanted)), path_(wanted_.client.realm) {}

bool AsExchange::usable(EncType type) const {
  const auto& ours = context_.etypes;
  if (std::find(ours.begin(), ours.end(), type) == ours.end()) return false;
  return wanted_.keys.empty() ||
         std::any_of(wanted_.keys.begin(), wanted_.keys.end(), [&](const Key& key) { return key.type() == type; });
}

Action AsExchange::start() {
  return send();
}

Action AsExchange::send() {
  const auto& realm = path_.last();
  const auto now = context_.now_at(realm);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  nonce_ = random_nonce();
  KdcReq request;
  request.type = MessageType::as_req;
  request.body.options = kdc_option::forwardable | (wanted_.canonicalize ? kdc_option::canonicalize : 0);
  request.body.cname = wanted_.client.name;
  request.body.realm = realm;
  request.body.sname = krbtgt_name(realm);
  request.body.till = seconds + kLifetime;
  request.body.nonce = nonce_;
  for (const auto type : context_.etypes) {
    if (usable(type)) request.body.etypes.push_back(type);
  }
  if (key_) {
    PaEncTsEnc stamp;
    stamp.patimestamp = seconds;
    stamp.pausec =
        static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::microseconds>(now - seconds).count());
    const auto sealed = encrypt_data(*key_, KeyUsage::as_req_timestamp, encode(stamp));
    request.padata.push_back({PaType::enc_timestamp, encode(sealed)});
  }
  request.padata.push_back({PaType::pac_request, encode_pa_pac_request(true)});
  request.padata.push_back({PaType::req_enc_pa_rep, {}});
  request_ = encode(request);
  SendToKdc out;
  out.exchange = ExchangeKind::as;
  out.realm = realm;
  out.request = request_;
  out.detail = wanted_.detail;
  return out;
}

Action AsExchange::on_reply(const Reply& reply) {
  from_ = reply.from;
  if (!reply.bytes) {
    answer_ = {AnswerKind::timeout};
    return unreachable(reply.bytes.error(), wanted_.stage, path_.last());
  }
  const auto& bytes = *reply.bytes;
  if (!bytes.empty() && bytes[0] == kKrbErrorTag) {
    const auto error = decode_krb_error(bytes);
    if (error) {
      answer_ = answer_of(*error);
      return on_error(*error, reply.from);
    }
  }
  auto decoded = decode_kdc_rep(bytes);
  if (!decoded || decoded->type != MessageType::as_rep) {
    answer_ = {AnswerKind::rejected};
    const auto why = decoded ? make_error_code(WireErrc::bad_tag) : decoded.error();
    return rejected(why, wanted_.stage, path_.last(), reply.from, "the reply is no AS-REP: " + why.message());
  }
  answer_ = {AnswerKind::ticket};
  // The reply came without preauthentication, or is encrypted with a key of another type than the timestamp.
  if (!key_ || key_->type() != decoded->enc_part.etype) {
    waiting_ = std::move(*decoded);
    return choose_key(waiting_->padata, reply.from, waiting_->enc_part.etype);
  }
  return take(*decoded, reply.from);
}

Action AsExchange::on_error(const KrbError& error, const KnownController& from) {
  if (error.code == KrbErrc::KDC_ERR_PREAUTH_REQUIRED && !key_) return choose_key(method_data_of(error), from, {});
  if (error.code == KrbErrc::KDC_ERR_WRONG_REALM && wanted_.canonicalize && !error.crealm.empty()) {
    if (!path_.enter(error.crealm)) {
      return rejected(make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED), wanted_.stage, path_.last(), from,
                      "the referrals go in a circle or too far: " + path_.last() + " refers to " + error.crealm);
    }
    key_.reset();
    return send();
  }
  if (!clock_corrected_ && note_clock_skew(context_, path_.last(), error)) {
    clock_corrected_ = true;
    return send();
  }
  return refusal_of(error, wanted_.stage, path_.last(), from);
}

Action AsExchange::choose_key(const PaDataList& hints, const KnownController& from, std::optional<EncType> only) {
  auto named = key_hints(hints, default_salt(wanted_.client, path_.last()));
  // The KDC gave no hint: use the type of its reply, or our types in order, with the default salt.
  if (named.empty() && only) named.push_back({*only, default_salt(wanted_.client, path_.last()), {}});
  if (named.empty()) {
    for (const auto type : context_.etypes) named.push_back({type, default_salt(wanted_.client, path_.last()), {}});
  }
  for (const auto& hint : named) {
    if (!usable(hint.type) || (only && hint.type != *only)) continue;
    salt_ = hint.salt;
    if (wanted_.keys.empty() && !is_permitted_cost(hint))
      return rejected(make_error_code(WireErrc::too_large), wanted_.stage, path_.last(), from,
                      "the KDC wants string-to-key with parameters " + to_hex(hint.params) +
                          ": 4,096 to 1,000,000 iterations are taken");
    if (wanted_.keys.empty()) return DeriveKey{hint.type, hint.salt, hint.params};
    const auto key =
        std::find_if(wanted_.keys.begin(), wanted_.keys.end(), [&](const Key& k) { return k.type() == hint.type; });
    return on_key(*key);
  }
  auto out = rejected(make_error_code(KrbErrc::KDC_ERR_ETYPE_NOSUPP), wanted_.stage, path_.last(), from,
                      wanted_.keys.empty() ? "the KDC wants an encryption type that is not enabled here"
                                           : "the keytab has no key of an encryption type that the KDC wants");
  out.kind = FailureKind::refused;
  return out;
}

Action AsExchange::on_key(Result<Key> key) {
  if (!key && is_derivation_late(key.error())) {
    Refusal late = unreachable(key.error(), wanted_.stage, path_.last());
    late.what = "too many passwords wait for their keys";
    return late;
  }
  if (!key)
    return rejected(key.error(), wanted_.stage, path_.last(), from_, "the key that the KDC requires cannot be derived");
  key_ = std::move(*key);
  if (!waiting_) return send();
  const auto reply = std::move(*waiting_);
  waiting_.reset();
  return take(reply, from_);
}

Action AsExchange::take(const KdcRep& reply, const KnownController& from) {
  const auto& realm = path_.last();
  const auto wrong = [&](Error error, std::string what) {
    answer_ = {AnswerKind::rejected};
    return rejected(error, wanted_.stage, realm, from, std::move(what));
  };
  const auto plain = decrypt_data(*key_, KeyUsage::as_rep_encrypted_part, reply.enc_part);
  if (!plain) {
    // Without preauthentication a wrong password shows only here.
    auto out = wrong(make_error_code(KrbErrc::KDC_ERR_PREAUTH_FAILED), "the key does not fit the KDC's reply");
    out.kind = FailureKind::refused;
    return out;
  }
  const auto part = decode_enc_kdc_rep_part(*plain);
  if (!part) return wrong(part.error(), "the reply is not valid: " + part.error().message());
  if (part->nonce == nonce_ && part->srealm != realm && equal_ignoring_case(part->srealm, realm))
    return wrong(make_error_code(KrbErrc::KDC_ERR_WRONG_REALM),
                 "the KDC's realm is " + part->srealm + ", and " + realm +
                     " was asked for: Kerberos tells realms by case. Write the principal and the keytab with " +
                     part->srealm);
  const bool asked = part->nonce == nonce_ && part->srealm == realm && part->sname == krbtgt_name(realm) &&
                     reply.ticket.realm == realm && reply.ticket.sname == part->sname &&
                     equal_ignoring_case(reply.crealm, realm);
  const bool named = wanted_.canonicalize || equal_names(to_string(reply.cname), to_string(wanted_.client.name));
  if (!asked || !named) return wrong(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), "the reply is for another request");
  if ((part->flags & ticket_flag::enc_pa_rep) != 0) {
    if (const auto* proof = find_padata(part->encrypted_padata, PaType::req_enc_pa_rep)) {
      // RFC 6806 §11: a checksum over our request proves that its names were not changed on the network.
      const auto checksum = decode_checksum(proof->value);
      if (!checksum || !verify_checksum(*checksum, *key_, KeyUsage::pa_req_enc_pa_rep_checksum, request_)) {
        return wrong(make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED), "the request was changed on the network");
      }
    }
  }
  auto session_key = Key::make(part->key);
  if (!session_key) return wrong(session_key.error(), "the session key is of a type that is not ours");
  auto tgt = std::make_shared<Credential>();
  tgt->ticket = reply.ticket;
  tgt->session_key = std::move(*session_key);
  tgt->client = reply.cname;
  tgt->client_realm = reply.crealm;
  tgt->service = part->sname;
  tgt->service_realm = part->srealm;
  tgt->flags = part->flags;
  tgt->authtime = part->authtime;
  tgt->starttime = part->starttime.value_or(part->authtime);
  tgt->endtime = part->endtime;
  tgt->renew_till = part->renew_till;
  tgt->clock_offset = context_.offset_of(realm);
  tgt_ = std::move(tgt);
  return Finished{};
}

}  // namespace stead
