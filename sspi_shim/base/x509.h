#pragma once
// X.509 certificates of OpenSSL as text, and their TLS channel bindings.
#include <openssl/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stead {

[[nodiscard]] std::string to_text(const X509_NAME* name);  // RFC 2253, UTF-8: "CN=alice,DC=example"
[[nodiscard]] std::string to_text(const ASN1_TIME* time);  // "Nov 30 12:00:00 2026 GMT"
// For logs: "CN=alice,DC=example serial 1002". The subject is cut at 300 bytes.
[[nodiscard]] std::string subject_and_serial(const X509* certificate);
[[nodiscard]] std::vector<std::uint8_t> to_der(const X509* certificate);

enum class Validity { not_yet, now, ended };  // by this host's clock
[[nodiscard]] Validity validity_of(const X509* certificate);

// tls-server-end-point (RFC 5929 §4.1) as GSS-API application data: "tls-server-end-point:" and the hash of the
// certificate. Empty if `certificate` is null or its signature algorithm names no hash.
[[nodiscard]] std::string tls_server_end_point(const X509* certificate);

}  // namespace stead
