#pragma once
// Facts about a realm: its DNS records, and the ports, pings and clocks of its domain controllers.
#include <string>

#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

Awaitable<RealmFacts> probe_realm(ToolsPtr tools, std::string realm);

}  // namespace stead::doctor
