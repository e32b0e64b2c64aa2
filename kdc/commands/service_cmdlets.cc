#include "kdc/commands/service_cmdlets.h"

#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kService = "Netlogon";

// The controller of -ComputerName (or -Server), by its full name, or by its first label if only one has it.
Controller* named_controller(CommandContext& context) {
  const auto* option = context.words.option("computername");
  if (option == nullptr) option = context.words.option("server");
  if (option == nullptr) {
    context.misunderstood(context.words.name + ": say -ComputerName and the full name of a domain controller");
    return nullptr;
  }
  const auto name = unquote(*option);
  std::vector<Controller*> found;
  std::string known;
  for (auto& domain : context.forest.domains) {
    for (auto& controller : domain.controllers) {
      if (equal_ignoring_case(controller.name, name)) return &controller;
      if (equal_ignoring_case(std::string_view(controller.name).substr(0, controller.name.find('.')), name))
        found.push_back(&controller);
      known += ' ' + controller.name;
    }
  }
  if (found.size() == 1) return found.front();
  context.refuse(found.empty()
                     ? context.words.name + " : no domain controller '" + name + "'; there are:" + known
                     : "Several domains have a controller '" + name + "': write its full name, one of" + known);
  return nullptr;
}

// Refuses the command if it does not name the Netlogon service.
bool check_service(CommandContext& context) {
  const auto& words = context.words;
  std::string service;
  if (const auto* option = words.option("name"))
    service = unquote(*option);
  else if (!words.operands.empty())
    service = words.operands.front();
  if (service.empty())
    context.misunderstood(words.name + ": name the service: Netlogon");
  else if (!equal_ignoring_case(service, kService))
    context.refuse(words.name + " : Cannot find any service with service name '" + service +
                   "': Netlogon is the only one");
  return context.fault.empty();
}

void print_state(CommandContext& context, const Controller& controller) {
  const std::string status = controller.paused ? "Paused" : "Running";
  context.line("Status   Name      MachineName");
  context.line("------   ----      -----------");
  context.line(status + std::string(9 - status.size(), ' ') + "Netlogon  " + controller.name);
  context.json = "{\"Status\": " + json_string(status) +
                 ", \"Name\": \"Netlogon\", \"MachineName\": " + json_string(controller.name) + '}';
}

}  // namespace

bool run_service_cmdlet(CommandContext& context) {
  const auto& name = context.words.name;
  const bool suspend = equal_ignoring_case(name, "Suspend-Service");
  const bool resume = equal_ignoring_case(name, "Resume-Service");
  if (!suspend && !resume && !equal_ignoring_case(name, "Get-Service")) return false;
  if (!check_service(context)) return true;
  auto* controller = named_controller(context);
  if (controller == nullptr) return true;
  if (suspend || resume)
    controller->paused = suspend;
  else
    print_state(context, *controller);
  return true;
}

}  // namespace stead::kdc
