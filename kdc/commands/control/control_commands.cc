#include "kdc/commands/control/control_commands.h"

#include <string>
#include <utility>
#include <vector>

#include "kdc/forest/faults.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

CommandResult refused(int status, std::string why) {
  CommandResult out;
  out.exit_status = status;
  out.error = std::move(why);
  return out;
}

std::string line_of(const Controller& dc) {
  return dc.name + ' ' + to_string(dc.faults) + '\n';
}

}  // namespace

CommandResult run_control_command(DirectoryStore& store, const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 1; i < words.size(); ++i) text.append(text.empty() ? "" : " ").append(words[i]);
  const auto faults = parse_faults(text);
  if (!faults) return refused(2, "ctl: " + to_string(faults.error()));
  CommandResult out;
  bool found = words.empty();
  const auto edit = [&](Forest& forest) -> Checked<void> {
    for (auto& domain : forest.domains)
      for (auto& dc : domain.controllers) {
        if (!words.empty() && !equal_ignoring_case(dc.name, words.front())) continue;
        found = true;
        if (words.size() > 1) dc.faults = *faults;
        out.output += line_of(dc);
      }
    if (!found) return Problem{"ctl: no domain controller '" + words.front() + "'", {}, {}};
    return {};
  };
  if (const auto done = store.change(edit); !done) return refused(1, to_string(done.error()));
  return out;
}

}  // namespace stead::kdc
