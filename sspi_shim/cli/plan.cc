// stead plan: what each kind of delegation does in a forest file, without a network, and the command that is missing.
#include <algorithm>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kdc/commands/directory_commands.h"
#include "kdc/forest/forest_file.h"
#include "sspi_shim/cli/command.h"
#include "sspi_shim/cli/plan/remedy.h"
#include "sspi_shim/cli/plan/ways.h"

namespace stead::cli {
namespace {

struct Arguments {
  std::string forest, user, front, back;
  std::vector<std::string> what_if;
};

std::string outcome_of(const plan::Trial& trial) {
  const auto& by = trial.obstacle;
  if (trial.works) return "works";
  return (by.controller.empty() || by.controller == trial.controller ? "" : by.controller + " says ") +
         (by.reason.empty() ? "no ticket" : by.reason);
}

// One line for all DCs with the same outcome.
void print(const plan::WayResult& result) {
  constexpr int kColumn = 21;
  std::vector<std::pair<std::string, std::string>> lines;  // outcome, DCs
  for (const auto& trial : result.trials) {
    const std::string outcome = outcome_of(trial), dc = trial.controller + " (" + trial.level + ")";
    const auto same = std::ranges::find(lines, outcome, &std::pair<std::string, std::string>::first);
    if (same == lines.end())
      lines.emplace_back(outcome, dc);
    else
      same->second += ", " + dc;
  }
  std::string name(to_string(result.way));
  if (lines.empty()) lines.emplace_back("the forest file has none", "any controller");
  for (const auto& [outcome, dcs] : lines) {
    std::cout << "  " << std::left << std::setw(kColumn) << name
              << (outcome == "works" ? "works by " + dcs : "refused by " + dcs + ": " + outcome) << '\n';
    name.clear();
  }
}

void print(const char* heading, char sign, const std::vector<plan::Difference>& list) {
  std::cout << heading << (list.empty() ? " nothing\n" : "\n");
  for (const auto& one : list)
    std::cout << "  " << sign << ' ' << one.front << " -> " << one.back << ": " << to_string(one.way) << '\n';
}

void print(const plan::Remedy& remedy) {
  if (remedy.command.empty()) {
    std::cout << "No way works, and no single command that is known here makes one work.\n";
    return;
  }
  std::cout << "No way works. This command makes it work (";
  for (std::size_t i = 0; i < remedy.gives.size(); ++i) std::cout << (i ? ", " : "") << to_string(remedy.gives[i]);
  std::cout << "):\n  " << remedy.command << '\n';
}

// The forest after the commands. On failure prints why and returns false.
bool apply(const std::vector<std::string>& commands, kdc::Forest& forest) {
  for (const auto& command : commands) {
    const auto done = kdc::apply_directory_command(forest, plan::command_words(command));
    if (done.exit_status == 0) continue;
    complain(Exit::usage, "--what-if \"" + command + "\": " + done.error);
    return false;
  }
  return true;
}

int report(const kdc::Snapshot& snapshot, const plan::Parties& parties) {
  std::cout << parties.user->account->name << '@' << parties.user->domain->domain->realm << " by "
            << parties.front->account->name << '@' << parties.front->domain->domain->realm << " to " << parties.back
            << '\n';
  bool works = false;
  for (const auto& result : plan::judge(snapshot, parties)) {
    print(result);
    works = works || result.works();
  }
  if (works) {
    std::cout << "No command is needed.\n";
    return Exit::done;
  }
  print(plan::find_remedy(snapshot, parties));
  return Exit::refused;
}

int run(const Arguments& arguments) {
  auto file = kdc::read_forest_file(arguments.forest);
  for (const auto& line : file.errors) std::cerr << line << '\n';
  if (!file.errors.empty()) return Exit::usage;
  kdc::Forest changed = file.forest;
  if (!apply(arguments.what_if, changed)) return Exit::usage;
  const kdc::Snapshot before(std::move(file.forest));
  const kdc::Snapshot after(std::move(changed), &before);
  std::string fault;
  const auto parties = plan::find_parties(after, arguments.user, arguments.front, arguments.back, fault);
  if (!fault.empty()) return complain(Exit::usage, fault);
  const int status = report(after, parties);
  if (arguments.what_if.empty()) return status;
  const auto effect = plan::compare(before, after, parties);
  print("The change grants:", '+', effect.granted);
  print("The change takes away:", '-', effect.taken);
  if (!effect.complete) std::cout << "The forest has more pairs of services than were compared.\n";
  return status;
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
  auto* command = app.add_subcommand(
      "plan", "Say without a network what each kind of delegation would do in a forest, and which command is missing");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--forest", arguments->forest, "The forest file, as stead-kdc serves it")->required();
  command->add_option("--user", arguments->user, "The user: alice, alice@SUFFIX or DOMAIN\\alice")->required();
  command->add_option("--front", arguments->front, "The front end: an SPN or an account")->required();
  command->add_option("--back", arguments->back, "The back end's SPN")->required();
  command
      ->add_option("--what-if", arguments->what_if,
                   "A command of `stead-kdc directory`, applied in memory first; may be repeated")
      ->allow_extra_args(false);
  command->footer("Exit status: 0 one way works, 1 none does, 2 wrong usage or file.");
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace stead::cli
