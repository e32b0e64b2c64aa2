// stead doctor: checks a proxy's configuration, its account and its domains, and prints how to fix what is wrong.
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "proxy/doctor/examine.h"
#include "proxy/doctor/facts/proxy_file.h"
#include "sspi_shim/cli/command.h"

namespace stead::cli {
namespace {

struct Arguments {
  doctor::DelegationQuery query;
  std::string config;
  bool json = false;
};

int run(const Arguments& arguments) {
  if (arguments.query.user.empty() != arguments.query.service.empty())
    return complain(Exit::usage, "--for and --service go together");
  auto config = doctor::read_proxy_file(arguments.config);
  if (!config) {
    std::cerr << to_string(config.error()) << '\n';
    return Exit::usage;
  }
  const doctor::Report report = doctor::examine(std::move(*config), arguments.query);
  std::cout << (arguments.json ? doctor::to_json(report) + "\n" : doctor::to_text(report));
  if (!report.reached)
    return complain(Exit::unreachable, "no domain controller of the front end's realm could be reached");
  return report.healthy() ? Exit::done : Exit::refused;
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("doctor", "Check everything that delegation needs, and print how to fix what is wrong");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--config", arguments->config, "The proxy's configuration")->required();
  command->add_option("--for", arguments->query.user, "A user: alice, alice@SUFFIX or DOMAIN\\alice");
  command->add_option("--service", arguments->query.service,
                      "The SPN of the back end to which the user is to be delegated");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->footer(
      "Exit status: 0 healthy, 1 a fault was found, 2 wrong usage or file, 3 no domain controller could be reached.\n"
      "The command writes no file. It cannot judge from outside:\n" +
      doctor::not_checked_text());
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace stead::cli
