#include "sspi_shim/protocol/crypto/random.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace stead {
namespace {

constexpr std::size_t kBatch = 2048, kMaxOfBatch = 64;

// Counts forks, so that parent and child never use the same batch.
std::atomic<unsigned> forks{0};

// A draw of 16 bytes from OpenSSL's generator takes 0.9 µs, a quarter of an encryption, and calls getpid: so each
// thread draws the bytes for a hundred messages at once.
struct Batch {
  std::array<std::uint8_t, kBatch> bytes;
  std::size_t used = sizeof bytes;
  unsigned drawn_after = 0;

  Batch() {
    static const int registered =
        pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
    if (registered != 0) throw std::runtime_error("no memory for a handler of fork");
  }
  ~Batch() { wipe(bytes.data(), bytes.size()); }
};

void draw(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
    throw std::runtime_error("OpenSSL has no random bytes");
}

}  // namespace

void random_bytes(std::span<std::uint8_t> out) {
  if (out.size() > kMaxOfBatch) return draw(out);
  static thread_local Batch batch;
  const auto now = forks.load(std::memory_order_relaxed);
  if (batch.bytes.size() - batch.used < out.size() || batch.drawn_after != now) {
    draw(batch.bytes);
    batch.used = 0;
    batch.drawn_after = now;
  }
  const auto taken = std::span(batch.bytes).subspan(batch.used, out.size());
  std::copy(taken.begin(), taken.end(), out.begin());
  wipe(taken.data(), taken.size());
  batch.used += out.size();
}

Buffer random_buffer(std::size_t size) {
  Buffer out(size);
  random_bytes(out);
  return out;
}

std::uint32_t random_nonce() {
  std::uint8_t bytes[4];
  random_bytes(bytes);
  return load_be32(bytes) & 0x7FFFFFFF;
}

}  // namespace stead
