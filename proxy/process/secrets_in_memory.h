#pragma once
// Keeps keys, passwords and tickets in memory: out of core dumps, of the swap, and of other processes of this user.

namespace stead::proxy {

// Called first in main. No core dumps, no ptrace(2); private keys in OpenSSL's locked heap; all memory locked if the
// limit for it (RLIMIT_MEMLOCK) is off. What the system does not allow is left out.
void keep_secrets_in_memory();

[[nodiscard]] bool runs_as_root();

}  // namespace stead::proxy
