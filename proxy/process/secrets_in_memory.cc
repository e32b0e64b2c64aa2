#include "proxy/process/secrets_in_memory.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>

namespace stead::proxy {
namespace {

constexpr std::size_t kKeyHeap = 256 * 1024, kSmallestPiece = 32;

// LeakSanitizer traces its own process.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMayBeTraced = true;
#else
constexpr bool kMayBeTraced = false;
#endif

// With a limit, an allocation beyond it would fail later.
bool may_lock_all() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

}  // namespace

void keep_secrets_in_memory() {
  const rlimit no_cores{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &no_cores);
  if (kMayBeTraced) return;
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)CRYPTO_secure_malloc_init(kKeyHeap, kSmallestPiece);
  // Pages that are never used, as most of each thread's stack, are not locked.
  if (may_lock_all()) (void)::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

bool runs_as_root() {
  return ::geteuid() == 0;
}

}  // namespace stead::proxy
