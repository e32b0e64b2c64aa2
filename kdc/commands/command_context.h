#pragma once
// What setspn and the cmdlets share: the forest that a command works on, its output, and how it fails.
#include <string>
#include <string_view>
#include <utility>

#include "kdc/commands/command_words.h"
#include "kdc/forest/forest.h"

namespace stead::kdc {

// A command that fails calls refuse() or misunderstood() and returns; the first call counts.
struct CommandContext {
  const CommandWords& words;
  Forest& forest;
  std::string output;
  std::string fault;
  bool usage_fault = false;  // exit 2 in place of 1
  std::string json;          // what a query found, for --json

  // The command cannot be carried out (exit 1).
  void refuse(std::string why) {
    if (fault.empty()) fault = std::move(why);
  }
  // The command line is wrong (exit 2).
  void misunderstood(std::string why) {
    usage_fault = usage_fault || fault.empty();
    refuse(std::move(why));
  }
  void line(std::string_view text) { output.append(text).push_back('\n'); }

  // The domain of -Server (or setspn's -T). Null if the option is absent, or, with a fault, if it names no domain.
  Domain* server();
};

}  // namespace stead::kdc
