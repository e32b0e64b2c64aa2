#include "proxy/ctl.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "proxy/admin/ask_admin.h"
#include "proxy/sign_in/login_form.h"

namespace stead::proxy {
namespace {

struct Command {
  std::string_view name, method, path, parameter;  // parameter: of the one argument; empty: none
  bool is_needed = false;
  std::string_view help;
};
constexpr std::array kCommands{
    Command{"status", "GET", "/status.json", "", false,
            "the process, its routes, back ends and last failures, as JSON"},
    Command{"sessions", "GET", "/sessions", "user", false,
            "the sessions that this process has seen, of USER or of all"},
    Command{"end-sessions", "POST", "/end-sessions", "user", true, "ends all sessions of USER"},
    Command{"purge-tickets", "POST", "/purge-tickets", "user", true, "asks the KDCs again for the tickets of USER"},
    Command{"upstreams", "GET", "/upstreams", "", false, "the back ends and their health"},
    Command{"drain", "POST", "/drain", "upstream", true, "sends no new requests to UPSTREAM"},
    Command{"undrain", "POST", "/undrain", "upstream", true, "sends requests to UPSTREAM again"},
    Command{"why", "GET", "/why", "id", true, "what became of the request with ID, if it failed lately"},
    Command{"tickets", "GET", "/tickets", "", false,
            "the proxy's own sign-on, and the tickets and refusals it remembers"},
    Command{"log-level", "POST", "/log-level", "level", true, "error, warning, info or debug"},
    Command{"reload", "POST", "/reload", "", false, "reads the configuration again"},
};

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

int wrong(const std::string& what) {
  std::fprintf(stderr, "stead-proxy ctl: %s\n", what.c_str());
  return 2;
}

}  // namespace

std::string ctl_commands() {
  std::string out;
  for (const Command& command : kCommands) {
    std::string usage(command.name);
    if (!command.parameter.empty())
      usage += command.is_needed ? " " + upper(command.parameter) : " [" + upper(command.parameter) + "]";
    usage.resize(std::max<std::size_t>(usage.size() + 2, 24), ' ');
    out.append("  ").append(usage).append(command.help).append("\n");
  }
  return out;
}

int run_ctl(const CtlCall& call) {
  const std::string name = call.command.empty() ? "" : call.command.front();
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& one) { return one.name == name; });
  if (found == kCommands.end())
    return wrong((name.empty() ? "a command is needed:\n" : "there is no command " + name + ":\n") + ctl_commands());
  const std::size_t arguments = call.command.size() - 1;
  if (arguments > (found->parameter.empty() ? 0U : 1U) || (found->is_needed && arguments == 0))
    return wrong(name + (found->parameter.empty() ? " takes no argument" : " takes one " + upper(found->parameter)));
  std::string target(found->path);
  if (arguments == 1) target.append("?").append(found->parameter).append("=").append(percent_encode(call.command[1]));

  const AdminAnswer answer =
      ask_admin(call.socket, found->method, target, call.json ? "application/json" : "text/plain");
  if (answer.status == 0) {
    std::fprintf(stderr, "%s: %s\n", call.socket.c_str(), answer.fault.c_str());
    return 1;
  }
  std::fputs(answer.body.c_str(), answer.status == 200 ? stdout : stderr);
  return answer.status == 200 ? 0 : 1;
}

}  // namespace stead::proxy
