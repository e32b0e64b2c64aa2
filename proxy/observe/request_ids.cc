#include "proxy/observe/request_ids.h"

#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stead::proxy {

RequestIds::RequestIds() {
  std::array<std::uint64_t, 2> seed{};
  RAND_bytes(reinterpret_cast<unsigned char*>(seed.data()), sizeof seed);
  prefix_ = seed[0];
  state_ = seed[1];
}

void RequestIds::assign_next(std::string& out) {
  // splitmix64: a bijection of a counter, so no value repeats.
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.resize(32);
  for (std::size_t i = 0; i < 16; ++i) {
    out[i] = kDigits[(prefix_ >> (60 - 4 * i)) & 15];
    out[16 + i] = kDigits[(z >> (60 - 4 * i)) & 15];
  }
}

}  // namespace stead::proxy
