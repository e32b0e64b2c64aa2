// stead doctor: checks a proxy's configuration, its account and its domains, and prints how to fix what is wrong.
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proxy/doctor/checks/configuration.h"
#include "proxy/doctor/examine.h"
#include "proxy/doctor/facts/proxy_file.h"
#include "sspi_shim/cli/command.h"

namespace stead::cli {
namespace {

struct Arguments {
  doctor::DelegationQuery query;
  std::string config;
  std::string socket;  // of a proxy that runs
  bool json = false, verbose = false, running = false;
};

void print(const Arguments& arguments, const doctor::Report& report) {
  const auto& [user, service] = arguments.query;
  const auto detail = arguments.verbose ? doctor::Detail::all : doctor::Detail::brief;
  std::cout << (arguments.json ? doctor::to_json(report) + "\n"
                               : doctor::to_text(report, detail, user.empty() ? "" : user + " to " + service));
}

// SERVICE/HOST, with or without @REALM.
bool is_service(const std::string& text) {
  const auto slash = text.find('/');
  return slash != 0 && slash != std::string::npos && slash + 1 < text.size() && text[slash + 1] != '@';
}

int run(const Arguments& arguments) {
  spdlog::set_level(spdlog::level::off);  // what the proxy would log while it reads its files, the report says
  if (arguments.query.user.empty() != arguments.query.service.empty())
    return complain(Exit::usage, "--for and --service go together");
  if (!arguments.query.service.empty() && !is_service(arguments.query.service))
    return complain(Exit::usage, "--service " + arguments.query.service + " is no SPN: write SERVICE/HOST, as HTTP/" +
                                     arguments.query.service);
  auto config = doctor::read_proxy_file(arguments.config);
  if (!config) {
    std::cerr << to_string(config.error()) << '\n';
    print(arguments, doctor::report_of_refused_file(arguments.config, config.error()));
    return Exit::usage;
  }
  const auto running = arguments.running ? std::optional(arguments.socket) : std::nullopt;
  const doctor::Report report = doctor::examine(std::move(*config), arguments.query, running);
  print(arguments, report);
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
  CLI::Option* const running =
      command
          ->add_option("--running", arguments->socket,
                       "Ask the proxy that runs too, at SOCKET or at the admin_socket of its file")
          ->type_name("[SOCKET]")
          ->expected(0, 1);
  command->add_flag("--json", arguments->json, "Print JSON");
  command->add_flag("--verbose", arguments->verbose, "Print a line for each check, and every fault in full");
  command->footer(
      "Exit status: 0 healthy, 1 a fault was found, 2 wrong usage or file, 3 no domain controller could be reached.\n"
      "The command writes no file. It cannot judge from outside:\n" +
      doctor::not_checked_text());
  command->callback([arguments, running, &status] {
    arguments->running = running->count() > 0;
    status = run(*arguments);
  });
}

}  // namespace stead::cli
