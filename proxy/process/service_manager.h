#pragma once
// Reports the state of the process to the service manager (sd_notify(3)).
#include <string_view>

namespace stead::proxy {

// `state` is "READY=1", "STOPPING=1" or the like. Does nothing if NOTIFY_SOCKET names no socket.
void notify_service_manager(std::string_view state);

// A reload begins; it ends with "READY=1". Type=notify-reload needs the time that this says.
void notify_reloading();

}  // namespace stead::proxy
