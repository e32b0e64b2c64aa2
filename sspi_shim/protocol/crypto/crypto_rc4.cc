#include "sspi_shim/protocol/crypto/crypto_rc4.h"

#include <krb5.h>
#include <profile.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stead::crypto {
namespace {

[[noreturn]] void fail(const char* what, krb5_error_code code) {
  throw std::runtime_error(std::string("libk5crypto: ") + what + " failed with code " + std::to_string(code));
}
void check(const char* what, krb5_error_code code) {
  if (code != 0) fail(what, code);
}

struct FreeContext {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};
using Krb5Context = std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeContext>;

// The calling thread's context. Its configuration is empty, so that this layer reads no file.
krb5_context context() {
  static thread_local Krb5Context kept;
  if (!kept) {
    profile_t profile = nullptr;
    check("profile_init", profile_init(nullptr, &profile));
    krb5_context made = nullptr;
    const auto code = krb5_init_context_profile(profile, 0, &made);
    profile_release(profile);  // the context has its own copy
    check("krb5_init_context_profile", code);
    kept.reset(made);
  }
  return kept.get();
}

char* chars(const std::uint8_t* p) {
  return const_cast<char*>(reinterpret_cast<const char*>(p));
}

// These borrow their bytes; libk5crypto does not write to its inputs.
krb5_data input(Bytes bytes) {
  krb5_data data{};
  data.length = static_cast<unsigned>(bytes.size());
  data.data = chars(bytes.data());
  return data;
}
krb5_data output(std::span<std::uint8_t> bytes) {
  return input(bytes);
}

krb5_keyblock keyblock(Bytes key) {
  krb5_keyblock block{};
  block.enctype = ENCTYPE_ARCFOUR_HMAC;
  block.length = static_cast<unsigned>(key.size());
  block.contents = const_cast<krb5_octet*>(key.data());
  return block;
}

Buffer checksum(krb5_cksumtype type, const krb5_keyblock* key, krb5_keyusage usage, Bytes data) {
  const auto in = input(data);
  krb5_checksum sum{};
  check("krb5_c_make_checksum", krb5_c_make_checksum(context(), type, key, usage, &in, &sum));
  Buffer out(sum.contents, sum.contents + sum.length);
  krb5_free_checksum_contents(context(), &sum);
  return out;
}

}  // namespace

Result<SecretBuffer> rc4_string_to_key(std::string_view password) {
  const auto in = input(as_bytes(password)), salt = input({});
  krb5_keyblock made{};
  // A password that is not UTF-8 has no key.
  if (krb5_c_string_to_key(context(), ENCTYPE_ARCFOUR_HMAC, &in, &salt, &made) != 0) return WireErrc::bad_value;
  SecretBuffer out(made.contents, made.contents + made.length);
  krb5_free_keyblock_contents(context(), &made);
  return out;
}

Buffer rc4_encrypt(Bytes key, KeyUsage usage, Bytes plain) {
  const auto block = keyblock(key);
  std::size_t size = 0;
  check("krb5_c_encrypt_length", krb5_c_encrypt_length(context(), block.enctype, plain.size(), &size));
  Buffer out(size);
  const auto in = input(plain);
  krb5_enc_data data{};
  data.ciphertext = output(out);
  check("krb5_c_encrypt", krb5_c_encrypt(context(), &block, static_cast<krb5_keyusage>(usage), nullptr, &in, &data));
  out.resize(data.ciphertext.length);
  return out;
}

Result<SecretBuffer> rc4_decrypt(Bytes key, KeyUsage usage, Bytes cipher) {
  const auto block = keyblock(key);
  SecretBuffer out(cipher.size());
  krb5_enc_data data{};
  data.enctype = block.enctype;
  data.ciphertext = input(cipher);
  auto plain = output(out);
  if (krb5_c_decrypt(context(), &block, static_cast<krb5_keyusage>(usage), nullptr, &data, &plain) != 0) {
    return WireErrc::integrity;
  }
  out.resize(plain.length);
  return out;
}

Buffer rc4_prf(Bytes key, Bytes in) {
  auto block = keyblock(key);
  std::size_t size = 0;
  check("krb5_c_prf_length", krb5_c_prf_length(context(), block.enctype, &size));
  Buffer out(size);
  auto data = input(in), result = output(out);
  check("krb5_c_prf", krb5_c_prf(context(), &block, &data, &result));
  return out;
}

Buffer hmac_md5_checksum(Bytes key, KeyUsage usage, Bytes data) {
  // libk5crypto checks that the size fits the keyblock's type, but uses the bytes as HMAC key for every type.
  auto block = keyblock(key);
  if (key.size() == 32) block.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
  return checksum(CKSUMTYPE_HMAC_MD5_ARCFOUR, &block, static_cast<krb5_keyusage>(usage), data);
}

Buffer unkeyed_digest(ChecksumType type, Bytes data) {
  return checksum(type == ChecksumType::rsa_md4 ? CKSUMTYPE_RSA_MD4 : CKSUMTYPE_RSA_MD5, nullptr, 0, data);
}

}  // namespace stead::crypto
