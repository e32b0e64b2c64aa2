#pragma once
// S1, S2, S5: the SPNs of the routes, or of --service.
#include <vector>

#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

// `account`: the front end's, for the commands. `broken`: why no ticket could be asked for.
[[nodiscard]] Checks judge_services(const std::vector<ServiceFacts>& services, const AccountFacts& account,
                                    BrokenCheck broken);

}  // namespace stead::doctor
