#pragma once
// A client's events in a log of spdlog's, whose headers it needs (the library does not):
//   options.on_event = stead::log_events(spdlog::default_logger());
// Exchanges and the cache are for debugging, refusals and relocations are told, and a DC whose health changes is a warning. The logger's
// sinks are those for several threads ("_mt").
#include <spdlog/logger.h>

#include <functional>
#include <memory>
#include <utility>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

[[nodiscard]] inline std::function<void(const Event&)> log_events(std::shared_ptr<spdlog::logger> logger) {
  return [log = std::move(logger)](const Event& event) {
    spdlog::level::level_enum level = spdlog::level::debug;
    if (event.kind == EventKind::refusal || event.kind == EventKind::relocation) level = spdlog::level::info;
    if (event.kind == EventKind::controller_health) level = spdlog::level::warn;
    if (log->should_log(level)) log->log(level, to_text(event));
  };
}

}  // namespace v0
}  // namespace stead
