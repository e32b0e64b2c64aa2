#include "kdc/command_line.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>

#include "kdc/exports/client_config_export.h"
#include "kdc/commands/directory_commands.h"
#include "kdc/exports/dns_export.h"
#include "kdc/exports/keytab_export.h"
#include "kdc/directory/directory.h"
#include "kdc/directory/directory_store.h"
#include "kdc/forest/forest_file.h"
#include "kdc/server/server.h"

namespace stead::kdc {
namespace {

constexpr int kDone = 0, kCannotGoOn = 1, kUsage = 2;

struct Arguments {
  std::string forest, state, principal, out;
  std::vector<std::string> controllers;
  std::string log_level = "info";
  std::vector<std::string> command;  // of `directory`
  bool json = false;
};

int fail(int status, std::string_view message) {
  std::cerr << "stead-kdc: " << message << '\n';
  return status;
}

// Tells what is wrong with the file, a line for each fault.
std::optional<ForestFile> read_forest(const std::string& name) {
  auto file = read_forest_file(name);
  for (const auto& line : file.errors) std::cerr << line << '\n';
  if (!file.errors.empty()) return std::nullopt;
  return file;
}

std::unique_ptr<DirectoryStore> open_store(const Arguments& arguments, const ForestFile& file, Forest& forest) {
  DirectoryStore::Opening opening;
  auto store = DirectoryStore::open(arguments.state, file.forest, file.digest, opening);
  if (store == nullptr) {
    fail(kCannotGoOn, opening.fault);
    return nullptr;
  }
  if (opening.file_changed)
    spdlog::warn(
        "{} has changed since {} was made from it: accounts, groups and trusts are those of {}, controllers those of "
        "the file",
        arguments.forest, arguments.state, arguments.state);
  forest = std::move(opening.forest);
  return store;
}

// The directory the commands that only read work on: the state folder's where one is named.
std::optional<Forest> present_forest(const Arguments& arguments, int& status) {
  auto file = read_forest(arguments.forest);
  if (!file) return status = kUsage, std::nullopt;
  if (arguments.state.empty()) return std::move(file->forest);
  Forest forest;
  if (open_store(arguments, *file, forest) == nullptr) return status = kCannotGoOn, std::nullopt;
  return forest;
}

// The controllers to serve; a name that no domain has is told with those there are.
std::optional<std::vector<ServedController>> choose(const Forest& forest, const Arguments& arguments) {
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
    fail(kUsage, "--dc " + name + ": no such controller in " + arguments.forest + ", which has:" + known);
    return std::nullopt;
  }
  if (out.empty()) {
    fail(kUsage, arguments.forest + " has no [[domain.controller]] to serve");
    return std::nullopt;
  }
  return out;
}

int serve(const Arguments& arguments) {
  spdlog::set_level(spdlog::level::from_str(arguments.log_level));
  auto file = read_forest(arguments.forest);
  if (!file) return kUsage;
  const auto controllers = choose(file->forest, arguments);
  if (!controllers) return kUsage;
  std::unique_ptr<Directory> directory;
  if (arguments.state.empty()) {
    directory = std::make_unique<Directory>(std::move(file->forest));
  } else {
    Forest forest;
    auto store = open_store(arguments, *file, forest);
    if (store == nullptr) return kCannotGoOn;
    directory = std::make_unique<Directory>(std::move(forest), std::move(store));
  }
  ServerOptions options;
  options.log_requests = spdlog::should_log(spdlog::level::debug);
  Server server(*directory, *controllers, options);
  if (const auto bound = server.bind(); !bound) return fail(kCannotGoOn, to_string(bound.error()));
  std::cout << "ready" << std::endl;
  server.run();
  return kDone;
}

int keytab(const Arguments& arguments) {
  int status = kDone;
  auto forest = present_forest(arguments, status);
  if (!forest) return status;
  const auto fault = write_keytab(Snapshot(std::move(*forest)), arguments.principal, arguments.out);
  return fault.empty() ? kDone : fail(kCannotGoOn, fault);
}

int client_config(const Arguments& arguments) {
  const auto file = read_forest(arguments.forest);
  if (!file) return kUsage;
  const auto fault = write_client_config(file->forest, arguments.out);
  return fault.empty() ? kDone : fail(kCannotGoOn, fault);
}

int dns(const Arguments& arguments) {
  const auto file = read_forest(arguments.forest);
  if (!file) return kUsage;
  std::cout << dnsmasq_configuration(file->forest);
  return kDone;
}

int check(const Arguments& arguments) {
  if (!read_forest(arguments.forest)) return kUsage;
  std::cout << "ok\n";
  return kDone;
}

int directory(Arguments arguments) {
  // Ours may also stand behind the command.
  auto& words = arguments.command;
  for (const auto& [option, value] :
       {std::pair{"--forest", &arguments.forest}, std::pair{"--state", &arguments.state}}) {
    const auto found = std::find(words.begin(), words.end(), option);
    if (found == words.end() || found + 1 == words.end()) continue;
    *value = *(found + 1);
    words.erase(found, found + 2);
  }
  arguments.json = std::erase(words, "--json") > 0 || arguments.json;
  if (words.empty()) return fail(kUsage, "directory: name a command:\n" + directory_usage());
  if (arguments.forest.empty()) return fail(kUsage, "directory: --forest FILE is needed");
  if (arguments.state.empty())
    return fail(kUsage,
                "directory: --state DIR is needed, the folder of `stead-kdc serve --state DIR`: without it a directory "
                "lives in the KDC's memory only");
  const auto file = read_forest(arguments.forest);
  if (!file) return kUsage;
  Forest forest;
  const auto store = open_store(arguments, *file, forest);
  if (store == nullptr) return kCannotGoOn;
  const auto result = run_directory_command(*store, words);
  std::cout << (arguments.json ? result.json + '\n' : result.output) << std::flush;
  if (!result.error.empty()) std::cerr << result.error << '\n';
  return result.exit_status;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  // Standard output is for what was asked for.
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("stead-kdc", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  Arguments arguments;
  CLI::App app("A reference KDC that answers as Active Directory domain controllers of a chosen level do", "stead-kdc");
  app.set_version_flag("--version", "stead-kdc " STEAD_VERSION);
  app.require_subcommand(1);
  const auto command = [&](const char* name, const char* help) {
    auto* out = app.add_subcommand(name, help);
    out->add_option("--forest", arguments.forest, "the forest file (TOML)")->type_name("FILE");
    return out;
  };
  auto* serve_command =
      command("serve", "Serve the domain controllers of a forest; prints \"ready\" once every socket is bound");
  serve_command->add_option("--dc", arguments.controllers, "a controller's full name; may be repeated; all by default")
      ->type_name("NAME")
      ->allow_extra_args(false);
  serve_command->add_option("--state", arguments.state, "keep changes of the directory here; in memory by default")
      ->type_name("DIR");
  serve_command
      ->add_option("--log-level", arguments.log_level,
                   "on standard error: debug (a line for each request), info, warning, error")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  auto* keytab_command = command("keytab", "Write the keys of an account");
  keytab_command->add_option("--principal", arguments.principal, "an SPN or account, with or without @REALM")
      ->type_name("P")
      ->required();
  keytab_command->add_option("--out", arguments.out, "the keytab, replaced where it exists")
      ->type_name("FILE")
      ->required();
  keytab_command->add_option("--state", arguments.state, "take the keys from this directory")->type_name("DIR");
  auto* config_command = command("client-config", "Write krb5.conf and stead.toml for the forest's clients");
  config_command->add_option("--out", arguments.out, "the folder, made where it is not there")
      ->type_name("DIR")
      ->required();
  auto* dns_command = command("dns", "Print the SRV and A records of the forest's zones, as dnsmasq configuration");
  auto* check_command = command("check", "Check a forest file: \"ok\", or FILE:LINE:COLUMN: message");
  for (auto* each : {serve_command, keytab_command, config_command, dns_command, check_command})
    each->get_option("--forest")->required();
  auto* directory_command = command(
      "directory", "Look into the directory and change it, in the words of setspn and the ActiveDirectory cmdlets");
  directory_command->add_option("--state", arguments.state, "the state folder of the serving KDC")->type_name("DIR");
  directory_command->add_flag("--json", arguments.json, "print what was found as one object");
  directory_command->prefix_command();
  directory_command->footer("Commands:\n" + directory_usage());
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
  arguments.command = directory_command->remaining();
  return directory(std::move(arguments));
}

}  // namespace stead::kdc
