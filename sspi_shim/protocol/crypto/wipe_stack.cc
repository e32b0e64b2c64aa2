#include "sspi_shim/protocol/crypto/wipe_stack.h"

#include <array>
#include <cstddef>

#include "sspi_shim/base/bytes.h"

namespace stead {

[[gnu::noinline]] void wipe_stack() noexcept {
  constexpr std::size_t kUsed = std::size_t{64} * 1024;
  std::array<unsigned char, kUsed> below;  // not initialized: wipe() writes all of it
  wipe(below.data(), below.size());
}

}  // namespace stead
