#pragma once
// What a client is told: `stead --config FILE`, and what holds without one. The proxy's file has the same tables.
#include <optional>
#include <string>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// Other tables than [locator] and [identity]. `of_proxy`: those that the proxy's file has are passed over, so that a misspelt table is still told.
enum class OtherTables { refused, allowed, of_proxy };

// On failure `message` is one line, "FILE:LINE:COLUMN: message". Relative paths in it are made to start at the file's folder.
[[nodiscard]] std::optional<ClientOptions> read_client_config(const std::string& path, OtherTables others,
                                                              std::string& message);

// Fills in what is empty: the keytab, and the principal's realm where it has none, as krb5.conf and KRB5_KTNAME have them. The
// locator's default is the system's DNS.
void fill_from_krb5_conf(ClientOptions& options);
// krb5.conf's default_realm, or the one libkrb5 derives; empty: none.
[[nodiscard]] std::string default_realm();

}  // namespace v0
}  // namespace stead
