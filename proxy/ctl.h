#pragma once
// stead-proxy ctl: speaks to the admin API of a proxy that runs.
#include <string>
#include <vector>

namespace stead::proxy {

struct CtlCall {
  std::string socket;                // path
  std::vector<std::string> command;  // "end-sessions", "alice@EXAMPLE.COM"
  bool json = false;
};
// The commands and their arguments, for --help.
[[nodiscard]] std::string ctl_commands();
// Sends the command and prints the answer. Returns the exit status: 0 done, 1 refused or nobody listens, 2 no such command.
// Blocking.
[[nodiscard]] int run_ctl(const CtlCall& call);

}  // namespace stead::proxy
