#pragma once
// Writes lines to a file or to standard error. Callers never wait: a thread of its own writes, and lines are dropped and
// counted if too many are waiting or a write fails, as at a full disk or a reader of standard error that has stopped.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sspi_shim/base/problem.h"

namespace stead::proxy {

class LogWriter {
 public:
  static constexpr std::size_t kMaxWaiting = 32 * 1024 * 1024;  // octets
  // `name` is for messages: "the access log". Empty path: standard error.
  [[nodiscard]] static Checked<std::unique_ptr<LogWriter>> open(const std::string& path, const std::string& name);
  ~LogWriter();  // writes what is waiting, for a second at most
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void take(std::string lines);  // thread-safe; whole lines
  // Opens the file again by its path, behind the lines taken so far, so that it can be renamed. Keeps the open file if
  // that fails. Thread-safe; nothing to do for standard error.
  void reopen();
  // Opens another file in its place; empty path: standard error. Keeps the open file if that fails.
  [[nodiscard]] Checked<void> reopen(const std::string& path);
  [[nodiscard]] std::uint64_t dropped_lines() const;

 private:
  struct State;
  explicit LogWriter(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // also the thread's: it may outlive this while a write hangs
};

}  // namespace stead::proxy
