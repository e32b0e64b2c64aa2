#include "proxy/doctor/checks/user.h"

#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/checks/delegation.h"
#include "proxy/doctor/checks/fact_text.h"

namespace stead::doctor {
namespace {

using enum CheckId;

using Code = KrbErrc;

constexpr CheckId kUserChecks[] = {U1, U2, A7, U3, U4};

Checks broken_at(CheckId id, const UserFacts& user, std::string symptom, std::vector<std::string> fix) {
  Checks out;
  // A user whose account is refused, or cannot be read, has a name that the domain knows.
  const bool name_is_known = id == U2 || id == A7;
  if (name_is_known) out.push_back(ok(U1, user.asked, "the domain knows the name"));
  out.push_back(fault(id, user.asked, std::move(symptom), last_step_text(user.steps), std::move(fix)));
  for (const CheckId other : kUserChecks) {
    if (other != id && !(other == U1 && name_is_known)) out.push_back(skipped_by(id, other, user.asked));
  }
  return out;
}

// The account's name and realm, for commands.
std::string name_of_user(const UserFacts& user) {
  const auto slash = user.asked.find('\\');
  const auto name = slash == std::string::npos ? user.asked : user.asked.substr(slash + 1);
  return name.substr(0, name.find('@'));
}

}  // namespace

Checks judge_user(const UserFacts& user, const AccountFacts& account) {
  if (!user.failure) {
    const std::string& name = user.principal;
    const std::string proof = last_step_text(user.steps);
    Checks out{ok(U1, name, user.asked + " is " + name + "; " + proof), ok(U2, name, proof), ok(A7, name, proof)};
    const std::string bare = name.substr(0, name.rfind('@')), realm = name.substr(name.rfind('@') + 1);
    if (user.sensitive) {
      out.push_back(fault(
          U3, name,
          std::string("The user may not be delegated: the account is ") +
              (user.is_protected ? "a member of Protected Users. "
                                 : "marked sensitive (\"Account is sensitive and cannot be delegated\"). ") +
              "That is a decision about the user; change it only if it was not meant.",
          proof + "; the PAC of that ticket says NOT_DELEGATED or has Protected Users",
          {user.is_protected ? "Remove-ADGroupMember 'Protected Users' -Members " + bare + " -Server " + realm
                             : "Set-ADAccountControl " + bare + " -AccountNotDelegated $false -Server " + realm}));
    } else {
      out.push_back(ok(U3, name,
                       user.groups > 0 ? "the PAC of the user's ticket does not forbid it"
                                       : "the user's ticket has no PAC that forbids it"));
    }
    out.push_back(ok(U4, name,
                     "the user's ticket to the front end has " + std::to_string(user.evidence_bytes) + " bytes, with " +
                         std::to_string(user.groups) + " groups"));
    return out;
  }
  const Failure& failure = *user.failure;
  CheckId id = check_of(failure);
  const Diagnosis diagnosis = failure.trace.diagnosis.value_or(Diagnosis{"", failure.text, {}});
  auto fix = diagnosis.fix;
  const std::string bare = name_of_user(user);
  if (failure.kind == FailureKind::unusable)
    return broken_at(U1, user, failure.text, {"stead doctor --for user@SUFFIX"});
  if (failure.error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) {
    if (!user.known_to_as) {
      fix.push_back("Get-ADUser -LDAPFilter '(|(sAMAccountName=" + bare + ")(mail=" + user.asked +
                    ")(proxyAddresses=smtp:" + user.asked + "))'");
      return broken_at(
          U1, user, diagnosis.summary + " Guests, and users of a cloud directory only, have no account in the domain.",
          fix);
    }
    return broken_at(A7, user,
                     "The domain knows " + user.asked +
                         ", but S4U2Self does not find the user: the front end's account may not read the user's "
                         "tokenGroupsGlobalAndUniversal.",
                     {"Add-ADGroupMember 'Windows Authorization Access Group' -Members " + account_name(account) +
                      " -Server " + account.principal.realm});
  }
  if (id == S1) id = A4;  // the service of S4U2Self is the front end
  if (id == S5) id = A3;
  if (id == D6) id = D7;  // no path of trusts between user and front end
  if (fix.empty())
    fix = {"stead s4u --trace --for '" + user.asked + "' --service " + to_string(account.principal.name)};
  return broken_at(id, user, diagnosis.summary, fix);
}

}  // namespace stead::doctor
