#include "kdc/command_line.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/system/result.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/commands/control/control_commands.h"
#include "kdc/commands/directory_commands.h"
#include "kdc/directory/directory.h"
#include "kdc/directory/directory_store.h"
#include "kdc/exports/client_config_export.h"
#include "kdc/exports/dns_export.h"
#include "kdc/exports/keytab_export.h"
#include "kdc/forest/forest_file.h"
#include "kdc/server/server.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr int kDone = 0, kCannotGoOn = 1, kUsage = 2;

struct Arguments {
  std::string forest, state, principal, out;
  std::vector<std::string> controllers;
  std::string log_level = "info";
  std::vector<std::string> command;  // the words after `directory`
  bool json = false;
};

int fail(int status, std::string_view message) {
  std::cerr << "stead-kdc: " << message << '\n';
  return status;
}

// Why a command ends early. The message has been printed.
struct Failed {
  int status = kCannotGoOn;
};
template <class T>
using OrFailed = boost::system::result<T, Failed>;

// Prints one line for each warning and each error of the file.
OrFailed<ForestFile> read_forest(const std::string& name) {
  auto file = read_forest_file(name);
  for (const auto& line : file.warnings) std::cerr << line << " (a warning)\n";
  for (const auto& line : file.errors) std::cerr << line << '\n';
  if (!file.errors.empty()) return Failed{kUsage};
  return file;
}

OrFailed<DirectoryStore::Opened> open_store(const Arguments& arguments, const ForestFile& file) {
  auto opened = DirectoryStore::open(arguments.state, file.forest, file.digest);
  if (!opened) return Failed{fail(kCannotGoOn, to_string(opened.error()))};
  if (opened->file_changed)
    spdlog::warn(
        "{} has changed since {} was created from it: accounts, groups and trusts are those of {}, controllers those "
        "of the file",
        arguments.forest, arguments.state, arguments.state);
  return std::move(*opened);
}

// The forest of the state folder if one is named, else of the forest file.
OrFailed<Forest> current_forest(const Arguments& arguments) {
  auto file = read_forest(arguments.forest);
  if (!file) return file.error();
  if (arguments.state.empty()) return std::move(file->forest);
  auto opened = open_store(arguments, *file);
  if (!opened) return opened.error();
  return std::move(opened->forest);
}

// The controllers to serve: those that --dc names, or all.
OrFailed<std::vector<ServedController>> choose_controllers(const Forest& forest, const Arguments& arguments) {
  std::vector<ServedController> out;
  std::string known;
  for (const auto& domain : forest.domains) {
    for (const auto& controller : domain.controllers) {
      known += ' ' + controller.name;
      const auto named = [&](const std::string& name) { return equal_ignoring_case(name, controller.name); };
      if (arguments.controllers.empty() ||
          std::any_of(arguments.controllers.begin(), arguments.controllers.end(), named))
        out.push_back({domain.realm, controller});
    }
  }
  for (const auto& name : arguments.controllers) {
    const auto same = [&](const ServedController& served) { return equal_ignoring_case(name, served.controller.name); };
    if (std::any_of(out.begin(), out.end(), same)) continue;
    return Failed{
        fail(kUsage, "--dc " + name + ": no such controller in " + arguments.forest + ", which has:" + known)};
  }
  if (out.empty()) return Failed{fail(kUsage, arguments.forest + " has no [[domain.controller]] to serve")};
  return out;
}

OrFailed<std::unique_ptr<Directory>> open_directory(const Arguments& arguments, ForestFile file) {
  if (arguments.state.empty()) return std::make_unique<Directory>(std::move(file.forest));
  auto opened = open_store(arguments, file);
  if (!opened) return opened.error();
  return std::make_unique<Directory>(std::move(opened->forest), std::move(opened->store));
}

int report(const Checked<void>& done) {
  return done ? kDone : fail(kCannotGoOn, to_string(done.error()));
}

int serve(const Arguments& arguments) {
  spdlog::set_level(spdlog::level::from_str(arguments.log_level));
  auto file = read_forest(arguments.forest);
  if (!file) return file.error().status;
  const auto controllers = choose_controllers(file->forest, arguments);
  if (!controllers) return controllers.error().status;
  const auto directory = open_directory(arguments, std::move(*file));
  if (!directory) return directory.error().status;
  ServerOptions options;
  options.log_requests = spdlog::should_log(spdlog::level::debug);
  Server server(**directory, *controllers, options);
  if (const auto bound = server.bind(); !bound) return fail(kCannotGoOn, to_string(bound.error()));
  std::cout << "ready" << std::endl;
  server.run();
  return kDone;
}

int keytab(const Arguments& arguments) {
  auto forest = current_forest(arguments);
  if (!forest) return forest.error().status;
  return report(write_keytab(Snapshot(std::move(*forest)), arguments.principal, arguments.out));
}

int client_config(const Arguments& arguments) {
  const auto file = read_forest(arguments.forest);
  if (!file) return file.error().status;
  return report(write_client_config(file->forest, arguments.out));
}

int dns(const Arguments& arguments) {
  const auto file = read_forest(arguments.forest);
  if (!file) return file.error().status;
  std::cout << dnsmasq_configuration(file->forest);
  return kDone;
}

int check(const Arguments& arguments) {
  if (const auto file = read_forest(arguments.forest); !file) return file.error().status;
  std::cout << "ok\n";
  return kDone;
}

// --forest, --state and --json may also follow the directory command. Takes them out of its words.
void take_own_options(Arguments& arguments) {
  auto& words = arguments.command;
  for (const auto& [option, value] :
       {std::pair{"--forest", &arguments.forest}, std::pair{"--state", &arguments.state}}) {
    const auto found = std::find(words.begin(), words.end(), option);
    if (found == words.end() || found + 1 == words.end()) continue;
    *value = *(found + 1);
    words.erase(found, found + 2);
  }
  arguments.json = std::erase(words, "--json") > 0 || arguments.json;
}

int directory(Arguments arguments) {
  take_own_options(arguments);
  if (arguments.command.empty()) return fail(kUsage, "directory: name a command:\n" + directory_usage());
  if (arguments.forest.empty()) return fail(kUsage, "directory: --forest FILE is needed");
  if (arguments.state.empty())
    return fail(kUsage,
                "directory: --state DIR is needed, the folder of `stead-kdc serve --state DIR`: without it the "
                "directory lives in the KDC's memory only");
  const auto file = read_forest(arguments.forest);
  if (!file) return file.error().status;
  const auto opened = open_store(arguments, *file);
  if (!opened) return opened.error().status;
  const auto result = run_directory_command(*opened->store, arguments.command);
  std::cout << (arguments.json ? result.json + '\n' : result.output) << std::flush;
  if (!result.error.empty()) std::cerr << result.error << '\n';
  return result.exit_status;
}

int control(const Arguments& arguments) {
  const auto file = read_forest(arguments.forest);
  if (!file) return file.error().status;
  const auto opened = open_store(arguments, *file);
  if (!opened) return opened.error().status;
  const auto result = run_control_command(*opened->store, arguments.command);
  std::cout << result.output << std::flush;
  return result.error.empty() ? kDone : fail(result.exit_status, result.error);
}

CLI::App* add_command(CLI::App& app, Arguments& arguments, const char* name, const char* help) {
  auto* out = app.add_subcommand(name, help);
  out->add_option("--forest", arguments.forest, "the forest file (TOML)")->type_name("FILE");
  return out;
}

CLI::App* add_serve(CLI::App& app, Arguments& arguments) {
  auto* out = add_command(app, arguments, "serve",
                          "Serve the domain controllers of a forest; prints \"ready\" once every socket is bound");
  out->get_option("--forest")->required();
  out->add_option("--dc", arguments.controllers, "serve this controller only; a full name; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  out->add_option("--state", arguments.state,
                  "keep changes of the directory in this folder; without it they are lost at exit")
      ->type_name("DIR");
  out->add_option("--log-level", arguments.log_level,
                  "what goes to standard error: debug (one line for each request), info, warning, error")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  return out;
}

CLI::App* add_keytab(CLI::App& app, Arguments& arguments) {
  auto* out = add_command(app, arguments, "keytab", "Write the keys of an account");
  out->get_option("--forest")->required();
  out->add_option("--principal", arguments.principal, "an SPN or account, with or without @REALM")
      ->type_name("P")
      ->required();
  out->add_option("--out", arguments.out, "the keytab; an existing file is replaced")->type_name("FILE")->required();
  out->add_option("--state", arguments.state, "take the keys from this state folder, with its password changes")
      ->type_name("DIR");
  return out;
}

CLI::App* add_client_config(CLI::App& app, Arguments& arguments) {
  auto* out = add_command(app, arguments, "client-config", "Write krb5.conf and stead.toml for the forest's clients");
  out->get_option("--forest")->required();
  out->add_option("--out", arguments.out, "the folder; it is created if it does not exist")
      ->type_name("DIR")
      ->required();
  return out;
}

CLI::App* add_control(CLI::App& app, Arguments& arguments) {
  auto* out = add_command(app, arguments, "ctl", "Show or set what a served DC does wrong, for a test");
  out->get_option("--forest")->required();
  out->add_option("--state", arguments.state, "the state folder of the serving KDC")->type_name("DIR")->required();
  out->add_option("words", arguments.command,
                  "a DC's name, and its faults: latency=200ms drop=PERCENT skew=-10m refuse_s4u=true udp_limit=OCTETS, "
                  "or none")
      ->type_name("DC FAULT...");
  return out;
}

CLI::App* add_directory(CLI::App& app, Arguments& arguments) {
  auto* out = add_command(app, arguments, "directory",
                          "Query and change the directory with setspn and the cmdlets of the ActiveDirectory module");
  out->add_option("--state", arguments.state, "the state folder of the serving KDC")->type_name("DIR");
  out->add_flag("--json", arguments.json, "print the result of a query as one JSON object");
  out->prefix_command();
  out->footer("Commands:\n" + directory_usage());
  return out;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  // Logs go to standard error: standard output has only what a command prints.
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("stead-kdc", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  Arguments arguments;
  CLI::App app("A KDC for tests that answers as Active Directory domain controllers of a chosen level do", "stead-kdc");
  app.set_version_flag("--version", "stead-kdc " STEAD_VERSION);
  app.require_subcommand(1);
  const auto* serve_command = add_serve(app, arguments);
  const auto* keytab_command = add_keytab(app, arguments);
  const auto* config_command = add_client_config(app, arguments);
  auto* dns_command =
      add_command(app, arguments, "dns", "Print the SRV and A records of the forest's zones, as dnsmasq configuration");
  auto* check_command = add_command(app, arguments, "check",
                                    "Check a forest file; prints \"ok\", or FILE:LINE:COLUMN: message for each error");
  for (auto* each : {dns_command, check_command}) each->get_option("--forest")->required();
  const auto* control_command = add_control(app, arguments);
  const auto* directory_command = add_directory(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (*serve_command) return serve(arguments);
  if (*keytab_command) return keytab(arguments);
  if (*config_command) return client_config(arguments);
  if (*dns_command) return dns(arguments);
  if (*check_command) return check(arguments);
  if (*control_command) return control(arguments);
  arguments.command = directory_command->remaining();
  return directory(std::move(arguments));
}

}  // namespace stead::kdc
