#pragma once
// Byte sequences: borrowed (Bytes), owned (Buffer), owned and secret (SecretBuffer), and loads and stores of integers.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stead {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

// Overwrites memory in a way the compiler may not drop.
void wipe(void* data, std::size_t size) noexcept;

// Wipes every block before it is freed, also the blocks that a growing vector leaves behind.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() noexcept = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* data, std::size_t n) noexcept {
    wipe(data, n * sizeof(T));
    std::allocator<T>{}.deallocate(data, n);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) noexcept { return true; }
};

// Key material, passwords and decrypted parts. Wiped before its memory is freed.
using SecretBuffer = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Buffer to_buffer(Bytes bytes) {
  return Buffer(bytes.begin(), bytes.end());
}
inline SecretBuffer to_secret(Bytes bytes) {
  return SecretBuffer(bytes.begin(), bytes.end());
}
inline void append(Buffer& out, Bytes more) {
  out.insert(out.end(), more.begin(), more.end());
}

// Compares in a time that does not depend on where the bytes differ. For keys, checksums and session ids.
[[nodiscard]] bool equal_in_constant_time(Bytes a, Bytes b) noexcept;

// The caller has checked that enough bytes are there.
inline std::uint16_t load_le16(const std::uint8_t* p) {
  return std::uint16_t(p[0] | p[1] << 8);
}
inline std::uint32_t load_le32(const std::uint8_t* p) {
  return std::uint32_t(p[0]) | std::uint32_t(p[1]) << 8 | std::uint32_t(p[2]) << 16 | std::uint32_t(p[3]) << 24;
}
inline std::uint64_t load_le64(const std::uint8_t* p) {
  return load_le32(p) | std::uint64_t(load_le32(p + 4)) << 32;
}
inline std::uint16_t load_be16(const std::uint8_t* p) {
  return std::uint16_t(p[0] << 8 | p[1]);
}
inline std::uint32_t load_be32(const std::uint8_t* p) {
  return std::uint32_t(p[0]) << 24 | std::uint32_t(p[1]) << 16 | std::uint32_t(p[2]) << 8 | std::uint32_t(p[3]);
}
inline void store_le16(std::uint8_t* p, std::uint16_t v) {
  p[0] = std::uint8_t(v);
  p[1] = std::uint8_t(v >> 8);
}
inline void store_le32(std::uint8_t* p, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = std::uint8_t(v >> (8 * i));
}
inline void store_le64(std::uint8_t* p, std::uint64_t v) {
  for (int i = 0; i < 8; ++i) p[i] = std::uint8_t(v >> (8 * i));
}
inline void store_be32(std::uint8_t* p, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = std::uint8_t(v >> (24 - 8 * i));
}

}  // namespace stead
