#pragma once
// What the admin pages report of the whole process.
#include <chrono>
#include <memory>
#include <vector>

#include "proxy/core/core.h"

namespace stead::proxy {

using Cores = std::vector<std::unique_ptr<Core>>;

struct ServerState {
  std::chrono::system_clock::time_point started;
  bool ready = false;  // new requests are accepted
};

}  // namespace stead::proxy
