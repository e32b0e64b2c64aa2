#pragma once
// N1 to N4, N7, N8: DNS, ports, clocks and realms of domain controllers.
#include <chrono>
#include <vector>

#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

// `back_ends`: their clocks minus ours, which tell whether ours is the wrong one.
[[nodiscard]] Checks judge_network(const Principal& self, const std::vector<RealmFacts>& realms,
                                   const std::vector<std::chrono::milliseconds>& back_ends = {});

}  // namespace stead::doctor
