#include "proxy/server_logs.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "proxy/observe/audit_log.h"

namespace stead::proxy {

ServerLogs::~ServerLogs() {
  write_audit_to(nullptr);
}

Checked<void> ServerLogs::open(const Config& config) {
  auto messages = LogWriter::open("", "the log");
  if (!messages) return messages.error();
  logs_.messages = std::move(*messages);
  message_log_.emplace(*logs_.messages);
  auto access_log = LogWriter::open(config.access_log, "the access log");
  if (!access_log) return access_log.error();
  logs_.access_log = std::move(*access_log);
  access_path_ = config.access_log;
  return change_audit_log(config.audit_log);
}

void ServerLogs::reopen() {
  logs_.access_log->reopen();
  if (logs_.audit_log) logs_.audit_log->reopen();
  spdlog::info("the log files are opened again");
}

Checked<void> ServerLogs::change_to(const Config& config) {
  if (config.audit_log != audit_path_)
    if (auto changed = change_audit_log(config.audit_log); !changed) return changed;
  if (config.access_log != access_path_)
    if (auto changed = logs_.access_log->reopen(config.access_log); !changed) return changed;
  access_path_ = config.access_log;
  return {};
}

// The writer stays until the process ends: another thread may be at an event.
Checked<void> ServerLogs::change_audit_log(const std::string& path) {
  if (path.empty()) {
    write_audit_to(nullptr);
  } else if (logs_.audit_log) {
    if (auto changed = logs_.audit_log->reopen(path); !changed) return changed;
    write_audit_to(logs_.audit_log.get());
  } else {
    auto audit_log = LogWriter::open(path, "the audit log");
    if (!audit_log) return audit_log.error();
    logs_.audit_log = std::move(*audit_log);
    write_audit_to(logs_.audit_log.get());
  }
  audit_path_ = path;
  return {};
}

}  // namespace stead::proxy
