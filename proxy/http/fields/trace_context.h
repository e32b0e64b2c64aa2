#pragma once
// W3C Trace Context (https://www.w3.org/TR/trace-context/): a request belongs to the trace that its client began, and each
// program on its way names itself as the parent of the next.
//
//   traceparent = "00-" trace-id (32 hex digits) "-" parent-id (16) "-" flags (2)
//
// The proxy goes on with a client's trace, under its own id, and begins none.
#include <string>
#include <string_view>

namespace stead::proxy {

// The trace of a request. Views into the field's value.
struct TraceContext {
  std::string_view trace_id, flags;  // empty: there is none
  explicit operator bool() const { return !trace_id.empty(); }
};
// `traceparent`: the value of the one field of this name. Without a trace if it is not valid; then tracestate has no
// meaning either. A later version's is read as far as it is version 00's (§3.2.2).
[[nodiscard]] TraceContext parse_traceparent(std::string_view traceparent);

// Appends the value for the next program. The parent is this request: the last 16 digits of its id.
void append_traceparent(std::string& out, const TraceContext& trace, std::string_view request_id);

}  // namespace stead::proxy
