#pragma once
// What the subcommands of `stead` share: exit statuses, and how each adds itself to the command line.
#include <CLI/CLI.hpp>
#include <string>

namespace stead::cli {

enum Exit : int { done = 0, refused = 1, usage = 2, unreachable = 3 };

// Each adds its subcommand to `app`; the subcommand's callback sets `status`.
void add_s4u(CLI::App& app, int& status);
void add_locate(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);
void add_err(CLI::App& app, int& status);
void add_doctor(CLI::App& app, int& status);
void add_plan(CLI::App& app, int& status);

// Prints "stead: text" on standard error and returns `exit`.
int complain(Exit exit, const std::string& text);

}  // namespace stead::cli
