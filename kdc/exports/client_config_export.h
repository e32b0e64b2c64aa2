#pragma once
// `stead-kdc client-config`: configuration for the clients of a forest.
#include <filesystem>
#include <string>

#include "kdc/forest/forest.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc {

// krb5.conf for the MIT and Heimdal libraries: the KDCs of each realm by address, no DNS lookups. It has no
// [domain_realm], because clients follow the KDCs' referrals.
[[nodiscard]] std::string krb5_conf(const Forest& forest);
// stead.toml with the same in [locator.realm."X"] tables.
[[nodiscard]] std::string stead_toml(const Forest& forest);
// Writes both files into `folder`, and creates it.
[[nodiscard]] Checked<void> write_client_config(const Forest& forest, const std::filesystem::path& folder);

}  // namespace stead::kdc
