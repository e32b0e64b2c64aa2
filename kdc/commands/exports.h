#pragma once
// What clients and services of a forest need as files: keytabs, krb5.conf and stead.toml, DNS records.
#include <filesystem>
#include <string>
#include <string_view>

#include "kdc/directory/directory.h"

namespace stead::kdc {

// Writes the keys of the account that `principal` names, mode 0600, in place of what was there: under the account's
// name and each of its SPNs, in every encryption type its tickets may have. `principal` is an SPN, an account name or a
// UPN, with or without @REALM; krbtgt/B@A names the key of a trust. Returns what is wrong, in one line; empty: done.
[[nodiscard]] std::string write_keytab(const Snapshot& snapshot, std::string_view principal,
                                       const std::filesystem::path& out);

// For MIT's and Heimdal's libraries: the realms' KDCs by address, nothing asked of DNS, no [domain_realm] (referrals
// are followed).
[[nodiscard]] std::string krb5_conf(const Forest& forest);
// The same for ours: [locator.realm."X"] tables.
[[nodiscard]] std::string stead_toml(const Forest& forest);
// Both files into `folder`, which is made. Returns what is wrong; empty: done.
[[nodiscard]] std::string write_client_config(const Forest& forest, const std::filesystem::path& folder);

// SRV and A records as AD publishes them (MS-ADTS §6.3.2.3), as dnsmasq configuration. The first controller is the PDC
// emulator.
[[nodiscard]] std::string dnsmasq_configuration(const Forest& forest);

}  // namespace stead::kdc
