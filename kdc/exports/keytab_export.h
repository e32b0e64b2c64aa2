#pragma once
// `stead-kdc keytab`.
#include <filesystem>
#include <string>
#include <string_view>

#include "kdc/directory/snapshot.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc {

// Writes the keys of the account that `principal` names to a keytab with mode 0600, replacing an existing file: under
// the account's name and each of its SPNs, in every encryption type that its tickets may have. `principal` is an SPN,
// an account name or a UPN, with or without @REALM; krbtgt/B@A names the key of a trust.
[[nodiscard]] Checked<void> write_keytab(const Snapshot& snapshot, std::string_view principal,
                                         const std::filesystem::path& out);

}  // namespace stead::kdc
