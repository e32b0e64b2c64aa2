#pragma once
// The default configuration of the process, and the Clients that are opened with it.
#include <string>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/sspi/clients/client_thread.h"

namespace stead::sspi {

// The default configuration with these in place of its own where they are not empty; krb5.conf gives what is missing.
// Throws std::runtime_error, "FILE:LINE:COLUMN: ...", where the file of STEAD_CONFIG or /etc/stead/stead.toml is wrong.
[[nodiscard]] ClientOptions configured(const std::string& principal, const std::string& keytab);

// The Client of these options, shared by all callers with the same principal and keytab. An empty principal is the
// keytab's first.
[[nodiscard]] Checked<ClientPtr> client_for(ClientOptions options);

// A Client without keys, for users of a realm who sign in with passwords; shared by realm.
[[nodiscard]] ClientPtr keyless_client_for(ClientOptions options, const std::string& realm);

// Around fork(): between them no other thread uses the functions above.
void hold_configuration();
void release_configuration();

}  // namespace stead::sspi
