#pragma once
// One line for each event that concerns a user's identity: who signed in, how and from where; what was refused and why.
// No secrets.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/observe/log_text.h"
#include "proxy/observe/log_writer.h"

namespace stead::proxy {

enum class AuditKind { sign_in, sign_in_refused, sign_out, session_ended, delegation_refused, forwarded_tgt_refused };
[[nodiscard]] std::string_view to_string(AuditKind kind);  // "sign-in refused", as in the log

struct AuditEvent {
  AuditKind kind{};
  std::string_view user;    // as known, or as typed; may be hostile text
  std::string_view method;  // "kerberos", "forms", "certificate"
  std::string_view address;
  std::string_view request_id;
  std::string_view detail;  // reason; empty: none
};

// A JSON object on one line. Control characters and quotes are escaped; fields are cut after 512 octets.
[[nodiscard]] std::string to_json(const AuditEvent& event);
// Writes the event: refusals as warnings, others as information. Never waits.
void audit(const AuditEvent& event);
// The events since the process began, by kind and method; "" where an event names none. Thread-safe.
struct AuditCount {
  AuditKind kind{};
  std::string_view method;
  std::uint64_t events = 0;
};
[[nodiscard]] std::vector<AuditCount> audit_counts();
// Events go to `writer`, one object a line with a "time" before them; null, as at the start: among the messages.
// `writer` outlives every later call of audit().
void write_audit_to(LogWriter* writer);

}  // namespace stead::proxy
