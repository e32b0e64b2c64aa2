// stead doctor: everything an administrator would check of a proxy's configuration and its domains, with the fix.
#include <iostream>

#include "proxy/doctor/examine.h"
#include "sspi_shim/cli/command.h"

namespace stead::cli {
namespace {

struct Arguments {
  doctor::Patient patient;
  std::string config;
  bool json = false;
};

int run(const Arguments& arguments) {
  if (arguments.patient.user.empty() != arguments.patient.service.empty())
    return complain(Exit::usage, "--for and --service go together");
  auto config = doctor::read_proxy_file(arguments.config);
  if (!config) {
    std::cerr << to_string(config.error()) << '\n';
    return Exit::usage;
  }
  const doctor::Report report = doctor::examine(std::move(*config), arguments.patient);
  std::cout << (arguments.json ? doctor::to_json(report) + "\n" : doctor::to_text(report));
  if (!report.reached)
    return complain(Exit::unreachable, "no domain controller of the front end's realm could be reached");
  return report.healthy() ? Exit::done : Exit::refused;
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("doctor", "Check all that delegation needs, and say how to mend what is broken");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--config", arguments->config, "The proxy's file")->required();
  command->add_option("--for", arguments->patient.user, "A user: alice, alice@SUFFIX or DOMAIN\\alice");
  command->add_option("--service", arguments->patient.service,
                      "The back end's SPN that the user is to be delegated to");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->footer(
      "Exit status: 0 healthy, 1 a fault was found, 2 usage or the file, 3 no domain controller could be reached.\n"
      "Nothing is written anywhere. Not judged from outside:\n" +
      doctor::not_judged_text());
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace stead::cli
