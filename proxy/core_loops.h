#pragma once
// The cores' event loops, and the proof for systemd's watchdog that they turn.
#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "proxy/core/core.h"
#include "proxy/core/server_state.h"

namespace stead::proxy {

// Runs the core's loop on this thread until it is stopped. An exception of a handler is logged, and the loop goes on.
void run_loop(Core& core);

// Tells systemd that the process lives as long as the loop of each core turns: if one hangs, systemd starts the process
// again. On the first core.
[[nodiscard]] boost::asio::awaitable<void> feed_watchdog(const Cores& cores, std::chrono::microseconds every);

}  // namespace stead::proxy
