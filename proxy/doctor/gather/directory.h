#pragma once
// Reads the directories of the domains on the way, as the front end's account: no other rights than any account has.
#include <string>
#include <vector>

#include "proxy/doctor/facts/directory_facts.h"
#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

struct DirectoryQuestions {
  std::string front;  // account name
  std::string user;   // account name; empty: none
  std::string user_realm;
  std::string service;  // SPN without a realm; empty: none
  std::vector<std::string> own_spns;
};

// `realms`: probed before; the first is ours. A directory that cannot be read is told in `out`, and the others are read.
Awaitable<void> read_directories(ToolsPtr tools, CredentialPtr tgt, std::vector<RealmFacts> realms,
                                 DirectoryQuestions questions, DirectoryFacts& out);

}  // namespace stead::doctor
