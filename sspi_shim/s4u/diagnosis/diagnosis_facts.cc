#include "sspi_shim/s4u/diagnosis/diagnosis_facts.h"

#include <string>
#include <string_view>

#include "sspi_shim/s4u/diagnosis/account_name.h"

namespace stead {

DiagnosisFacts::DiagnosisFacts(const Refusal& from, const Circumstances& circumstances)
    : refusal(from),
      about(circumstances),
      front(circumstances.front_account.empty() ? account_guess(to_string(circumstances.front_end.name))
                                                : circumstances.front_account),
      target(account_guess(circumstances.service)) {}

std::string DiagnosisFacts::target_realm() const {
  return about.target_realm.empty() && !refusal.cross_realm ? about.front_end.realm : about.target_realm;
}

std::string DiagnosisFacts::user_account_name() const {
  return about.user.substr(0, about.user.rfind('@'));
}

std::string DiagnosisFacts::user_realm() const {
  const auto at = about.user.rfind('@');
  return at == std::string::npos ? "" : about.user.substr(at + 1);
}

std::string DiagnosisFacts::allow_by_target() const {
  return cmdlet_for(target) + " " + identity_value(target) + " -PrincipalsAllowedToDelegateToAccount " +
         identity_value(front) + server_option(target_realm());
}

std::string DiagnosisFacts::allow_by_list() const {
  return cmdlet_for(front) + " " + identity_value(front) + " -Add @{'msDS-AllowedToDelegateTo'='" + about.service +
         "'}" + server_option(about.front_end.realm);
}

std::string DiagnosisFacts::allow_transition() const {
  return "Set-ADAccountControl " + identity_value(front) + " -TrustedToAuthForDelegation $true" +
         server_option(about.front_end.realm);
}

std::string controller_of(const Refusal& refusal) {
  const auto& where = refusal.by.where;
  std::string out = !where.name.empty()      ? where.name
                    : !where.address.empty() ? where.address
                                             : "a KDC of " + refusal.realm;
  const auto level = refusal.by.level;
  if (level != DcLevel::unknown) out += " (level " + std::string(to_string(level)) + ")";
  return out;
}

// A computer's name may be written with its '$' or without.
std::string identity_value(std::string_view account) {
  return account.find(' ') == std::string_view::npos ? std::string(account) : "'" + std::string(account) + "'";
}

std::string cmdlet_for(std::string_view account) {
  return account.ends_with('$') ? "Set-ADComputer" : "Set-ADUser";
}

std::string server_option(const std::string& realm) {
  return realm.empty() ? "" : " -Server " + realm;
}

}  // namespace stead
