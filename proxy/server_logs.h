#pragma once
// The log files of the process: opened at the start, opened again for rotation, changed by a reload.
#include <optional>

#include "proxy/core/core.h"
#include "proxy/observe/message_log.h"

namespace stead::proxy {

class ServerLogs {
 public:
  ServerLogs() = default;
  ~ServerLogs();
  ServerLogs(const ServerLogs&) = delete;
  ServerLogs& operator=(const ServerLogs&) = delete;

  // From now on messages and audit events go there too.
  [[nodiscard]] Checked<void> open(const Config& config);
  void reopen();  // the files by their paths, which may have been renamed
  // Other files, where the configuration names others. Keeps those that are open if one cannot be opened.
  [[nodiscard]] Checked<void> change_to(const Config& config);
  [[nodiscard]] const Logs& get() const { return logs_; }

 private:
  [[nodiscard]] Checked<void> change_audit_log(const std::string& path);
  Logs logs_;
  std::optional<MessageLog> message_log_;
  std::string access_path_, audit_path_;
};

}  // namespace stead::proxy
