#pragma once
// What the proxy itself says of its configuration.
#include "proxy/config/config.h"
#include "proxy/doctor/facts/configuration_facts.h"

namespace stead::doctor {

// Reads the files that the configuration names, as stead-proxy --check does; of the keytab, judge_account tells. Blocking.
[[nodiscard]] ConfigurationFacts check_files(const proxy::Config& config);

}  // namespace stead::doctor
