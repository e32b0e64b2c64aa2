#pragma once

namespace stead::sspi {

// From now on a child of fork() can use every handle that its parent had. Its calls start a thread, clients and
// connections of its own, whose cache of tickets is empty. A context that another thread was using at fork() is lost to
// the child, where that thread does not exist: its handle is stale. 0: done.
int handle_forks();

}  // namespace stead::sspi
