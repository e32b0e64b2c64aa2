#include "proxy/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "sspi_shim/protocol/crypto/random.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kCipherKeySize = 32, kMacKeySize = 32, kIvSize = 16;
constexpr std::size_t kKeySize = TicketKeys::kNameSize + kCipherKeySize + kMacKeySize;

// HKDF (RFC 5869) makes the three parts from the octets of the file.
TicketKeys::Key derived(Bytes secret) {
  struct Free {
    void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
  };
  const std::unique_ptr<EVP_KDF, Free> hkdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Free> context(hkdf ? EVP_KDF_CTX_new(hkdf.get()) : nullptr);
  std::string digest = "SHA256", purpose = "stead TLS session tickets";
  const std::array<OSSL_PARAM, 4> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(secret.data()), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose.data(), purpose.size()),
      OSSL_PARAM_construct_end()};
  TicketKeys::Key out(kKeySize);
  if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) != 1) throw std::bad_alloc();
  return out;
}

Bytes name_of(const TicketKeys::Key& key) {
  return Bytes(key).first(TicketKeys::kNameSize);
}

}  // namespace

Checked<std::shared_ptr<TicketKeys>> TicketKeys::read(const std::string& path, const std::string& where) {
  const auto refused = [&](const std::string& why) {
    return Problem{.message = "the ticket key file " + path + " " + why, .where = where, .fix = {}};
  };
  std::ifstream file(path, std::ios::binary);
  file.rdbuf()->pubsetbuf(nullptr, 0);  // no copy of the keys stays behind
  SecretBuffer content(kMaxFileKeys * kFileKeySize + 1);
  file.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  if (!file.is_open() || file.bad()) return refused("cannot be read");
  if (size == 0 || size % kFileKeySize != 0 || size == content.size())
    return refused("has not 32 random bytes for each key, at most " + std::to_string(kMaxFileKeys) + " keys");
  auto out = std::make_shared<TicketKeys>();
  out->from_file_ = true;
  for (std::size_t at = 0; at < size; at += kFileKeySize)
    out->keys_.push_back(derived(Bytes(content).subspan(at, kFileKeySize)));
  return out;
}

void TicketKeys::rotate(Clock::time_point now) {
  if (from_file_ || (!keys_.empty() && now < next_rotation_)) return;
  constexpr std::size_t kOpening = kTicketLife / kRotation;  // older keys whose tickets may be good still
  if (!keys_.empty() && now >= next_rotation_ + kTicketLife) keys_.clear();
  Key key(kKeySize);
  random_bytes(key);
  keys_.push_front(std::move(key));
  while (keys_.size() > 1 + kOpening) keys_.pop_back();
  next_rotation_ = now + kRotation;
}

TicketKeys::Key TicketKeys::newest(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  rotate(now);
  return keys_.front();
}

std::optional<TicketKeys::Found> TicketKeys::find(Bytes name, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  rotate(now);
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [name](const Key& key) { return std::ranges::equal(name_of(key), name); });
  if (found == keys_.end()) return std::nullopt;
  return Found{.key = *found, .is_newest = found == keys_.begin()};
}

int prepare_ticket(TicketKeys& keys, TicketUse use, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                   EVP_MAC_CTX* mac) {
  constexpr int kFailed = -1, kUnknownKey = 0, kReady = 1, kReadyAndRenew = 2;
  const auto now = TicketKeys::Clock::now();
  TicketKeys::Key key;
  int ready = kReady;
  if (use == TicketUse::make) {
    key = keys.newest(now);
    std::ranges::copy(name_of(key), name);
    if (RAND_bytes(iv, kIvSize) != 1) return kFailed;
  } else {
    auto found = keys.find(Bytes(name, TicketKeys::kNameSize), now);
    if (!found) return kUnknownKey;
    key = std::move(found->key);
    if (!found->is_newest) ready = kReadyAndRenew;
  }
  const unsigned char* const cipher_key = key.data() + TicketKeys::kNameSize;
  if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, cipher_key, iv, use == TicketUse::make ? 1 : 0) != 1)
    return kFailed;
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.data() + TicketKeys::kNameSize + kCipherKeySize,
                                        kMacKeySize),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1 ? ready : kFailed;
}

}  // namespace stead::proxy
