#pragma once
// Versions, cipher suites and groups of a named policy, for connections of clients.
#include <openssl/types.h>

#include "proxy/config/tls_settings.h"

namespace stead::proxy {

// As Mozilla's Server Side TLS 5.7 has them. All suites are good, so the client's order counts: it knows whether it has
// AES in hardware. Renegotiation and compression are off.
void use_policy(SSL_CTX* context, TlsPolicy policy);

}  // namespace stead::proxy
