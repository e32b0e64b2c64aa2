#pragma once
// The faults of a DC that concern its network: answers that are late or missing. Included by the server's own sources
// only.
#include "kdc/server/server_core.h"

namespace stead::kdc {

// True if this request is to have no answer: by chance, or because too many answers are waiting.
[[nodiscard]] bool is_dropped(const Core& core, const Faults& faults);
// Waits for the latency of the DC's faults.
[[nodiscard]] asio::awaitable<void> wait_for_latency(Core& core, std::chrono::milliseconds latency);

}  // namespace stead::kdc
