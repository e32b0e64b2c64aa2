#pragma once
// Domains by the names that callers give.
#include <string>

namespace stead::sspi {

// The realm of a domain with this DNS or flat name, found as DsGetDcName does; an empty name is our own domain. Empty:
// not found.
[[nodiscard]] std::string realm_of_domain(const std::string& domain);

// The NetBIOS name of a realm's domain, as a DC tells it. Empty: no DC does.
[[nodiscard]] std::string flat_name_of_realm(const std::string& realm);

}  // namespace stead::sspi
