#pragma once
// C1, C2: the proxy's file, and the files that it names.
#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/configuration_facts.h"

namespace stead::doctor {

[[nodiscard]] Checks judge_configuration(const ConfigurationFacts& configuration);
// The whole report on a file that the proxy refuses to read. `problem`: FILE:LINE:COLUMN and why.
[[nodiscard]] Report report_of_refused_file(const std::string& file, const Problem& problem);

}  // namespace stead::doctor
