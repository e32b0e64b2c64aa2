#pragma once

namespace stead {

// Overwrites the part of this thread's stack that functions below the caller used. Copies of a password stay there in
// saved registers, which no function can wipe when it ends.
void wipe_stack() noexcept;

}  // namespace stead
