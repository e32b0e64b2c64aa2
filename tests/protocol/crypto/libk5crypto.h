#pragma once
// The second opinion on our cryptography: libk5crypto's answers to the same questions, and its time for them.
#include <krb5.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::oracle {

inline krb5_context context() {
  static const krb5_context made = [] {
    krb5_context c = nullptr;
    krb5_init_context(&c);
    return c;
  }();
  return made;
}

inline krb5_data borrow(Bytes bytes) {
  krb5_data d{};
  d.length = static_cast<unsigned>(bytes.size());
  d.data = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
  return d;
}

inline krb5_keyblock keyblock(EncType type, Bytes value) {
  krb5_keyblock block{};
  block.enctype = static_cast<krb5_enctype>(type);
  block.length = static_cast<unsigned>(value.size());
  block.contents = const_cast<krb5_octet*>(value.data());
  return block;
}
inline krb5_keyblock keyblock(const Key& key) {
  return keyblock(key.type(), key.value());
}

// Empty where libk5crypto refuses, here and below.
inline std::optional<Buffer> encrypt(const Key& key, KeyUsage usage, Bytes plain) {
  const auto block = keyblock(key);
  std::size_t size = 0;
  krb5_c_encrypt_length(context(), block.enctype, plain.size(), &size);
  Buffer out(size);
  const auto in = borrow(plain);
  krb5_enc_data enc{};
  enc.ciphertext = borrow(out);
  if (krb5_c_encrypt(context(), &block, krb5_keyusage(usage), nullptr, &in, &enc) != 0) return {};
  out.resize(enc.ciphertext.length);
  return out;
}

inline std::optional<Buffer> decrypt(const Key& key, KeyUsage usage, Bytes cipher) {
  const auto block = keyblock(key);
  Buffer out(cipher.size());
  krb5_enc_data enc{};
  enc.enctype = block.enctype;
  enc.ciphertext = borrow(cipher);
  auto plain = borrow(out);
  if (krb5_c_decrypt(context(), &block, krb5_keyusage(usage), nullptr, &enc, &plain) != 0) return {};
  out.resize(plain.length);
  return out;
}

inline std::optional<Buffer> checksum(ChecksumType type, const Key& key, KeyUsage usage, Bytes bytes) {
  const auto block = keyblock(key);
  const auto in = borrow(bytes);
  krb5_checksum sum{};
  if (krb5_c_make_checksum(context(), krb5_cksumtype(type), &block, krb5_keyusage(usage), &in, &sum) != 0) return {};
  Buffer out(sum.contents, sum.contents + sum.length);
  krb5_free_checksum_contents(context(), &sum);
  return out;
}

inline std::optional<Buffer> prf(const Key& key, Bytes bytes) {
  auto block = keyblock(key);
  std::size_t size = 0;
  krb5_c_prf_length(context(), block.enctype, &size);
  Buffer out(size);
  auto in = borrow(bytes), result = borrow(out);
  if (krb5_c_prf(context(), &block, &in, &result) != 0) return {};
  return out;
}

inline std::optional<Buffer> fx_cf2(const Key& a, const Key& b, const char* pepper_a, const char* pepper_b) {
  auto one = keyblock(a), two = keyblock(b);
  krb5_keyblock* made = nullptr;
  if (krb5_c_fx_cf2_simple(context(), &one, pepper_a, &two, pepper_b, &made) != 0) return {};
  Buffer out(made->contents, made->contents + made->length);
  krb5_free_keyblock(context(), made);
  return out;
}

inline std::optional<Buffer> string_to_key(EncType type, std::string_view password, std::string_view salt) {
  const auto word = borrow(as_bytes(password)), with = borrow(as_bytes(salt));
  krb5_keyblock made{};
  if (krb5_c_string_to_key(context(), krb5_enctype(type), &word, &with, &made) != 0) return {};
  Buffer out(made.contents, made.contents + made.length);
  krb5_free_keyblock_contents(context(), &made);
  return out;
}

}  // namespace stead::oracle
