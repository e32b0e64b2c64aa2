#pragma once
// What sign-in tells other replicas, and what it does with what they tell: sign-outs and failed passwords.
#include <memory>

#include "proxy/shared/shared_state.h"
#include "proxy/sign_in/sign_in_state.h"

namespace stead::proxy {

// For `memory`'s SharedState, which ends before `memory`.
[[nodiscard]] SharedState::Topics shared_topics(SignInMemory& memory);

// Tells the others of passwords that fail here. `shared`: null if this replica is alone.
void share_failures(LoginThrottle& throttle, const std::shared_ptr<SharedState>& shared);

}  // namespace stead::proxy
