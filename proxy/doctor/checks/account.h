#pragma once
// A1 to A6, A8: the front end's account, its keytab, the SPNs of the public names, and files with secrets.
#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

[[nodiscard]] Checks judge_account(const AccountFacts& account);

}  // namespace stead::doctor
