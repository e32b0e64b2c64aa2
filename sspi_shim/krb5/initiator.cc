// Implements make_negotiate_token and verify_negotiate_reply of stead/s4u.h.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {
namespace {

using std::chrono::microseconds;

// The time, different at each call: an acceptor takes two authenticators with the same microsecond for a replay.
microseconds unique_now() {
  static std::atomic<std::int64_t> last{0};
  const auto now =
      std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::int64_t before = last.load(std::memory_order_relaxed);
  while (!last.compare_exchange_weak(before, std::max(now, before + 1), std::memory_order_relaxed)) {
  }
  return microseconds(std::max(now, before + 1));
}

// What verify_negotiate_reply needs: seconds, microseconds, encryption type, session key.
constexpr std::size_t kStateHeader = 16;

std::vector<std::uint8_t> reply_state(const Authenticator& sent, const Key& session_key) {
  const Bytes key = session_key.value();
  std::vector<std::uint8_t> state(kStateHeader + key.size());
  store_le64(state.data(), static_cast<std::uint64_t>(sent.ctime.time_since_epoch().count()));
  store_le32(state.data() + 8, static_cast<std::uint32_t>(sent.cusec));
  store_le32(state.data() + 12, static_cast<std::uint32_t>(session_key.type()));
  std::copy(key.begin(), key.end(), state.begin() + kStateHeader);
  return state;
}

// The Kerberos token in a reply, which is a NegTokenResp or that token alone.
Result<Buffer> mechanism_token(Bytes reply) {
  if (reply.empty() || reply[0] != der::context(1)) return to_buffer(reply);
  auto response = decode_neg_token_resp(reply);
  if (!response) return response.error();
  if (response->state == NegState::reject && response->response_token.empty())
    return make_error_code(KrbErrc::KRB_AP_ERR_MUT_FAIL);
  if (response->response_token.empty()) return make_error_code(WireErrc::truncated);
  return std::move(response->response_token);
}

}  // namespace

Result<NegotiateToken> v0::make_negotiate_token(const ServiceTicket& ticket,
                                                std::span<const std::uint8_t> channel_bindings, bool mutual) {
  const auto* issued = dynamic_cast<const IssuedTicket*>(&ticket);
  if (issued == nullptr) return make_error_code(boost::system::errc::invalid_argument);
  const Credential& credential = issued->credential();

  GssChecksum checksum;
  checksum.flags = gss_flag::replay | gss_flag::sequence | gss_flag::confidentiality | gss_flag::integrity |
                   (mutual ? gss_flag::mutual : 0);
  if (!channel_bindings.empty()) checksum.bindings_md5 = channel_bindings_md5(channel_bindings);

  const microseconds now = unique_now() + credential.clock_offset;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  Authenticator authenticator;
  authenticator.crealm = credential.client_realm;
  authenticator.cname = credential.client;
  authenticator.checksum = Checksum{kGssChecksumType, encode(checksum)};
  authenticator.ctime = Time(seconds);
  authenticator.cusec = static_cast<std::int32_t>((now - seconds).count());
  authenticator.subkey = Key::random(credential.session_key.type()).to_encryption_key();
  authenticator.seq_number = random_nonce();

  const EncryptedData sealed =
      encrypt_data(credential.session_key, KeyUsage::ap_req_authenticator, encode(authenticator));
  Buffer request = encode_ap_req(mutual ? ap_option::mutual_required : 0, credential.ticket, sealed);

  NegotiateToken out;
  out.token = encode(NegTokenInit{{mech_oid::kerberos}, encode(KrbToken{KrbTokenId::ap_req, std::move(request)})});
  if (mutual) out.reply_state = reply_state(authenticator, credential.session_key);
  return out;
}

Result<void> v0::verify_negotiate_reply(const NegotiateToken& sent, std::span<const std::uint8_t> reply) {
  if (sent.reply_state.size() <= kStateHeader)
    return make_error_code(boost::system::errc::invalid_argument);  // the token was made without mutual authentication
  const auto token_bytes = mechanism_token(reply);
  if (!token_bytes) return token_bytes.error();
  const auto token = decode_krb_token(*token_bytes);
  if (!token) return token.error();
  if (token->id == KrbTokenId::krb_error) {
    const auto error = decode_krb_error(token->message);
    return error ? make_error_code(error->code) : error.error();
  }
  if (token->id != KrbTokenId::ap_rep) return make_error_code(WireErrc::bad_value);
  const auto message = decode_ap_rep(token->message);
  if (!message) return message.error();

  const std::uint8_t* state = sent.reply_state.data();
  const auto key =
      Key::make(static_cast<EncType>(load_le32(state + 12)), Bytes(sent.reply_state).subspan(kStateHeader));
  if (!key) return key.error();
  const auto plain = decrypt_data(*key, KeyUsage::ap_rep_encrypted_part, message->enc_part);
  if (!plain) return plain.error();
  const auto part = decode_enc_ap_rep_part(*plain);
  if (!part) return part.error();
  const bool ours = static_cast<std::uint64_t>(part->ctime.time_since_epoch().count()) == load_le64(state) &&
                    static_cast<std::uint32_t>(part->cusec) == load_le32(state + 8);
  if (!ours) return make_error_code(KrbErrc::KRB_AP_ERR_MUT_FAIL);
  return {};
}

}  // namespace stead
