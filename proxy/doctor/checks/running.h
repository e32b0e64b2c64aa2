#pragma once
// R1 to R4: the proxy that runs.
#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/running_facts.h"

namespace stead::doctor {

[[nodiscard]] Checks judge_running(const RunningFacts& running);

}  // namespace stead::doctor
