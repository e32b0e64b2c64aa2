#include "proxy/doctor/checks.h"

namespace stead::doctor {
namespace {

using Code = KrbErrc;

const std::vector<std::string>& user_checks() {
  static const std::vector<std::string> all = {"U1", "U2", "A7", "U3", "U4"};
  return all;
}

Checks broken_at(const std::string& id, const UserFacts& user, std::string symptom, std::vector<std::string> fix) {
  Checks out;
  const bool before = id == "U1" || id == "U2" || id == "A7";
  // What is before the broken link holds: who is disabled is known.
  if (id == "U2" || id == "A7") out.push_back(ok("U1", user.asked, "the domain knows the name"));
  out.push_back(fault(id, user.asked, std::move(symptom), last_of(user.steps), std::move(fix)));
  for (const auto& other : user_checks()) {
    if (other != id && !(other == "U1" && before && id != "U1"))
      out.push_back(skipped(other, user.asked, id + " is broken"));
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

std::string check_of(const Failure& failure) {
  if (failure.kind == FailureKind::unreachable) return "N2";
  if (!failure.trace.diagnosis) return "D7";
  static const std::map<std::string, std::string> by_code = {{"service_not_trusted_for_transition", "D1"},
                                                             {"spn_not_in_kcd_list", "D2"},
                                                             {"rbcd_denied_on_target", "D3"},
                                                             {"rbcd_not_supported_by_dc", "D5"},
                                                             {"no_2012_dc_found", "D5"},
                                                             {"cross_realm_needs_rbcd", "D5"},
                                                             {"user_is_sensitive", "U3"},
                                                             {"evidence_not_forwardable_config", "D8"},
                                                             {"foreign_user_needs_trust", "D6"},
                                                             {"selective_authentication", "D7"},
                                                             {"spn_unknown", "S1"},
                                                             {"spn_duplicate", "S2"},
                                                             {"clock_skew", "N3"},
                                                             {"tgt_expired", "N3"},
                                                             {"etype_mismatch", "S5"},
                                                             {"keytab_kvno_old", "A2"},
                                                             {"dc_unreachable", "N2"},
                                                             {"pac_rejected", "D7"},
                                                             {"user_account_refused", "U2"}};
  const auto found = by_code.find(failure.trace.diagnosis->code);
  return found == by_code.end() ? "D7" : found->second;
}

Checks judge_user(const UserFacts& user, const AccountFacts& account) {
  if (!user.failure) {
    const std::string& name = user.principal;
    const std::string proof = last_of(user.steps);
    Checks out{ok("U1", name, user.asked + " is " + name + "; " + proof), ok("U2", name, proof), ok("A7", name, proof)};
    const std::string bare = name.substr(0, name.rfind('@')), realm = name.substr(name.rfind('@') + 1);
    if (user.sensitive) {
      out.push_back(fault("U3", name,
                          "The user may not be delegated: the account is marked sensitive (\"Account is sensitive and "
                          "cannot be delegated\") or is a member of Protected Users. "
                          "That is a decision about the user; take it back only if it was not meant.",
                          proof + "; the PAC of that ticket says NOT_DELEGATED or has Protected Users",
                          {"Set-ADAccountControl " + bare + " -AccountNotDelegated $false -Server " + realm,
                           "Remove-ADGroupMember 'Protected Users' -Members " + bare + " -Server " + realm}));
    } else {
      out.push_back(ok("U3", name,
                       user.groups > 0 ? "the PAC of his ticket says nothing against it"
                                       : "his ticket has no PAC that says otherwise"));
    }
    out.push_back(ok("U4", name,
                     "his ticket to the front end has " + std::to_string(user.evidence_bytes) + " bytes, with " +
                         std::to_string(user.groups) + " groups"));
    return out;
  }
  const Failure& failure = *user.failure;
  std::string id = check_of(failure);
  const Diagnosis diagnosis = failure.trace.diagnosis.value_or(Diagnosis{"", failure.text, {}});
  auto fix = diagnosis.fix;
  const std::string bare = name_of_user(user);
  if (failure.kind == FailureKind::unusable)
    return broken_at("U1", user, failure.text, {"stead doctor --for user@SUFFIX"});
  if (failure.error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) {
    if (!user.known_to_as) {
      fix.push_back("Get-ADUser -LDAPFilter '(|(sAMAccountName=" + bare + ")(mail=" + user.asked +
                    ")(proxyAddresses=smtp:" + user.asked + "))'");
      return broken_at(
          "U1", user,
          diagnosis.summary + " A guest, or a user that only a cloud directory knows, has no account to act for.", fix);
    }
    return broken_at("A7", user,
                     "The domain signs " + user.asked +
                         " on, but S4U2Self finds nobody: the front end's account may not read "
                         "tokenGroupsGlobalAndUniversal of the user.",
                     {"Add-ADGroupMember 'Windows Authorization Access Group' -Members " + account_name(account) +
                      " -Server " + account.principal.realm});
  }
  if (id == "S1") id = "A4";  // the service of S4U2Self is the front end
  if (id == "S5") id = "A3";
  if (id == "D6") id = "D7";  // no way of trusts between user and front end
  if (fix.empty())
    fix = {"stead s4u --trace --for '" + user.asked + "' --service " + to_string(account.principal.name)};
  return broken_at(id, user, diagnosis.summary, fix);
}

}  // namespace stead::doctor
