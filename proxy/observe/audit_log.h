#pragma once
// One line for everything that concerns somebody's identity: who signed in, how, from where, what was refused and why.
// Never a secret.
#include <string>
#include <string_view>

namespace stead::proxy {

struct AuditEvent {
  std::string_view what;    // "sign-in", "sign-in refused", "sign-out", "delegation refused"
  std::string_view user;    // as known, or as typed; may be hostile text
  std::string_view method;  // "kerberos", "forms", "certificate"
  std::string_view address;
  std::string_view request_id;
  std::string_view detail;  // reason; empty: none
};

// A JSON object on one line, control characters and quotes escaped, fields longer than 512 octets cut.
[[nodiscard]] std::string to_json(const AuditEvent& event);
// A JSON string with its quotes; what is no UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
void audit(const AuditEvent& event);

}  // namespace stead::proxy
