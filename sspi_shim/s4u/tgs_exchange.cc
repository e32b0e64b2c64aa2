#include "sspi_shim/s4u/tgs_exchange.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/protocol/types/name_case.h"

namespace stead {
namespace {

constexpr auto kLifetime = std::chrono::hours(24);  // requested; the KDC may grant less

struct Stamp {
  Time seconds;
  std::int32_t microseconds;
};
Stamp stamp_of(std::chrono::system_clock::time_point at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  return {seconds,
          static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::microseconds>(at - seconds).count())};
}

Buffer ap_req_for(const Credential& header, const Key& subkey, Bytes body, Stamp stamp) {
  Authenticator authenticator;
  authenticator.crealm = header.client_realm;
  authenticator.cname = header.client;
  authenticator.checksum = make_checksum(header.session_key, KeyUsage::tgs_req_authenticator_checksum, body);
  authenticator.ctime = stamp.seconds;
  authenticator.cusec = stamp.microseconds;
  authenticator.subkey = subkey.to_encryption_key();
  authenticator.seq_number = random_nonce();
  const auto plain = encode(authenticator);
  return encode_ap_req(0, header.ticket, encrypt_data(header.session_key, KeyUsage::tgs_req_authenticator, plain));
}

// KDCs encrypt with the subkey, if they support it; else with the session key and another key usage.
Result<SecretBuffer> decrypt_reply(const Key& subkey, const Key& session_key, const EncryptedData& data) {
  auto plain = decrypt_data(subkey, KeyUsage::tgs_rep_encrypted_part_subkey, data);
  if (plain) return plain;
  return decrypt_data(session_key, KeyUsage::tgs_rep_encrypted_part_session_key, data);
}

}  // namespace

TgsExchange::TgsExchange(const TgsQuestion& question, const std::vector<EncType>& etypes,
                         std::chrono::system_clock::time_point realm_now, std::chrono::microseconds clock_offset)
    : question_(question),
      clock_offset_(clock_offset),
      nonce_(random_nonce()),
      subkey_(Key::random(question_.header->session_key.type())) {
  const auto& header = *question_.header;
  const auto stamp = stamp_of(realm_now);
  KdcReq request;
  request.type = MessageType::tgs_req;
  request.body.options = question_.options;
  request.body.realm = header.tgt_realm();
  request.body.sname = question_.sname;
  request.body.till = std::min<Time>(stamp.seconds + kLifetime, std::max(header.endtime, stamp.seconds));
  request.body.nonce = nonce_;
  request.body.etypes = etypes;
  if (question_.additional_ticket) request.body.additional_tickets.push_back(*question_.additional_ticket);
  request.body_der = encode(request.body);
  request.padata.push_back({PaType::tgs_req, ap_req_for(header, subkey_, request.body_der, stamp)});
  if (question_.subject) add_subject(request.padata);
  if (question_.pac_options != 0)
    request.padata.push_back({PaType::pac_options, encode_pa_pac_options(question_.pac_options)});
  request_ = encode(request);
}

void TgsExchange::add_for_user(PaDataList& padata) const {
  const auto& subject = *question_.subject;
  PaForUser out;
  if (subject.name) out.user_name = *subject.name;
  out.user_realm = subject.realm;
  auto checksum = make_checksum(ChecksumType::hmac_md5, question_.header->session_key, KeyUsage::pa_for_user_checksum,
                                checksum_input(out));
  if (checksum) out.checksum = std::move(*checksum);
  padata.push_back({PaType::for_user, encode(out)});
}

void TgsExchange::add_subject(PaDataList& padata) {
  const auto& subject = *question_.subject;
  if (subject.form != S4uSubject::Form::x509_user) add_for_user(padata);
  if (subject.form == S4uSubject::Form::for_user) return;
  PaS4uX509User out;
  out.user_id.nonce = nonce_;
  out.user_id.cname = subject.name;
  out.user_id.crealm = subject.realm;
  out.user_id.subject_certificate = subject.certificate;
  out.user_id.options = s4u_option::use_reply_key_usage | subject.options;
  out.user_id_der = encode(out.user_id);
  // MS-SFU says the session key. KDCs that get a subkey verify with the subkey.
  if (subkey_.type() == EncType::rc4_hmac) {
    out.checksum = {ChecksumType::rsa_md4, unkeyed_checksum(ChecksumType::rsa_md4, out.user_id_der)};
  } else {
    out.checksum = make_checksum(subkey_, KeyUsage::pa_s4u_x509_user_request, out.user_id_der);
  }
  sent_checksum_ = out.checksum;
  padata.push_back({PaType::s4u_x509_user, encode(out)});
}

Result<std::optional<S4uUserId>> TgsExchange::read_user_id(const KdcRep& reply, const EncKdcRepPart& part) const {
  const auto* padata = find_padata(reply.padata, PaType::s4u_x509_user);
  if (!padata || !question_.subject || question_.subject->form == S4uSubject::Form::for_user)
    return std::optional<S4uUserId>();
  auto user = decode_pa_s4u_x509_user(padata->value);
  if (!user) return user.error();
  if (user->user_id.nonce != nonce_) return make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED);
  if (!user->user_id.cname || user->user_id.cname->empty()) return make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED);
  if (subkey_.type() == EncType::rc4_hmac) {
    // The checksums are unkeyed, so both are repeated in the encrypted part.
    const auto* echo = find_padata(part.encrypted_padata, PaType::s4u_x509_user);
    Buffer both = sent_checksum_.value;
    append(both, user->checksum.value);
    const bool is_valid =
        user->checksum.type == ChecksumType::rsa_md4 &&
        equal_in_constant_time(unkeyed_checksum(ChecksumType::rsa_md4, user->user_id_der), user->checksum.value) &&
        echo && equal_in_constant_time(both, echo->value);
    if (!is_valid) return make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED);
    return std::optional(std::move(user->user_id));
  }
  const bool own_usage = (user->user_id.options.value_or(0) & s4u_option::use_reply_key_usage) != 0;
  const auto usage = own_usage ? KeyUsage::pa_s4u_x509_user_reply : KeyUsage::pa_s4u_x509_user_request;
  const auto holds_with = [&](const Key& key) {
    return verify_checksum(user->checksum, key, usage, user->user_id_der).has_value();
  };
  if (!holds_with(subkey_) && !holds_with(question_.header->session_key))
    return make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED);
  return std::optional(std::move(user->user_id));
}

// The reply to a plain TGS-REQ is in the name of the header ticket's client (RFC 4120 §3.3.3). With a user or with
// evidence in the request it is another's.
bool TgsExchange::names_another_client(const KdcRep& reply) const {
  if (question_.subject || question_.additional_ticket) return false;
  const Credential& header = *question_.header;
  return !equal_names(to_string(reply.cname), to_string(header.client)) ||
         !equal_ignoring_case(reply.crealm, header.client_realm);
}

Result<std::variant<TgsAnswer, KrbError>> TgsExchange::read(Bytes bytes) const {
  using Read = std::variant<TgsAnswer, KrbError>;
  constexpr std::uint8_t kKrbErrorTag = 0x7e;
  if (!bytes.empty() && bytes[0] == kKrbErrorTag) {
    auto error = decode_krb_error(bytes);
    if (!error) return error.error();
    return Read(std::move(*error));
  }
  auto reply = decode_kdc_rep(bytes);
  if (!reply) return reply.error();
  if (reply->type != MessageType::tgs_rep) return make_error_code(WireErrc::bad_tag);
  auto plain = decrypt_reply(subkey_, question_.header->session_key, reply->enc_part);
  if (!plain) return plain.error();
  auto part = decode_enc_kdc_rep_part(*plain);
  if (!part) return part.error();
  if (part->nonce != nonce_ || !(part->sname == reply->ticket.sname) || part->srealm != reply->ticket.realm) {
    return make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED);
  }
  if (names_another_client(*reply)) return make_error_code(KrbErrc::KRB_AP_ERR_MODIFIED);
  auto key = Key::make(part->key);
  if (!key) return key.error();
  auto user_id = read_user_id(*reply, *part);
  if (!user_id) return user_id.error();

  auto credential = std::make_shared<Credential>();
  credential->ticket = std::move(reply->ticket);
  credential->session_key = std::move(*key);
  credential->client = std::move(reply->cname);
  credential->client_realm = std::move(reply->crealm);
  credential->service = std::move(part->sname);
  credential->service_realm = std::move(part->srealm);
  credential->flags = part->flags;
  credential->authtime = part->authtime;
  credential->starttime = part->starttime.value_or(part->authtime);
  credential->endtime = part->endtime;
  credential->renew_till = part->renew_till;
  credential->clock_offset = clock_offset_;
  TgsAnswer answer{std::move(credential), 0, std::move(*user_id)};
  if (const auto* echoed = find_padata(part->encrypted_padata, PaType::pac_options)) {
    if (const auto options = decode_pa_pac_options(echoed->value)) answer.pac_options = *options;
  }
  return Read(std::move(answer));
}

}  // namespace stead
