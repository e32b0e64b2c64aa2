#include "kdc/commands/directory_cmdlets.h"

#include <algorithm>
#include <chrono>
#include <variant>

#include "kdc/commands/named_account.h"
#include "kdc/directory/directory_edits.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

std::string join(const std::vector<std::string>& list) {
  std::string out = "{";
  for (const auto& value : list) out.append(out.size() == 1 ? "" : ", ").append(value);
  return out + '}';
}

std::string truth(bool value) {
  return value ? "True" : "False";
}

std::string identity(const CommandContext& context) {
  for (const auto* option : {"identity", "name"})
    if (const auto* value = context.words.option(option)) return unquote(*value);
  return context.words.operands.empty() ? "" : context.words.operands.front();
}

AccountKind kind_of(std::string_view noun) {
  if (equal_ignoring_case(noun, "ADUser")) return AccountKind::user;
  if (equal_ignoring_case(noun, "ADComputer")) return AccountKind::computer;
  return AccountKind::any;
}

// A flag that an option switches.
struct FlagOption {
  std::string_view option;  // lower case
  std::uint32_t flag;
  bool inverted;
};
constexpr FlagOption kFlagOptions[] = {
    {"trustedtoauthfordelegation", account_flag::trusted_to_auth_for_delegation, false},
    {"trustedfordelegation", account_flag::trusted_for_delegation, false},
    {"accountnotdelegated", account_flag::not_delegated, false},
    {"doesnotrequirepreauth", account_flag::no_preauth, false},
    {"changepasswordatlogon", account_flag::must_change_password, false},
    {"enabled", account_flag::disabled, true},
};

// True where at least one was given.
bool set_flags(CommandContext& context, Account& account) {
  bool any = false;
  for (const auto& [option, flag, inverted] : kFlagOptions) {
    const auto* value = context.words.option(option);
    if (value == nullptr) continue;
    const auto on = boolean_value(*value);
    if (!on) {
      context.misunderstood(context.words.name + ": -" + std::string(option) +
                            " needs $true or $false (in quotes, '$true', where a shell would expand it)");
      return false;
    }
    any = true;
    if (*on != inverted)
      account.flags |= flag;
    else
      account.flags &= ~flag;
  }
  return any;
}

std::vector<std::string>* attribute(Account& account, std::string_view name) {
  if (name == "msds-allowedtodelegateto") return &account.allowed_to_delegate_to;
  if (name == "serviceprincipalname" || name == "serviceprincipalnames") return &account.spns;
  if (name == "altsecurityidentities") return &account.alt_security_identities;
  return nullptr;
}

void check_spns(CommandContext& context, const FoundAccount& found, std::string_view name,
                const std::vector<std::string>& values) {
  if (name == "altsecurityidentities") return;
  for (const auto& value : values) {
    if (!is_spn(value)) return context.refuse("'" + value + "' is no SPN: write SERVICE/HOST, without a realm");
    if (name == "msds-allowedtodelegateto") continue;
    for (const auto& holder : accounts_with_spn(context.forest, value, found.domain->forest))
      if (holder.account != found.account)
        return context.refuse(
            "The operation failed because SPN value provided for addition/modification is not unique forest-wide: " +
            account_dn(*holder.domain, *holder.account) + " has " + value);
  }
}

enum class Change { add, remove, replace };

void change_values(CommandContext& context, const FoundAccount& found, const std::string& table, Change change) {
  const auto values = table_value(table);
  if (!values)
    return context.misunderstood(context.words.name +
                                 ": write @{'msDS-AllowedToDelegateTo'='SPN'} (in double quotes, for a shell)");
  for (const auto& [name, list] : *values) {
    if (name == "userprincipalname" && list.size() == 1 && change != Change::remove) {
      found.account->upn = list.front();
      continue;
    }
    auto* present = attribute(*found.account, name);
    if (present == nullptr)
      return context.refuse(context.words.name + ": the attribute '" + name +
                            "' is not kept here; msDS-AllowedToDelegateTo, servicePrincipalName, altSecurityIdentities "
                            "and userPrincipalName are");
    if (change != Change::remove) check_spns(context, found, name, list);
    if (change == Change::replace) present->clear();
    for (const auto& value : list) {
      const auto same = [&](const std::string& other) { return equal_ignoring_case(other, value); };
      const bool has = std::any_of(present->begin(), present->end(), same);
      if (change == Change::remove)
        std::erase_if(*present, same);
      else if (!has)
        present->push_back(value);
    }
  }
}

void set_principals(CommandContext& context, const FoundAccount& found, const std::string& value) {
  if (value.empty())
    return context.misunderstood(context.words.name +
                                 ": -PrincipalsAllowedToDelegateToAccount needs accounts, or $null for nobody (in "
                                 "quotes, '$null', where a shell would expand it)");
  if (is_null_value(value)) {
    found.account->allowed_to_act.reset();
    return;
  }
  std::vector<Sid> sids;
  for (const auto& name : list_value(value)) {
    auto principal = find_principal(context.forest, *found.domain, name);
    // Not in the account's own domain: a name that one domain only has will do.
    if (!principal) {
      std::vector<NamedPrincipal> others;
      for (const auto& domain : context.forest.domains)
        if (name.find_first_of("\\@") == name.npos)
          if (auto other = find_principal(context.forest, domain, name)) others.push_back(*other);
      if (others.size() == 1) principal = others.front();
      if (others.size() > 1) return context.refuse("Several domains have '" + name + "': write NETBIOS\\name");
    }
    if (!principal)
      return context.refuse(
          "Identity info provided in the extended attribute: 'PrincipalsAllowedToDelegateToAccount' could not be "
          "resolved: no account or group '" +
          name + "'");
    sids.push_back(principal->sid);
  }
  found.account->allowed_to_act = allowed_to_act_descriptor(sids);
}

bool upn_is_free(CommandContext& context, const Domain& domain, const Account* own, const std::string& upn) {
  for (const auto& other : context.forest.domains) {
    if (!equal_ignoring_case(other.forest, domain.forest)) continue;
    for (const auto& account : other.accounts)
      if (&account != own && equal_ignoring_case(account.upn, upn) && !upn.empty()) {
        context.refuse(
            "The operation failed because UPN value provided for addition/modification is not unique forest-wide: " +
            account_dn(other, account) + " has it");
        return false;
      }
  }
  return true;
}

void set_account(CommandContext& context, const FoundAccount& found) {
  const auto& words = context.words;
  bool any = set_flags(context, *found.account);
  if (const auto* value = words.option("principalsallowedtodelegatetoaccount"))
    set_principals(context, found, *value), any = true;
  if (const auto* value = words.option("userprincipalname")) {
    const auto upn = is_null_value(*value) ? std::string() : unquote(*value);
    if (upn_is_free(context, *found.domain, found.account, upn)) found.account->upn = upn;
    any = true;
  }
  if (const auto* value = words.option("serviceprincipalnames")) {
    const auto table = table_value(*value);
    if (!table)
      return context.misunderstood(words.name + ": write -ServicePrincipalNames @{Add='HTTP/web.example.com'}");
    for (const auto& [verb, list] : *table) {
      const auto change = verb == "add" ? Change::add : verb == "remove" ? Change::remove : Change::replace;
      std::string inner;
      for (const auto& spn : list) inner += (inner.empty() ? "'" : ",'") + spn + '\'';
      change_values(context, found, "@{servicePrincipalName=" + inner + '}', change);
    }
    any = true;
  }
  if (const auto* value = words.option("clear")) {
    any = true;
    for (const auto& name : list_value(*value)) {
      if (auto* list = attribute(*found.account, to_lower(name)))
        list->clear();
      else if (equal_ignoring_case(name, "msDS-AllowedToActOnBehalfOfOtherIdentity"))
        found.account->allowed_to_act.reset();
      else if (equal_ignoring_case(name, "userPrincipalName"))
        found.account->upn.clear();
      else
        return context.refuse(words.name + ": the attribute '" + name + "' is not kept here");
    }
  }
  for (const auto& [option, change] :
       {std::pair{"remove", Change::remove}, {"add", Change::add}, {"replace", Change::replace}})
    if (const auto* value = words.option(option)) change_values(context, found, *value, change), any = true;
  if (!any) context.misunderstood(words.name + ": say what to set");
}

// What Get-AD… prints: the default properties, and those asked for.
void get_account(CommandContext& context, const FoundAccount& found) {
  const auto& account = *found.account;
  std::vector<std::string> principals;
  if (account.allowed_to_act)
    for (const auto& sid : principals_allowed_to_act(*account.allowed_to_act))
      principals.push_back(principal_dn(context.forest, sid));
  const bool computer = account.is_computer();
  const auto short_name = computer ? account.name.substr(0, account.name.size() - 1) : account.name;
  struct Property {
    std::string name;
    std::variant<std::string, std::vector<std::string>> value;
    bool by_default;
  };
  const std::vector<Property> properties = {
      {"AccountNotDelegated", truth(account.has(account_flag::not_delegated)), false},
      {"DistinguishedName", account_dn(*found.domain, account), true},
      {"DoesNotRequirePreAuth", truth(account.has(account_flag::no_preauth)), false},
      {"Enabled", truth(!account.has(account_flag::disabled)), true},
      {"MemberOf", account.groups, false},
      {"msDS-AllowedToActOnBehalfOfOtherIdentity", account.allowed_to_act ? to_sddl(*account.allowed_to_act) : "",
       false},
      {"msDS-AllowedToDelegateTo", account.allowed_to_delegate_to, false},
      {"msDS-KeyVersionNumber", std::to_string(account.secret.kvno), false},
      {"msDS-SupportedEncryptionTypes",
       account.supported_encryption_types ? std::to_string(*account.supported_encryption_types) : "", false},
      {"Name", short_name, true},
      {"ObjectClass", computer ? "computer" : "user", true},
      {"PrincipalsAllowedToDelegateToAccount", principals, false},
      {"SamAccountName", account.name, true},
      {"ServicePrincipalNames", account.spns, false},
      {"SID", to_string(found.domain->sid.with_rid(account.rid)), true},
      {"TrustedForDelegation", truth(account.has(account_flag::trusted_for_delegation)), false},
      {"TrustedToAuthForDelegation", truth(account.has(account_flag::trusted_to_auth_for_delegation)), false},
      {"UserPrincipalName", account.upn, true},
  };
  std::vector<std::string> wanted;
  if (const auto* value = context.words.option("properties")) wanted = list_value(*value);
  const bool all = std::find(wanted.begin(), wanted.end(), "*") != wanted.end();
  const auto is_known = [&](const std::string& name) {
    return name == "*" || std::any_of(properties.begin(), properties.end(), [&](const Property& property) {
             return equal_ignoring_case(property.name, name);
           });
  };
  for (auto& name : wanted) {
    if (equal_ignoring_case(name, "servicePrincipalName")) name = "ServicePrincipalNames";
    if (!is_known(name))
      return context.refuse(context.words.name + ": One or more properties are invalid: '" + name + "'");
  }
  std::size_t width = 0;
  std::vector<const Property*> shown;
  for (const auto& property : properties) {
    const auto asked = [&](const std::string& name) { return equal_ignoring_case(name, property.name); };
    if (!all && !property.by_default && std::none_of(wanted.begin(), wanted.end(), asked)) continue;
    shown.push_back(&property);
    width = std::max(width, property.name.size());
  }
  context.json.clear();
  for (const auto* property : shown) {
    const auto* list = std::get_if<std::vector<std::string>>(&property->value);
    const auto text = list != nullptr ? join(*list) : std::get<std::string>(property->value);
    context.line(property->name + std::string(width - property->name.size(), ' ') + " : " + text);
    context.json += (context.json.empty() ? "{" : ", ") + json_string(property->name) + ": " +
                    (list != nullptr ? json_array(*list) : json_string(text));
  }
  context.json += '}';
}

void new_account(CommandContext& context, AccountKind kind) {
  const auto& words = context.words;
  auto* domain = context.server();
  if (!context.fault.empty()) return;
  auto name = identity(context);
  const auto split = split_name(context.forest, name);
  if (!split) return context.refuse(words.name + ": no domain of '" + name + "' in this forest file");
  if (split->domain != nullptr) domain = find_domain(context.forest, split->domain->realm);
  if (domain == nullptr) domain = &context.forest.domains.front();
  Account account;
  account.name = std::string(split->name);
  if (const auto* sam = words.option("samaccountname")) account.name = unquote(*sam);
  if (const auto fault = account_name_fault(account.name); !fault.empty())
    return context.misunderstood(words.name + ": " + fault);
  if (kind == AccountKind::computer && account.name.back() != '$') account.name += '$';
  const auto taken = [&](const auto& entry) { return equal_ignoring_case(entry.name, account.name); };
  if (std::any_of(domain->accounts.begin(), domain->accounts.end(), taken) ||
      std::any_of(domain->groups.begin(), domain->groups.end(), taken))
    return context.refuse(words.name + ": The specified account already exists: '" + account.name + "' in " +
                          domain_dn(*domain));
  const auto* password = words.option("accountpassword");
  if (password == nullptr || unquote(*password).empty())
    return context.misunderstood(words.name + ": -AccountPassword P is needed");
  account.secret.password = unquote(*password);
  account.salt_name = account.name;
  account.password_last_set = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  account.rid = domain->next_rid++;
  domain->accounts.push_back(std::move(account));
  const FoundAccount made{domain, &domain->accounts.back()};
  set_flags(context, *made.account);
  if (const auto* upn = words.option("userprincipalname"))
    if (upn_is_free(context, *domain, made.account, unquote(*upn))) made.account->upn = unquote(*upn);
  if (const auto* spns = words.option("serviceprincipalnames")) {
    const auto list = list_value(*spns);
    check_spns(context, made, "serviceprincipalname", list);
    made.account->spns = list;
  }
  if (const auto* principals = words.option("principalsallowedtodelegatetoaccount"))
    set_principals(context, made, *principals);
}

void set_password(CommandContext& context, const FoundAccount& found) {
  const auto& words = context.words;
  const auto* next = words.option("newpassword");
  if (next == nullptr || unquote(*next).empty())
    return context.misunderstood(words.name + ": -NewPassword P is needed");
  if (words.option("reset") == nullptr) {
    const auto* old = words.option("oldpassword");
    if (old == nullptr) return context.misunderstood(words.name + ": say -Reset, or -OldPassword P");
    if (found.account->secret.password != unquote(*old))
      return context.refuse(words.name + ": The specified network password is not correct");
  }
  edits::set_password(*found.account, unquote(*next),
                      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

void remove_account(CommandContext& context, const FoundAccount& found) {
  if (found.account->rid == well_known_rid::krbtgt)
    return context.refuse(context.words.name + ": Access is denied: krbtgt makes the domain's tickets");
  found.domain->accounts.erase(found.domain->accounts.begin() + (found.account - found.domain->accounts.data()));
}

void change_members(CommandContext& context, bool add) {
  const auto group_name = identity(context);
  const auto* members = context.words.option("members");
  if (group_name.empty() || members == nullptr)
    return context.misunderstood(context.words.name + ": name a group and -Members A,B");
  const auto* own = context.server();
  if (!context.fault.empty()) return;
  std::vector<std::pair<const Domain*, const Group*>> groups;
  const auto split = split_name(context.forest, group_name);
  for (const auto& domain : context.forest.domains)
    if (split && (split->domain != nullptr ? split->domain == &domain : own == nullptr || own == &domain))
      if (const auto* group = find_group(domain, split->name)) groups.emplace_back(&domain, group);
  if (groups.size() != 1)
    return context.refuse(groups.empty()
                              ? context.words.name + ": Cannot find an object with identity: '" + group_name + "'"
                              : "Several domains have the group '" + group_name +
                                    "': write NETBIOS\\name, or say -Server REALM");
  const auto [domain, group] = groups.front();
  for (const auto& name : list_value(*members)) {
    const auto found = find_named_account(context, name, AccountKind::any);
    if (!found) return;
    if (found.domain != domain && group->scope == GroupScope::global)
      return context.refuse(context.words.name + ": '" + group->name +
                            "' is global: it takes members of its own domain only");
    const auto is_it = [&, home = domain, it = group](const std::string& text) {
      const auto named = split_name(context.forest, text);
      return named && (named->domain != nullptr ? named->domain : found.domain) == home &&
             equal_ignoring_case(named->name, it->name);
    };
    std::erase_if(found.account->groups, is_it);
    if (add)
      found.account->groups.push_back(found.domain == domain ? group->name : domain->netbios + '\\' + group->name);
    else if (group->rid == well_known_rid::protected_users)
      found.account->flags &= ~account_flag::protected_user;
  }
}

// What describes an account and bears on no ticket; scripts that make accounts have it. It is taken and not kept.
constexpr std::string_view kDescriptions[] = {"path",
                                              "instance",
                                              "displayname",
                                              "description",
                                              "givenname",
                                              "surname",
                                              "initials",
                                              "title",
                                              "department",
                                              "division",
                                              "company",
                                              "organization",
                                              "office",
                                              "officephone",
                                              "mobilephone",
                                              "emailaddress",
                                              "homepage",
                                              "manager",
                                              "managedby",
                                              "employeeid",
                                              "employeenumber",
                                              "streetaddress",
                                              "city",
                                              "state",
                                              "postalcode",
                                              "country",
                                              "dnshostname",
                                              "location",
                                              "operatingsystem",
                                              "operatingsystemversion",
                                              "passwordneverexpires",
                                              "cannotchangepassword",
                                              "passwordnotrequired"};

// Any other parameter that nobody looks at would be a wish that came to nothing without a word.
bool knows_parameters(CommandContext& context, std::string_view verb, std::string_view noun) {
  const auto one_of = [](std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto is_known = [&](std::string_view name) {
    if (one_of(name, {"identity", "name", "server", "confirm", "passthru", "force", "verbose", "erroraction"}))
      return true;
    if (noun == "adgroupmember") return name == "members";
    if (noun == "adaccountpassword") return one_of(name, {"reset", "newpassword", "oldpassword"});
    if (verb == "get") return name == "properties";
    if (verb != "set" && verb != "new") return false;
    if (std::any_of(std::begin(kFlagOptions), std::end(kFlagOptions),
                    [&](const FlagOption& flag) { return flag.option == name; }))
      return true;
    if (noun == "adaccountcontrol") return false;
    if (std::find(std::begin(kDescriptions), std::end(kDescriptions), name) != std::end(kDescriptions)) return true;
    if (one_of(name, {"principalsallowedtodelegatetoaccount", "userprincipalname", "serviceprincipalnames"}))
      return true;
    return verb == "new" ? one_of(name, {"samaccountname", "accountpassword"})
                         : one_of(name, {"add", "remove", "replace", "clear"});
  };
  for (const auto& [name, value] : context.words.options)
    if (!is_known(name))
      return context.misunderstood(context.words.name + " : A parameter cannot be found that matches parameter name '" +
                                   name + "' here."),
             false;
  return true;
}

}  // namespace

bool run_directory_cmdlet(CommandContext& context) {
  const auto dash = context.words.name.find('-');
  if (dash == std::string::npos) return false;
  const auto verb = to_lower(context.words.name.substr(0, dash)), noun = to_lower(context.words.name.substr(dash + 1));
  const bool members = noun == "adgroupmember" && (verb == "add" || verb == "remove");
  const bool object = noun == "aduser" || noun == "adcomputer" || noun == "adserviceaccount";
  if (members || (object && verb == "new")) {
    if (!knows_parameters(context, verb, noun)) return true;
    if (members)
      change_members(context, verb == "add");
    else
      new_account(context, kind_of(noun));
    return true;
  }
  using Action = void (*)(CommandContext&, const FoundAccount&);
  Action action = nullptr;
  if (object && verb == "get")
    action = get_account;
  else if (object && verb == "set")
    action = set_account;
  else if (object && verb == "remove")
    action = remove_account;
  else if (noun == "adaccountcontrol" && verb == "set")
    action = [](CommandContext& in, const FoundAccount& found) {
      if (!set_flags(in, *found.account))
        in.misunderstood(in.words.name + ": say what to set, as in -TrustedToAuthForDelegation '$true'");
    };
  else if (noun == "adaccountpassword" && verb == "set")
    action = set_password;
  else if (noun == "adaccount" && verb == "disable")
    action = [](CommandContext&, const FoundAccount& found) { found.account->flags |= account_flag::disabled; };
  else if (noun == "adaccount" && verb == "enable")
    action = [](CommandContext&, const FoundAccount& found) { found.account->flags &= ~account_flag::disabled; };
  else if (noun == "adaccount" && verb == "unlock")
    action = [](CommandContext&, const FoundAccount& found) { found.account->flags &= ~account_flag::locked_out; };
  if (action == nullptr) return false;
  if (!knows_parameters(context, verb, noun)) return true;
  const auto name = identity(context);
  // With its `$` a name says what it is: Set-ADUser takes front ends whatever they run as (it is the one cmdlet for
  // their list).
  const auto kind = action == set_account && name.ends_with('$') ? AccountKind::any : kind_of(noun);
  if (const auto found = find_named_account(context, name, kind)) action(context, found);
  return true;
}

}  // namespace stead::kdc
