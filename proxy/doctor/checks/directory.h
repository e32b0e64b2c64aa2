#pragma once
// What the directories of the domains on the way add to the findings: the real names of accounts, the present list that a
// fix adds to, a second account with the SPN.
#include <string>

#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/directory_facts.h"

namespace stead::doctor {

// N9: which directories could be read.
[[nodiscard]] Checks judge_directories(const DirectoryFacts& directory);
// `service`: the target's SPN; empty: none. Changes the faults in `checks`, and adds S2 where two accounts have the SPN.
void use_directory(const DirectoryFacts& directory, const std::string& service, Checks& checks);

}  // namespace stead::doctor
