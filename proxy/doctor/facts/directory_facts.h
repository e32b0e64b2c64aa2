#pragma once
// What the directories of the domains on the way say.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/doctor/directory/records.h"

namespace stead::doctor {

struct DirectoryFacts {
  std::vector<std::string> read;              // realms whose directory answered
  std::map<std::string, std::string> closed;  // by realm: why its directory could not be read
  std::optional<AccountRecord> front, user;
  std::vector<AccountRecord> holders;           // of the target's SPN, in every realm that was read
  std::vector<AccountRecord> candidates;        // where no account has the SPN: those with its host's name
  std::map<std::string, std::string> own_spns;  // account by SPN, of those that browsers ask tickets for
  std::map<Sid, std::string> names;             // of the accounts that a holder's list lets in
  std::vector<TrustRecord> trusts;              // of the front end's domain
};

}  // namespace stead::doctor
