#include "sspi_shim/s4u/diagnosis/delegation_diagnosis.h"

#include <string>

#include "sspi_shim/base/text.h"

#include "sspi_shim/s4u/diagnosis/account_diagnosis.h"

namespace stead {

Finding no_capable_dc(const DiagnosisFacts& facts) {
  // A restriction of the user is the same at every DC.
  if (!facts.refusal.cross_realm && facts.refusal.status == NtStatus::STATUS_ACCOUNT_RESTRICTION)
    return account_restriction(facts);
  std::string seen;
  for (const auto& dc : facts.refusal.seen) {
    seen += (seen.empty() ? "" : ", ") + (dc.controller.empty() ? dc.address : dc.controller) + " (level " + dc.level +
            ", " + dc.answer + ")";
  }
  Finding out;
  out.code = DiagnosisCode::no_2012_dc_found;
  out.summary = "No domain controller of " + facts.refusal.realm + " is Windows Server 2012 or later" +
                (facts.refusal.cross_realm ? ", and only a newer one delegates to a service in another domain."
                                           : ", and the one that was asked refuses.") +
                (seen.empty() ? " No controller of that domain was seen." : " Seen: " + seen + ".");
  if (facts.refusal.cross_realm) {
    out.fix = {"nltest /dsgetdc:" + facts.refusal.realm + " /ds_8", facts.allow_by_target()};
  } else {
    out.fix = {facts.allow_by_list(), "nltest /dsgetdc:" + facts.refusal.realm + " /ds_8"};
  }
  return out;
}

Finding not_allowed(const DiagnosisFacts& facts) {
  Finding out;
  if (facts.refusal.by.level != DcLevel::unknown && facts.refusal.by.level < DcLevel::w2012) return not_listed(facts);
  out.code = DiagnosisCode::rbcd_denied_on_target;
  out.summary =
      controller_of(facts.refusal) + " finds nothing that lets " + facts.front + " delegate to " + facts.about.service +
      ": msDS-AllowedToActOnBehalfOfOtherIdentity of " + facts.target + " does not name it" +
      (facts.refusal.cross_realm ? "."
                                 : ", and msDS-AllowedToDelegateTo of " + facts.front + " does not list the SPN.") +
      " The command replaces the accounts that are allowed already: name those too. `setspn -Q " + facts.about.service +
      "` shows which account has the SPN.";
  out.fix = {facts.allow_by_target()};
  if (!facts.refusal.cross_realm) out.fix.push_back(facts.allow_by_list());
  return out;
}

Finding not_listed(const DiagnosisFacts& facts) {
  Finding out;
  out.code = DiagnosisCode::spn_not_in_kcd_list;
  out.summary = controller_of(facts.refusal) + " says that msDS-AllowedToDelegateTo of " + facts.front +
                " does not list " + facts.about.service + ".";
  out.fix = {facts.allow_by_list()};
  if (facts.refusal.by.level == DcLevel::unknown || facts.refusal.by.level >= DcLevel::w2012)
    out.fix.push_back(facts.allow_by_target());
  return out;
}

Finding account_restriction(const DiagnosisFacts& facts) {
  Finding out;
  const auto sensitive = "Set-ADAccountControl " + identity_value(facts.user_account_name()) +
                         " -AccountNotDelegated $false" + server_option(facts.user_realm());
  if (facts.refusal.stage == Stage::s4u2self) return user_account(facts);
  if (facts.about.sensitive || facts.about.forwardable) {
    out.code = DiagnosisCode::user_is_sensitive;
    out.summary = facts.about.user +
                  " may not be delegated: the account is marked sensitive (\"Account is sensitive and cannot be "
                  "delegated\") or is a member of Protected Users. "
                  "That is a decision about the user; take it back only if it was not meant.";
    out.fix = {sensitive, "Remove-ADGroupMember 'Protected Users' -Members " +
                              identity_value(facts.user_account_name()) + server_option(facts.user_realm())};
    return out;
  }
  if (facts.about.by_s4u2self) {
    out.code = DiagnosisCode::service_not_trusted_for_transition;
    out.summary =
        "The ticket that " + facts.front + " got in the name of " + facts.about.user +
        " is not forwardable: " + facts.front +
        " is not trusted to change protocols (\"use any authentication protocol\"), and " +
        controller_of(facts.refusal) +
        " takes only forwardable evidence here. Resource-based delegation on the back end's account needs no such "
        "trust.";
    out.fix = {facts.allow_transition(), facts.allow_by_target()};
    return out;
  }
  out.code = DiagnosisCode::evidence_not_forwardable_config;
  out.summary = "The ticket that " + facts.about.user +
                " presented is not forwardable. Clients ask for forwardable tickets with forwardable = true in "
                "[libdefaults] of krb5.conf; "
                "a sensitive user gets none.";
  out.fix = {"kinit -f " + facts.about.user, sensitive};
  return out;
}

Finding policy(const DiagnosisFacts& facts) {
  Finding out;
  if (facts.refusal.status == NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE) {
    out.code = DiagnosisCode::cross_realm_needs_rbcd;
    out.summary = controller_of(facts.refusal) +
                  " does not delegate to a service in another domain: the back end's domain must allow it by "
                  "resource-based delegation, at a controller of 2012 or later.";
    out.fix = {facts.allow_by_target()};
    return out;
  }
  if (facts.refusal.status == NtStatus::STATUS_AUTHENTICATION_FIREWALL_FAILED) {
    out.code = DiagnosisCode::selective_authentication;
    out.summary = "The trust has selective authentication: " + facts.front + " and " + facts.about.user +
                  " need \"Allowed to Authenticate\" on " + (facts.target.empty() ? facts.front : facts.target) + ".";
    out.fix = {"dsacls \"$((Get-ADComputer " + identity_value(facts.target.empty() ? facts.front : facts.target) +
               ").DistinguishedName)\" /G '" + facts.about.user + ":CA;Allowed to Authenticate'"};
    return out;
  }
  if (facts.refusal.stage == Stage::s4u2self && equal_ignoring_case(facts.user_realm(), facts.about.front_end.realm)) {
    out.code = DiagnosisCode::user_account_refused;
    out.summary = controller_of(facts.refusal) + " refuses " + facts.about.user +
                  " by policy: the account is disabled, or an authentication policy is assigned to it.";
    out.fix = {"Get-ADUser " + identity_value(facts.user_account_name()) +
               " -Properties Enabled,msDS-AssignedAuthNPolicy" + server_option(facts.user_realm())};
    return out;
  }
  out.code = DiagnosisCode::foreign_user_needs_trust;
  out.summary = controller_of(facts.refusal) + " refuses by policy: a trust on the way between the domains of " +
                facts.about.user + ", " + to_string(facts.about.front_end) +
                (facts.about.service.empty() ? "" : " and " + facts.about.service) +
                " does not carry the user. A user of the back end's own forest cannot come back into it through a "
                "front end in another.";
  // The service's realm is not known before its own KDC has answered.
  const auto abroad = facts.target_realm().empty() ? facts.refusal.realm : facts.target_realm();
  out.fix = {"netdom trust " + facts.about.front_end.realm +
             " /domain:" + (facts.refusal.cross_realm ? abroad : facts.user_realm()) + " /verify"};
  return out;
}

}  // namespace stead
