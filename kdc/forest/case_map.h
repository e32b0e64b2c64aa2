#pragma once
// Hash maps whose keys ignore the case of letters, as AD compares realms, account names, SPNs and UPNs (name_case.h). A
// lookup takes a string_view and copies nothing.
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kdc/forest/name_case.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {

struct CaselessHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return name_hash(text); }
};

struct CaselessEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return is_same_name(a, b); }
};

template <class Value>
using CaselessMap = std::unordered_map<std::string, Value, CaselessHash, CaselessEqual>;

}  // namespace stead::kdc
