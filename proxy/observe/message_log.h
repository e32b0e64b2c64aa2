#pragma once
// The proxy's own messages, "TIME LEVEL text" (spdlog) with the time in UTC, by way of a LogWriter: a thread that logs
// never waits for the reader of standard error.
#include <memory>

#include "proxy/observe/log_writer.h"

namespace spdlog {
class logger;
}

namespace stead::proxy {

inline constexpr const char* kMessagePattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";  // with UTC

// For the time of its life, messages go to `writer`, which outlives it; before and after, to standard error at once.
class MessageLog {
 public:
  explicit MessageLog(LogWriter& writer);
  ~MessageLog();
  MessageLog(const MessageLog&) = delete;
  MessageLog& operator=(const MessageLog&) = delete;

 private:
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace stead::proxy
