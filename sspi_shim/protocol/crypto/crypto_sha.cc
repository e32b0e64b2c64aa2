#include "sspi_shim/protocol/crypto/crypto_sha.h"

// OpenSSL 3 has digests without an allocation only in the deprecated functions of 1.1.
#define OPENSSL_API_COMPAT 10100
#include <openssl/sha.h>

#include <cstdint>
#include <new>
#include <type_traits>

namespace stead::crypto {
namespace {

// Calls f with the state as OpenSSL's type for this digest.
template <class F>
void visit(Digest digest, unsigned char* state, F f) {
  switch (digest) {
    case Digest::sha1:
      return f(*std::launder(reinterpret_cast<SHA_CTX*>(state)));
    case Digest::sha256:
      return f(*std::launder(reinterpret_cast<SHA256_CTX*>(state)));
    case Digest::sha384:
      return f(*std::launder(reinterpret_cast<SHA512_CTX*>(state)));
  }
}

struct Init {
  void operator()(SHA_CTX& s) const { SHA1_Init(&s); }
  void operator()(SHA256_CTX& s) const { SHA256_Init(&s); }
  void operator()(SHA512_CTX& s) const { SHA384_Init(&s); }
};
struct Update {
  Bytes data;
  void operator()(SHA_CTX& s) const { SHA1_Update(&s, data.data(), data.size()); }
  void operator()(SHA256_CTX& s) const { SHA256_Update(&s, data.data(), data.size()); }
  void operator()(SHA512_CTX& s) const { SHA384_Update(&s, data.data(), data.size()); }
};
struct Final {
  std::uint8_t* out;
  void operator()(SHA_CTX& s) const { SHA1_Final(out, &s); }
  void operator()(SHA256_CTX& s) const { SHA256_Final(out, &s); }
  void operator()(SHA512_CTX& s) const { SHA384_Final(out, &s); }
};

}  // namespace

ShaState::ShaState(Digest digest) : digest_(digest) {
  static_assert(sizeof(SHA_CTX) <= sizeof state_ && sizeof(SHA256_CTX) <= sizeof state_ &&
                sizeof(SHA512_CTX) <= sizeof state_);
  static_assert(std::is_trivially_copyable_v<SHA_CTX> && std::is_trivially_copyable_v<SHA512_CTX>);
  static_assert(alignof(SHA512_CTX) <= 8);
  visit(digest_, state_.data(), Init{});
}

void ShaState::update(Bytes data) {
  if (!data.empty()) visit(digest_, state_.data(), Update{data});
}

void ShaState::finish(DigestValue& out) {
  visit(digest_, state_.data(), Final{out.data()});
}

}  // namespace stead::crypto
