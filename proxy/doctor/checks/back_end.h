#pragma once
// B1 to B8, N3, N5, N6, S4: one back end of a route.
#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

[[nodiscard]] Checks judge_back_end(const BackEndFacts& back_end);

}  // namespace stead::doctor
