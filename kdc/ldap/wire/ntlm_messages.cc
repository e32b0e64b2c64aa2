#include "kdc/ldap/wire/ntlm_messages.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kSignature("NTLMSSP\0", 8);
constexpr std::uint32_t kNegotiate = 1, kChallenge = 2, kAuthenticate = 3;
namespace flag {
constexpr std::uint32_t unicode = 0x1, request_target = 0x4, ntlm = 0x200, always_sign = 0x8000,
                        target_type_domain = 0x10000, extended_session_security = 0x80000, target_info = 0x800000,
                        version = 0x2000000, bits_128 = 0x20000000, bits_56 = 0x80000000;
}
constexpr std::size_t kChallengeHead = 56, kAuthenticateHead = 64;
constexpr std::size_t kProofSize = 16, kMinBlob = 28, kMaxName = 1024;

bool has_type(Bytes message, std::uint32_t type) {
  return message.size() >= 12 && as_text(message.first(8)) == kSignature && load_le32(message.data() + 8) == type;
}

// The content that a field of length, maximum and offset points at.
Result<Bytes> field(Bytes message, std::size_t at) {
  const std::size_t size = load_le16(message.data() + at), offset = load_le32(message.data() + at + 4);
  if (offset > message.size() || size > message.size() - offset) return WireErrc::bad_length;
  return message.subspan(offset, size);
}

class MessageWriter {
 public:
  MessageWriter(std::uint32_t type, std::size_t head) : out_(head) {
    std::copy(kSignature.begin(), kSignature.end(), out_.begin());
    store_le32(out_.data() + 8, type);
  }
  void put32(std::size_t at, std::uint32_t value) { store_le32(out_.data() + at, value); }
  void put(std::size_t at, Bytes value) { std::copy(value.begin(), value.end(), out_.begin() + std::ptrdiff_t(at)); }
  void put_field(std::size_t at, Bytes content) {
    store_le16(out_.data() + at, std::uint16_t(content.size()));
    store_le16(out_.data() + at + 2, std::uint16_t(content.size()));
    store_le32(out_.data() + at + 4, std::uint32_t(out_.size()));
    append(out_, content);
  }
  [[nodiscard]] Buffer finish() && { return std::move(out_); }

 private:
  Buffer out_;
};

void append_pair(Buffer& out, std::uint16_t id, Bytes value) {
  std::array<std::uint8_t, 4> head{};
  store_le16(head.data(), id);
  store_le16(head.data() + 2, std::uint16_t(value.size()));
  append(out, head);
  append(out, value);
}

std::array<std::uint8_t, kProofSize> hmac_md5(Bytes key, Bytes data) {
  std::array<std::uint8_t, kProofSize> out{};
  unsigned size = 0;
  HMAC(EVP_md5(), key.data(), int(key.size()), data.data(), data.size(), out.data(), &size);
  return out;
}

std::string upper_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    append_utf8(out, upper_letter(next.value));
    text.remove_prefix(next.size);
  }
  return out;
}

// MS-NLMP §3.3.2: NTProofStr.
std::array<std::uint8_t, kProofSize> proof_of(const NtlmAuthenticate& message, const NtlmNonce& nonce, Bytes nt_hash,
                                              Bytes data) {
  auto key = hmac_md5(nt_hash, to_utf16le(upper_name(message.user) + message.domain));
  Buffer challenged(nonce.begin(), nonce.end());
  append(challenged, data);
  const auto proof = hmac_md5(key, challenged);
  wipe(key.data(), key.size());
  return proof;
}

}  // namespace

Result<std::uint32_t> decode_ntlm_negotiate(Bytes message) {
  if (!has_type(message, kNegotiate)) return WireErrc::bad_tag;
  if (message.size() < 16) return WireErrc::truncated;
  return load_le32(message.data() + 12);
}

Buffer encode_ntlm_challenge(std::uint32_t client_flags, const NtlmNonce& nonce, const NtlmTarget& target) {
  constexpr std::uint32_t kOffered =
      flag::always_sign | flag::extended_session_security | flag::version | flag::bits_128 | flag::bits_56;
  constexpr std::uint32_t kAlways =
      flag::unicode | flag::request_target | flag::ntlm | flag::target_type_domain | flag::target_info;
  constexpr std::uint16_t kNetbiosComputer = 1, kNetbiosDomain = 2, kDnsComputer = 3, kDnsDomain = 4, kTime = 7;
  Buffer pairs;
  append_pair(pairs, kNetbiosDomain, to_utf16le(target.netbios_domain));
  append_pair(pairs, kNetbiosComputer, to_utf16le(target.netbios_computer));
  append_pair(pairs, kDnsDomain, to_utf16le(target.dns_domain));
  append_pair(pairs, kDnsComputer, to_utf16le(target.dns_computer));
  std::array<std::uint8_t, 8> time{};
  store_le64(time.data(), target.time);
  append_pair(pairs, kTime, time);
  append_pair(pairs, 0, {});
  MessageWriter out(kChallenge, kChallengeHead);
  out.put32(20, (client_flags & kOffered) | kAlways);
  out.put(24, nonce);
  out.put_field(12, to_utf16le(target.netbios_domain));
  out.put_field(40, pairs);
  return std::move(out).finish();
}

Result<NtlmAuthenticate> decode_ntlm_authenticate(Bytes message) {
  if (!has_type(message, kAuthenticate)) return WireErrc::bad_tag;
  if (message.size() < kAuthenticateHead) return WireErrc::truncated;
  if ((load_le32(message.data() + 60) & flag::unicode) == 0) return WireErrc::unsupported;
  const auto response = field(message, 20), domain = field(message, 28), user = field(message, 36);
  if (!response || !domain || !user) return WireErrc::bad_length;
  if (domain->size() > kMaxName || user->size() > kMaxName) return WireErrc::too_large;
  if (domain->size() % 2 != 0 || user->size() % 2 != 0) return WireErrc::bad_value;
  return NtlmAuthenticate{from_utf16le(*domain), from_utf16le(*user), to_buffer(*response)};
}

Buffer encode(const NtlmAuthenticate& value) {
  MessageWriter out(kAuthenticate, kAuthenticateHead);
  out.put32(60, flag::unicode | flag::ntlm);
  out.put_field(20, value.nt_response);
  out.put_field(28, to_utf16le(value.domain));
  out.put_field(36, to_utf16le(value.user));
  return std::move(out).finish();
}

bool is_ntlm_v2_response(const NtlmAuthenticate& message, const NtlmNonce& nonce, Bytes nt_hash) {
  const Bytes response = message.nt_response;
  if (response.size() < kProofSize + kMinBlob || nt_hash.size() != kProofSize) return false;
  const auto proof = proof_of(message, nonce, nt_hash, response.subspan(kProofSize));
  return equal_in_constant_time(proof, response.first(kProofSize));
}

Buffer ntlm_v2_response(const NtlmAuthenticate& message, const NtlmNonce& nonce, Bytes nt_hash, Bytes data) {
  const auto proof = proof_of(message, nonce, nt_hash, data);
  Buffer out(proof.begin(), proof.end());
  append(out, data);
  return out;
}

}  // namespace stead::kdc
