#include "sspi_shim/sspi/fork.h"

#include <pthread.h>

#include <mutex>
#include <vector>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/clients/client_thread.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {
namespace {

// What runs goes first: it uses the rest.
void before_fork() {
  ForkGate::before_fork();
  pause_client_thread();
  hold_configuration();
  hold_client_thread();
  credentials_table().hold();
  contexts().hold();
  tokens().hold();
  clients().hold();
  lsa_connections().hold();
  hold_memory();
}

void in_parent() {
  release_memory();
  lsa_connections().release();
  clients().release();
  tokens().release();
  contexts().release();
  credentials_table().release();
  release_client_thread();
  release_configuration();
  ForkGate::after_fork();
}

bool is_in_use(Context& context) {
  const std::unique_lock lock(context.mutex, std::try_to_lock);
  return !lock.owns_lock();
}

void in_child() {
  // Never destroyed: a thread of the parent works with them.
  static auto* lost = new std::vector<std::vector<ContextPtr>>;
  lost->push_back(contexts().take_if(is_in_use));
  in_parent();
}

}  // namespace

int handle_forks() {
  return ::pthread_atfork(before_fork, in_parent, in_child);
}

}  // namespace stead::sspi
