#pragma once
// The packages Negotiate and Kerberos.
#include <string_view>

#include "sspi_shim/sspi/base/types.h"

namespace stead::sspi {

constexpr ULONG kMaxToken = 65536;  // a ticket with a large PAC, in SPNEGO

// Memory for the caller; nullptr: no such package. Info: SecPkgInfoA or SecPkgInfoW.
template <class Info>
[[nodiscard]] Info* give_package(std::string_view name);

}  // namespace stead::sspi
