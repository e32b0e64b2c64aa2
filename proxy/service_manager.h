#pragma once
// Tells the service manager that started us how we are (sd_notify(3)).
#include <string_view>

namespace stead::proxy {

// "READY=1", "STOPPING=1" and the like, lines in one message. Does nothing where NOTIFY_SOCKET names no socket.
void tell_service_manager(std::string_view state);

}  // namespace stead::proxy
