#pragma once
// One line for each request: a JSON object, without tokens, tickets, cookies and passwords. Cores collect lines and
// pass them on in blocks.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/observe/log_writer.h"

namespace stead::proxy {

struct AccessRecord {
  std::chrono::system_clock::time_point at;
  std::string_view request_id, remote, protocol, method, host, path;
  int status = 0;
  std::string_view user, sign_in, spn, delegation, upstream;  // empty: null
  std::uint64_t bytes_in = 0, bytes_out = 0;                  // of bodies
  std::chrono::microseconds time{0};
  std::string_view diagnosis;  // what went wrong; empty: nothing
};
void append_json(std::string& out, const AccessRecord& record);
// "2026-11-22T14:00:00.123Z"
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);
void append_rfc3339(std::string& out, std::chrono::system_clock::time_point time);

// Collects one core's lines.
class AccessLogWriter {
 public:
  explicit AccessLogWriter(LogWriter& log) : log_(log) {}
  void add(const AccessRecord& record);
  void flush();

 private:
  LogWriter& log_;
  std::string lines_;
};

}  // namespace stead::proxy
