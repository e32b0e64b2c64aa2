#pragma once
// Reports the state of the process to the service manager (sd_notify(3)).
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace stead::proxy {

// `state` is "READY=1", "STOPPING=1" or the like. Does nothing if NOTIFY_SOCKET names no socket.
void notify_service_manager(std::string_view state);

// A reload begins; it ends with "READY=1". Type=notify-reload needs the time that this says.
void notify_reloading();

// Listening sockets that it opened for this process (LISTEN_FDS, sd_listen_fds(3)). The first call takes them.
[[nodiscard]] std::vector<int> sockets_of_service_manager();

// How often it wants to hear "WATCHDOG=1" (WATCHDOG_USEC, sd_watchdog_enabled(3)); nothing: never.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace stead::proxy
