#include "kdc/commands/directory_cmdlets.h"

#include <optional>
#include <string>
#include <string_view>

#include "kdc/commands/account_cmdlets.h"
#include "kdc/commands/account_query.h"
#include "kdc/commands/cmdlet_parameters.h"
#include "kdc/commands/group_cmdlets.h"
#include "kdc/commands/logon_limits.h"
#include "kdc/commands/policy_cmdlets.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

using Action = void (*)(CommandContext&, const FoundAccount&);

struct Cmdlet {
  std::string_view verb, noun;
  AccountKind kind;
  Action action;
};

// The cmdlets that work on one existing account.
constexpr Cmdlet kCmdlets[] = {
    {"get", "aduser", AccountKind::user, get_account},
    {"get", "adcomputer", AccountKind::computer, get_account},
    {"get", "adserviceaccount", AccountKind::any, get_account},
    {"set", "aduser", AccountKind::user, set_account},
    {"set", "adcomputer", AccountKind::computer, set_account},
    {"set", "adserviceaccount", AccountKind::any, set_account},
    {"remove", "aduser", AccountKind::user, remove_account},
    {"remove", "adcomputer", AccountKind::computer, remove_account},
    {"remove", "adserviceaccount", AccountKind::any, remove_account},
    {"set", "adaccountcontrol", AccountKind::any, set_account_control},
    {"set", "adaccountpassword", AccountKind::any, set_account_password},
    {"enable", "adaccount", AccountKind::any, enable_account},
    {"disable", "adaccount", AccountKind::any, disable_account},
    {"unlock", "adaccount", AccountKind::any, unlock_account},
    {"set", "adaccountexpiration", AccountKind::any, set_account_expiration},
    {"clear", "adaccountexpiration", AccountKind::any, clear_account_expiration},
};

const Cmdlet* find_cmdlet(std::string_view verb, std::string_view noun) {
  for (const auto& cmdlet : kCmdlets)
    if (cmdlet.verb == verb && cmdlet.noun == noun) return &cmdlet;
  return nullptr;
}

std::optional<AccountKind> kind_to_create(std::string_view verb, std::string_view noun) {
  if (verb != "new") return std::nullopt;
  if (noun == "aduser") return AccountKind::user;
  if (noun == "adcomputer") return AccountKind::computer;
  if (noun == "adserviceaccount") return AccountKind::any;
  return std::nullopt;
}

std::optional<MembershipChange> membership_change(std::string_view verb, std::string_view noun) {
  if (noun != "adgroupmember") return std::nullopt;
  if (verb == "add") return MembershipChange::add;
  if (verb == "remove") return MembershipChange::remove;
  return std::nullopt;
}

void run_on_account(CommandContext& context, const Cmdlet& cmdlet) {
  const auto name = identity_of(context);
  // Set-ADUser is the only cmdlet for the delegation list, so it also takes a computer if the name ends in `$`.
  const auto kind = cmdlet.action == set_account && name.ends_with('$') ? AccountKind::any : cmdlet.kind;
  if (const auto found = find_named_account(context, name, kind)) cmdlet.action(context, found);
}

}  // namespace

bool run_directory_cmdlet(CommandContext& context) {
  const auto dash = context.words.name.find('-');
  if (dash == std::string::npos) return false;
  const auto verb = to_lower(context.words.name.substr(0, dash)), noun = to_lower(context.words.name.substr(dash + 1));
  const auto members = membership_change(verb, noun);
  const auto created = kind_to_create(verb, noun);
  const auto* cmdlet = find_cmdlet(verb, noun);
  const bool policy = noun == "addefaultdomainpasswordpolicy" && (verb == "get" || verb == "set");
  if (!members && !created && !policy && cmdlet == nullptr) return false;
  if (!check_parameters(context, verb, noun)) return true;
  if (policy)
    run_policy_cmdlet(context, verb == "set");
  else if (members)
    change_members(context, *members);
  else if (created)
    new_account(context, *created);
  else
    run_on_account(context, *cmdlet);
  return true;
}

}  // namespace stead::kdc
