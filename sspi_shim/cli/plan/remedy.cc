#include "sspi_shim/cli/plan/remedy.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kdc/commands/directory_commands.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "kdc/lookup/service_name.h"
#include "sspi_shim/base/text.h"

namespace stead::plan {
namespace {

constexpr std::size_t kMaxPairs = 500;

std::string name_of(const kdc::AccountEntry& account) {
  return "'" + account.domain->domain->netbios + "\\" + account.account->name + "'";
}

std::string set_account(const kdc::AccountEntry& account) {
  return (account.account->is_computer() ? "Set-ADComputer " : "Set-ADUser ") + name_of(account);
}

const kdc::AccountEntry* back_end_of(const kdc::Snapshot& snapshot, const std::string& spn) {
  const auto homes = homes_of(snapshot, spn);
  if (homes.size() != 1) return nullptr;
  const auto* found = snapshot.by_spn(*homes.front(), spn);
  return found ? found : snapshot.by_host_alias(*homes.front(), spn);
}

// Those that the account allows already, and the front end.
std::string allow_front(const kdc::Snapshot& snapshot, const kdc::AccountEntry& back, const kdc::AccountEntry& front) {
  std::string list;
  if (back.account->allowed_to_act)
    for (const Sid& sid : kdc::principals_allowed_to_act(*back.account->allowed_to_act))
      list += "'" + kdc::principal_name(snapshot.forest(), sid) + "',";
  return set_account(back) + " -PrincipalsAllowedToDelegateToAccount " + list + name_of(front);
}

// For an SPN that no account has: the account with the name of its host, in the domain of its suffix.
void add_missing_spn(const kdc::Snapshot& snapshot, const std::string& spn, std::vector<std::string>& out) {
  const std::string host(kdc::host_of(spn));
  const auto dot = host.find('.');
  if (dot == std::string::npos) return;
  const auto* domain = snapshot.domain(host.substr(dot + 1));
  const auto* account = domain ? snapshot.account(*domain, host.substr(0, dot)) : nullptr;
  if (account) out.push_back("setspn -S " + spn + " " + name_of(*account));
}

void add_account_repairs(const kdc::AccountEntry& account, std::vector<std::string>& out) {
  if (account.account->has(kdc::account_flag::disabled)) out.push_back("Enable-ADAccount " + name_of(account));
  out.push_back("Unlock-ADAccount " + name_of(account));
}

std::vector<std::string> candidates(const kdc::Snapshot& snapshot, const Parties& who) {
  std::vector<std::string> out;
  const auto* back = back_end_of(snapshot, who.back);
  if (!back) add_missing_spn(snapshot, who.back, out);
  add_account_repairs(*who.user, out);
  add_account_repairs(*who.front, out);
  if (back) out.push_back(allow_front(snapshot, *back, *who.front));
  out.push_back(set_account(*who.front) + " -Add @{'msDS-AllowedToDelegateTo'='" + who.back + "'}");
  out.push_back("Set-ADAccountControl " + name_of(*who.front) + " -TrustedToAuthForDelegation $true");
  if (who.user->account->has(kdc::account_flag::not_delegated))
    out.push_back("Set-ADUser " + name_of(*who.user) + " -AccountNotDelegated $false");
  out.push_back("Remove-ADGroupMember '" + who.user->domain->domain->netbios + "\\Protected Users' -Members " +
                name_of(*who.user));
  return out;
}

// The parties of one snapshot in another one; null accounts if they are gone.
Parties same_parties(const kdc::Snapshot& snapshot, const Parties& parties) {
  const auto find = [&](const kdc::AccountEntry* old) {
    const auto* domain = snapshot.domain(old->domain->domain->realm);
    return domain ? snapshot.account(*domain, old->account->name) : nullptr;
  };
  Parties out = parties;
  out.user = find(parties.user);
  out.front = find(parties.front);
  return out;
}

std::vector<const kdc::AccountEntry*> services(const kdc::Snapshot& snapshot) {
  std::vector<const kdc::AccountEntry*> out;
  for (const kdc::Domain& each : snapshot.forest().domains) {
    const auto* domain = snapshot.domain(each.realm);
    for (const auto* account : domain->accounts)
      if (!account->account->spns.empty() && !account->is_controller && account != domain->krbtgt)
        out.push_back(account);
  }
  return out;
}

using Pair = std::pair<std::string, std::string>;

// Front ends by their first SPN, back ends by each SPN.
std::set<Pair> pairs_of(const kdc::Snapshot& snapshot, bool& complete) {
  std::set<Pair> out;
  const auto all = services(snapshot);
  for (const auto* front : all)
    for (const auto* back : all)
      for (const std::string& spn : back->account->spns) {
        if (front == back) continue;
        if (out.size() == kMaxPairs) {
          complete = false;
          return out;
        }
        out.emplace(front->account->spns.front(), spn);
      }
  return out;
}

std::array<bool, kWays.size()> ways_of(const kdc::Snapshot& snapshot, const Parties& parties, const Pair& pair) {
  const auto* front = back_end_of(snapshot, pair.first);
  const Parties who{
      .user = same_parties(snapshot, parties).user, .front = front, .front_name = pair.first, .back = pair.second};
  if (!who.user || !who.front) return {};
  return judge_briefly(snapshot, who);
}

}  // namespace

std::vector<std::string> command_words(const std::string& line) {
  std::vector<std::string> out;
  std::string word;
  char quote = 0;
  for (const char c : line) {
    if (quote == 0 && (c == ' ' || c == '\t')) {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = 0;
    word += c;
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

Remedy find_remedy(const kdc::Snapshot& snapshot, const Parties& parties) {
  for (std::string& command : candidates(snapshot, parties)) {
    kdc::Forest forest = snapshot.forest();
    if (kdc::apply_directory_command(forest, command_words(command)).exit_status != 0) continue;
    const kdc::Snapshot after(std::move(forest), &snapshot);
    const auto works = judge_briefly(after, same_parties(after, parties));
    Remedy out{.command = std::move(command), .gives = {}};
    for (std::size_t i = 0; i < works.size(); ++i)
      if (works[i]) out.gives.push_back(kWays[i]);
    if (!out.gives.empty()) return out;
  }
  return {};
}

Effect compare(const kdc::Snapshot& before, const kdc::Snapshot& after, const Parties& parties) {
  Effect out;
  std::set<Pair> pairs = pairs_of(before, out.complete);
  pairs.merge(pairs_of(after, out.complete));
  for (const Pair& pair : pairs) {
    const auto old_ways = ways_of(before, parties, pair);
    const auto new_ways = ways_of(after, parties, pair);
    for (std::size_t i = 0; i < kWays.size(); ++i) {
      if (new_ways[i] && !old_ways[i]) out.granted.push_back({pair.first, pair.second, kWays[i]});
      if (old_ways[i] && !new_ways[i]) out.taken.push_back({pair.first, pair.second, kWays[i]});
    }
  }
  return out;
}

}  // namespace stead::plan
