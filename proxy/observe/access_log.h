#pragma once
// One line for each request: a JSON object, without tokens, tickets, cookies and passwords. Cores collect lines and
// pass them on in blocks; a thread writes them, so that a slow disk or pipe does not delay requests.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct AccessRecord {
  std::chrono::system_clock::time_point at;
  std::string_view request_id, remote, method, host, path;
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

class AccessLog {
 public:
  // Empty path: standard error.
  [[nodiscard]] static Checked<std::unique_ptr<AccessLog>> open(const std::string& path);
  ~AccessLog();  // writes what is waiting
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void take(std::string block);  // thread-safe; drops the block if too much is waiting
  [[nodiscard]] std::uint64_t dropped_blocks() const { return dropped_.load(); }

 private:
  explicit AccessLog(int file, bool close_it);
  void write_blocks();

  int file_;
  bool close_it_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> blocks_;
  std::size_t waiting_ = 0;
  bool ending_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;
};

// Collects one core's lines.
class AccessLogWriter {
 public:
  explicit AccessLogWriter(AccessLog& log) : log_(log) {}
  void add(const AccessRecord& record);
  void flush();

 private:
  AccessLog& log_;
  std::string lines_;
};

}  // namespace stead::proxy
