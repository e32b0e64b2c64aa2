#pragma once
// D1 to D8: S4U2Proxy for the user.
#include <vector>

#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

// D5: DCs of 2012 or later in the realms that tickets to `services` pass.
[[nodiscard]] Checks judge_levels(const Principal& self, const std::vector<RealmFacts>& realms,
                                  const std::vector<ServiceFacts>& services);
[[nodiscard]] Checks judge_delegation(const UserFacts& user, const DelegationFacts& delegation,
                                      const AccountFacts& account);

// The check that a failure of the SDK's client breaks.
[[nodiscard]] CheckId check_of(const Failure& failure);

}  // namespace stead::doctor
