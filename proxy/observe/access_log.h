#pragma once
// One line for each request, without tokens, tickets, cookies and passwords: a JSON object, or the combined format of
// Apache and nginx. Cores collect lines and pass them on in blocks.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/observe/log_writer.h"
#include "stead/s4u.h"

namespace stead::proxy {

struct AccessRecord {
  std::chrono::system_clock::time_point at;
  std::string_view request_id, remote, protocol, tls, method, host, path, query, referer, user_agent, trace_id;
  int status = 0;
  std::string_view user, sign_in, spn, delegation, upstream;  // empty: null
  std::uint64_t bytes_in = 0, bytes_out = 0;                  // of bodies
  std::chrono::microseconds time{0};
  // The back end's ticket: how it was obtained, and whether for this request or before. Null: no ticket was used.
  const Trace* ticket = nullptr;
  bool ticket_was_cached = false;
  std::string_view diagnosis;  // what went wrong; empty: nothing
};
void append_json(std::string& out, const AccessRecord& record);
// remote - user [time] "request line" status octets "referer" "user agent"; characters that could end a field are written
// as \xHH.
void append_combined(std::string& out, const AccessRecord& record);
// "2026-11-22T14:00:00.123Z"
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);
void append_rfc3339(std::string& out, std::chrono::system_clock::time_point time);

// Collects one core's lines.
class AccessLogWriter {
 public:
  explicit AccessLogWriter(LogWriter& log) : log_(log) {}
  enum class Format { json, combined };
  void add(const AccessRecord& record, Format format = Format::json);
  void flush();

 private:
  LogWriter& log_;
  std::string lines_;
};

}  // namespace stead::proxy
