// stead-proxy --config FILE [--check | --print-config]
// stead-proxy ctl COMMAND …
// stead-proxy why REQUEST-ID
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "proxy/check_configuration.h"
#include "proxy/config/print_config.h"
#include "proxy/ctl.h"
#include "proxy/observe/message_log.h"
#include "proxy/process/secrets_in_memory.h"
#include "proxy/server.h"

namespace {

int refuse(const stead::Problem& problem) {
  std::fprintf(stderr, "%s\n", to_string(problem).c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Signs users in and forwards their requests to back ends, with Kerberos tickets obtained on their behalf.",
      "stead-proxy");
  std::string path;
  bool check = false, print = false;
  app.add_option("--config", path, "the configuration, a TOML file")->type_name("FILE");
  app.add_flag("--check", check, "read the configuration and the files it names, report errors, and exit");
  app.add_flag("--print-config", print,
               "print the configuration as it is in effect: one file, with defaults and without secrets");
  stead::proxy::CtlCall call{.socket = "/run/stead-proxy/admin.sock", .command = {}, .json = false};
  CLI::App* const ctl = app.add_subcommand("ctl", "ask and order a proxy that runs, at its [server] admin_socket");
  ctl->add_option("--socket", call.socket, "the socket")->type_name("PATH")->capture_default_str();
  ctl->add_flag("--json", call.json, "print JSON");
  ctl->add_option("command", call.command, "the command and its argument");
  ctl->footer(stead::proxy::ctl_commands());
  CLI::App* const why = app.add_subcommand("why", "tell what became of a request that failed, by a proxy that runs");
  std::string id;
  why->add_option("--socket", call.socket, "its [server] admin_socket")->type_name("PATH")->capture_default_str();
  why->add_flag("--json", call.json, "print JSON");
  why->add_option("request-id", id, "as the error page shows it")->required()->type_name("REQUEST-ID");
  app.set_version_flag("--version", "stead-proxy " STEAD_VERSION);
  stead::proxy::keep_secrets_in_memory();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (why->parsed()) call.command = {"why", id};
  if (ctl->parsed() || why->parsed()) return stead::proxy::run_ctl(call);
  if (path.empty()) {
    std::fputs("stead-proxy: --config FILE is needed; --help tells more\n", stderr);
    return 2;
  }
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern(stead::proxy::kMessagePattern, spdlog::pattern_time_type::utc);
  try {
    auto config = stead::proxy::read_config(path);
    if (!config) return refuse(config.error());
    if (print) {
      std::fputs(stead::proxy::print_config(*config).c_str(), stdout);
      return 0;
    }
    if (check) {
      const auto checked = stead::proxy::check_configuration(std::move(*config));
      if (!checked) return refuse(checked.error());
      for (const std::string& warning : *checked) spdlog::warn("{}", warning);
      std::puts("ok");
      return 0;
    }
    const auto server = stead::proxy::Server::open(std::move(*config));
    if (!server) {
      std::fprintf(stderr, "%s\n", to_string(server.error().problem).c_str());
      return server.error().status;
    }
    return (*server)->run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stead-proxy: %s\n", error.what());
    return 1;
  }
}
