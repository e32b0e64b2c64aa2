#pragma once
// N1 to N4, N7, N8: DNS, ports, clocks and realms of domain controllers.
#include <vector>

#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

[[nodiscard]] Checks judge_network(const Principal& self, const std::vector<RealmFacts>& realms);

}  // namespace stead::doctor
