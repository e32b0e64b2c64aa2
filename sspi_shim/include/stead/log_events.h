#pragma once
// Writes a client's events to an spdlog logger. Needs spdlog's headers; the library itself does not.
//
//   options.on_event = stead::log_events(spdlog::default_logger());
//
// Levels: refusals and relocations are "info", a change of a DC's health is "warn", all other events are "debug".
// Several threads may log at once, so the logger's sinks must be thread-safe (spdlog's names that end in "_mt"), and
// must not block: an asynchronous logger does not.
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
