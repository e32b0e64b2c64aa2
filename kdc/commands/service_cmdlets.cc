#include "kdc/commands/service_cmdlets.h"

#include <vector>

namespace stead::kdc {
namespace {

constexpr std::string_view kService = "Netlogon";

// The controller of -ComputerName (or -Server): its full name, or its first label where no other has it.
Controller* named_controller(CommandContext& context) {
  const auto* option = context.words.option("computername");
  if (option == nullptr) option = context.words.option("server");
  if (option == nullptr)
    return context.misunderstood(context.words.name + ": say -ComputerName and the full name of a domain controller"),
           nullptr;
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

}  // namespace

bool run_service_cmdlet(CommandContext& context) {
  const auto& words = context.words;
  const bool suspend = equal_ignoring_case(words.name, "Suspend-Service"),
             resume = equal_ignoring_case(words.name, "Resume-Service");
  if (!suspend && !resume && !equal_ignoring_case(words.name, "Get-Service")) return false;
  std::string service;
  if (const auto* option = words.option("name"))
    service = unquote(*option);
  else if (!words.operands.empty())
    service = words.operands.front();
  if (service.empty()) return context.misunderstood(words.name + ": name the service: Netlogon"), true;
  if (!equal_ignoring_case(service, kService))
    return context.refuse(words.name + " : Cannot find any service with service name '" + service +
                          "': Netlogon is the one there is"),
           true;
  auto* controller = named_controller(context);
  if (controller == nullptr) return true;
  if (suspend || resume) {
    controller->paused = suspend;
    return true;
  }
  const std::string status = controller->paused ? "Paused" : "Running";
  context.line("Status   Name      MachineName");
  context.line("------   ----      -----------");
  context.line(status + std::string(9 - status.size(), ' ') + "Netlogon  " + controller->name);
  context.json = "{\"Status\": " + json_string(status) +
                 ", \"Name\": \"Netlogon\", \"MachineName\": " + json_string(controller->name) + '}';
  return true;
}

}  // namespace stead::kdc
