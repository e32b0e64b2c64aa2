#pragma once
// Hash maps whose keys ignore the case of ASCII letters, as AD compares realms, account names, SPNs and UPNs. A lookup
// takes a string_view and copies nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {

struct CaselessHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: names are short
    for (const char c : text) {
      const auto letter = static_cast<unsigned char>(c);
      hash = (hash ^ (static_cast<unsigned>(letter - 'A') < 26u ? letter | 0x20u : letter)) * 0x100000001b3;
    }
    return hash;
  }
};

struct CaselessEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return equal_ignoring_case(a, b); }
};

template <class Value>
using CaselessMap = std::unordered_map<std::string, Value, CaselessHash, CaselessEqual>;

}  // namespace stead::kdc
