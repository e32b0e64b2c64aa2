#pragma once
// A call's steps as the events of stead/s4u.h.
#include "sspi_shim/s4u/driver.h"

namespace stead {

using EventSink = std::function<void(const Event&)>;

// The step with this index of a call's trace. A search for another DC tells whose refusal it follows.
[[nodiscard]] Event event_of_step(const Call& call, std::size_t index);
// What is about to be sent.
[[nodiscard]] Event event_of_request(const Call& call, const SendToKdc& send);
// `state`: "silent", "paused", "alive".
[[nodiscard]] Event event_of_health(const KnownController& controller, std::string state);

}  // namespace stead
