#pragma once
// The events of stead/s4u.h: each step of a call's trace becomes one. The Driver makes a `request` event before it
// sends, and a `reply`, `refusal` or `relocation` event when the step is complete.
#include <cstddef>

#include "sspi_shim/s4u/driver.h"

namespace stead {

// The step at `index` of the call's trace. A search for a DC becomes a relocation: its reason is the refusal in the
// step before, if there is one.
[[nodiscard]] Event event_of_step(const Call& call, std::size_t index);
// A request that is about to be sent.
[[nodiscard]] Event event_of_request(const Call& call, const SendToKdc& send);
[[nodiscard]] Event event_of_health(const KnownController& controller, ControllerState state);

}  // namespace stead
