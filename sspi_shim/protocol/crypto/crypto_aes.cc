#include "sspi_shim/protocol/crypto/crypto_aes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>

namespace stead::crypto {
namespace {

constexpr std::array<std::uint8_t, kAesBlock> kZeroBlock{};

template <auto Free>
struct FreeWith {
  void operator()(auto* handle) const noexcept { Free(handle); }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER, FreeWith<EVP_CIPHER_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

[[noreturn]] void fail() {
  throw std::runtime_error("OpenSSL cannot do AES-CBC: check its configuration and providers");
}

// Fetched once: EVP_CIPHER_fetch takes longer than the encryption of a message.
const EVP_CIPHER* cipher(std::size_t key_size) {
  static const CipherPtr aes128(EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr));
  static const CipherPtr aes256(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr));
  const auto* found = key_size == 16 ? aes128.get() : aes256.get();
  if (found == nullptr) fail();
  return found;
}

// The calling thread's context with this key and a zero initial vector. Setting only the key resets the vector; passing
// one as well would make OpenSSL query its provider for the vector's length.
EVP_CIPHER_CTX* start(Bytes key, bool encrypting) {
  static thread_local std::array<CipherContextPtr, 4> contexts;
  auto& context = contexts[(key.size() == 16 ? 0 : 2) + (encrypting ? 0 : 1)];
  const EVP_CIPHER* first_use = nullptr;
  if (!context) {
    context.reset(EVP_CIPHER_CTX_new());
    first_use = cipher(key.size());
  }
  if (context == nullptr ||
      EVP_CipherInit_ex2(context.get(), first_use, key.data(), first_use != nullptr ? kZeroBlock.data() : nullptr,
                         encrypting ? 1 : 0, nullptr) != 1 ||
      (first_use != nullptr && EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1)) {
    context.reset();
    fail();
  }
  return context.get();
}

void update(EVP_CIPHER_CTX* context, const std::uint8_t* in, std::uint8_t* out, std::size_t size) {
  int written = 0;
  if (size == 0) return;
  if (EVP_CipherUpdate(context, out, &written, in, int(size)) != 1 || std::size_t(written) != size) fail();
}

}  // namespace

void aes_cbc_encrypt(Bytes key, std::span<std::uint8_t> data) {
  update(start(key, true), data.data(), data.data(), data.size());
}

void aes_cts_encrypt(Bytes key, std::span<std::uint8_t> data, std::size_t size) {
  const std::size_t blocks = (size + kAesBlock - 1) / kAesBlock;
  std::fill(data.begin() + size, data.begin() + blocks * kAesBlock, std::uint8_t{0});
  aes_cbc_encrypt(key, data.first(blocks * kAesBlock));
  if (blocks == 1) return;
  auto* last = data.data() + (blocks - 1) * kAesBlock;
  std::swap_ranges(last - kAesBlock, last, last);
}

void aes_cts_decrypt(Bytes key, Bytes cipher, std::span<std::uint8_t> plain) {
  auto* context = start(key, false);
  const std::size_t blocks = (cipher.size() + kAesBlock - 1) / kAesBlock;
  if (blocks == 1) return update(context, cipher.data(), plain.data(), kAesBlock);

  // The blocks before the last two are plain CBC, and `before` is what the next one is chained with. The context goes
  // on with the full block (the last by right), whose decryption ends with the stolen part of the other, then with that
  // one.
  const std::size_t head = (blocks - 2) * kAesBlock, tail = cipher.size() - head - kAesBlock;
  const std::uint8_t* before = head == 0 ? kZeroBlock.data() : cipher.data() + head - kAesBlock;
  const std::uint8_t *full = cipher.data() + head, *rest = full + kAesBlock;
  std::array<std::uint8_t, kAesBlock> last, stolen_from;
  update(context, cipher.data(), plain.data(), head);
  update(context, full, last.data(), kAesBlock);
  for (std::size_t i = 0; i < kAesBlock; ++i) last[i] ^= before[i];
  stolen_from = last;
  std::copy_n(rest, tail, stolen_from.begin());
  for (std::size_t i = 0; i < tail; ++i) plain[head + kAesBlock + i] = last[i] ^ rest[i];
  update(context, stolen_from.data(), last.data(), kAesBlock);
  for (std::size_t i = 0; i < kAesBlock; ++i) plain[head + i] = last[i] ^ full[i] ^ before[i];
  wipe(last.data(), last.size());
}

}  // namespace stead::crypto
