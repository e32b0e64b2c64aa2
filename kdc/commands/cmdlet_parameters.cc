#include "kdc/commands/cmdlet_parameters.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "kdc/commands/policy_cmdlets.h"

namespace stead::kdc {
namespace {

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
    {"passwordneverexpires", account_flag::password_never_expires, false},
    {"smartcardlogonrequired", account_flag::smartcard_required, false},
    {"enabled", account_flag::disabled, true},
};

// Parameters that only describe an account. Scripts that create accounts use them; they are accepted and not stored.
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
                                              "cannotchangepassword",
                                              "passwordnotrequired"};

}  // namespace

std::string identity_of(const CommandContext& context) {
  for (const auto* option : {"identity", "name"})
    if (const auto* value = context.words.option(option)) return unquote(*value);
  return context.words.operands.empty() ? "" : context.words.operands.front();
}

bool check_parameters(CommandContext& context, std::string_view verb, std::string_view noun) {
  const auto one_of = [](std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto is_known = [&](std::string_view name) {
    if (one_of(name, {"identity", "name", "server", "confirm", "passthru", "force", "verbose", "erroraction"}))
      return true;
    if (noun == "addefaultdomainpasswordpolicy") return verb == "set" && is_policy_option(name);
    if (noun == "adaccountexpiration") return one_of(name, {"datetime", "timespan"});
    if (noun == "adgroupmember") return name == "members";
    if (noun == "adaccountpassword") return one_of(name, {"reset", "newpassword", "oldpassword"});
    if (verb == "get") return name == "properties";
    if (verb != "set" && verb != "new") return false;
    if (std::any_of(std::begin(kFlagOptions), std::end(kFlagOptions),
                    [&](const FlagOption& flag) { return flag.option == name; }))
      return true;
    if (noun == "adaccountcontrol") return false;
    if (std::find(std::begin(kDescriptions), std::end(kDescriptions), name) != std::end(kDescriptions)) return true;
    if (one_of(name, {"principalsallowedtodelegatetoaccount", "userprincipalname", "serviceprincipalnames",
                      "kerberosencryptiontype", "logonworkstations", "accountexpirationdate"}))
      return true;
    return verb == "new" ? one_of(name, {"samaccountname", "accountpassword"})
                         : one_of(name, {"add", "remove", "replace", "clear"});
  };
  for (const auto& [name, value] : context.words.options) {
    if (is_known(name)) continue;
    context.misunderstood(context.words.name + " : A parameter cannot be found that matches parameter name '" + name +
                          "' here.");
    return false;
  }
  return true;
}

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
  // A password that never expires has not expired; that it may expire says nothing of when.
  const auto* never = context.words.option("passwordneverexpires");
  if (never != nullptr && boolean_value(*never).value_or(false)) {
    account.flags &= ~account_flag::password_expired;
    any = true;
  }
  return any;
}

}  // namespace stead::kdc
