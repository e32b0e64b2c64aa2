#pragma once
// U1 to U4, A7: the user whom the front end acts for.
#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

[[nodiscard]] Checks judge_user(const UserFacts& user, const AccountFacts& account);

}  // namespace stead::doctor
