// The `stead` command for administrators: tickets in a user's name, domain controllers, traces and error codes.
#include <exception>
#include <iostream>

#include "sspi_shim/cli/command.h"

int main(int argc, char** argv) try {
  using namespace stead::cli;
  int status = Exit::done;
  CLI::App app{"Kerberos constrained delegation: gets a ticket in a user's name, or explains why there is none."};
  app.name("stead");
  app.set_version_flag("--version", "stead " STEAD_VERSION);
  app.require_subcommand(1);
  add_s4u(app, status);
  add_locate(app, status);
  add_explain(app, status);
  add_err(app, status);
  add_doctor(app, status);
  add_plan(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    complain(Exit::usage, error.what());
    std::cerr << "See stead --help.\n";
    return Exit::usage;
  }
  std::cout.flush();
  return status;
} catch (const std::exception& error) {
  std::cerr << "stead: " << error.what() << '\n';
  return 1;
}
