#pragma once
// Asks a proxy that runs.
#include <string>

#include "proxy/config/config.h"
#include "proxy/doctor/facts/running_facts.h"

namespace stead::doctor {

// `socket`: empty: the one that the configuration names. Blocking.
[[nodiscard]] RunningFacts ask_running(const proxy::Config& config, const std::string& socket);

}  // namespace stead::doctor
