#include "kdc/commands/setspn.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/commands/named_account.h"
#include "kdc/forest/case_map.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

void list(CommandContext& context, const std::string& name) {
  const auto found = find_named_account(context, name, AccountKind::any);
  if (!found) return;
  context.line("Registered ServicePrincipalNames for " + account_dn(*found.domain, *found.account) + ':');
  for (const auto& spn : found.account->spns) context.line('\t' + spn);
  context.json = "{\"account\": " + json_string(account_dn(*found.domain, *found.account)) +
                 ", \"spns\": " + json_array(found.account->spns) + '}';
}

// The SPN is the option's value and the account's name follows it, possibly within the same word.
bool split_spn_and_name(CommandContext& context, const std::string& value, std::string& spn, std::string& name) {
  const auto blank = value.find(' ');
  spn = unquote(value.substr(0, blank));
  if (blank != value.npos)
    name = unquote(value.substr(blank + 1));
  else if (!context.words.operands.empty())
    name = context.words.operands.front();
  if (name.empty() || !is_spn(spn)) {
    context.misunderstood(
        "setspn: write SERVICE/HOST and the account's name, as in: setspn -S HTTP/web.example.com web");
    return false;
  }
  return true;
}

void add(CommandContext& context, const std::string& value) {
  std::string spn, name;
  if (!split_spn_and_name(context, value, spn, name)) return;
  const auto found = find_named_account(context, name, AccountKind::any);
  if (!found) return;
  context.line("Checking domain " + domain_dn(*found.domain));
  const auto holders = accounts_with_spn(context.forest, spn, found.domain->forest);
  if (!holders.empty()) {
    for (const auto& holder : holders) {
      context.line(account_dn(*holder.domain, *holder.account));
      for (const auto& other : holder.account->spns) context.line('\t' + other);
    }
    context.line("");
    context.refuse("Duplicate SPN found, aborting operation!");
    return;
  }
  context.line("\nRegistering ServicePrincipalNames for " + account_dn(*found.domain, *found.account));
  context.line('\t' + spn);
  found.account->spns.push_back(spn);
  context.line("Updated object");
}

void remove(CommandContext& context, const std::string& value) {
  std::string spn, name;
  if (!split_spn_and_name(context, value, spn, name)) return;
  const auto found = find_named_account(context, name, AccountKind::any);
  if (!found) return;
  const auto removed = std::erase_if(found.account->spns, [&](const auto& has) { return is_same_name(has, spn); });
  if (removed == 0)
    return context.refuse("Failed to remove SPN '" + spn + "' on account '" +
                          account_dn(*found.domain, *found.account) + "': it has no such SPN");
  context.line("Unregistering ServicePrincipalNames for " + account_dn(*found.domain, *found.account));
  context.line('\t' + spn);
  context.line("Updated object");
}

// `*` in the pattern matches any text, as in setspn.
bool matches(std::string_view pattern, std::string_view spn) {
  const auto star = pattern.find('*');
  if (star == pattern.npos) return equal_ignoring_case(pattern, spn);
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  if (tail.find('*') != tail.npos) {
    for (std::size_t i = head.size(); i <= spn.size(); ++i)
      if (equal_ignoring_case(spn.substr(0, head.size()), head) && matches(tail, spn.substr(i))) return true;
    return false;
  }
  return spn.size() >= head.size() + tail.size() && equal_ignoring_case(spn.substr(0, head.size()), head) &&
         equal_ignoring_case(spn.substr(spn.size() - tail.size()), tail);
}

void query(CommandContext& context, const std::string& value) {
  const auto pattern = unquote(value);
  if (pattern.empty()) return context.misunderstood("setspn: -Q needs an SPN");
  const auto* server = context.server();
  if (!context.fault.empty()) return;
  std::vector<std::string> accounts;
  for (const auto& domain : context.forest.domains) {
    if (server != nullptr && &domain != server) continue;
    context.line("Checking domain " + domain_dn(domain));
    for (const auto& account : domain.accounts) {
      if (std::none_of(account.spns.begin(), account.spns.end(),
                       [&](const auto& spn) { return matches(pattern, spn); }))
        continue;
      accounts.push_back(account_dn(domain, account));
      context.line(accounts.back());
      for (const auto& spn : account.spns) context.line('\t' + spn);
    }
  }
  context.line(accounts.empty() ? "\nNo such SPN found." : "\nExisting SPN found!");
  context.json = "{\"accounts\": " + json_array(accounts) + '}';
}

void duplicates(CommandContext& context) {
  const auto* server = context.server();
  if (!context.fault.empty()) return;
  // An SPN must be unique in its forest, except kadmin/changepw, which every domain has.
  CaselessMap<std::vector<std::string>> holders;
  std::vector<std::string> order;
  for (const auto& domain : context.forest.domains) {
    if (server != nullptr && &domain != server) continue;
    context.line("Checking domain " + domain_dn(domain));
    for (const auto& account : domain.accounts) {
      if (account.rid == well_known_rid::krbtgt) continue;
      for (const auto& spn : account.spns) {
        auto& list_of = holders[domain.forest + '\n' + spn];
        if (list_of.size() == 1) order.push_back(domain.forest + '\n' + spn);
        list_of.push_back(account_dn(domain, account));
      }
    }
  }
  std::string groups;
  for (const auto& key : order) {
    groups += (groups.empty() ? "" : ", ") + ("{\"spn\": " + json_string(key.substr(key.find('\n') + 1)) +
                                              ", \"accounts\": " + json_array(holders[key]) + '}');
    context.line(key.substr(key.find('\n') + 1) + " is registered on these accounts:");
    for (const auto& dn : holders[key]) context.line('\t' + dn);
    context.line("");
  }
  context.line("found " + std::to_string(order.size()) +
               (order.size() == 1 ? " group of duplicate SPNs." : " groups of duplicate SPNs."));
  context.json = "{\"duplicates\": [" + groups + "]}";
}

}  // namespace

void run_setspn(CommandContext& context) {
  const auto& words = context.words;
  if (const auto* name = words.option("l")) return list(context, unquote(*name));
  if (const auto* value = words.option("s")) return add(context, *value);
  if (const auto* value = words.option("a")) return add(context, *value);
  if (const auto* value = words.option("d")) return remove(context, *value);
  if (const auto* value = words.option("q")) return query(context, *value);
  if (words.option("x") != nullptr) return duplicates(context);
  context.misunderstood("setspn: write -L NAME, -S SPN NAME, -D SPN NAME, -Q SPN or -X");
}

}  // namespace stead::kdc
