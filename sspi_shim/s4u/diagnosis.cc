#include "sspi_shim/s4u/diagnosis.h"

#include <algorithm>

#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead {
namespace {

using Code = KrbErrc;

std::string controller_of(const Refusal& refusal) {
  const auto& where = refusal.by.where;
  std::string out = !where.name.empty()      ? where.name
                    : !where.address.empty() ? where.address
                                             : "a KDC of " + refusal.realm;
  const auto level = refusal.by.level;
  if (level != DcLevel::unknown) out += " (level " + std::string(to_string(level)) + ")";
  return out;
}

// What the commands name an account by: PowerShell's -Identity takes a computer's name with its '$' or without.
std::string identity(std::string_view account) {
  return account.find(' ') == std::string_view::npos ? std::string(account) : "'" + std::string(account) + "'";
}

std::string cmdlet_for(std::string_view account) {
  return account.ends_with('$') ? "Set-ADComputer" : "Set-ADUser";
}

class Writer {
 public:
  Writer(const Refusal& refusal, const Circumstances& circumstances)
      : refusal_(refusal),
        about_(circumstances),
        front_(circumstances.front_account.empty() ? account_guess(to_string(circumstances.front_end.name))
                                                   : circumstances.front_account),
        target_(account_guess(circumstances.service)) {}

  Diagnosis write() const;

 private:
  Diagnosis no_capable_dc() const;
  Diagnosis not_allowed() const;
  Diagnosis not_listed() const;
  Diagnosis account_restriction() const;
  Diagnosis own_account() const;
  Diagnosis user_account() const;
  Diagnosis unknown_service() const;
  Diagnosis service_account() const;
  Diagnosis policy() const;
  Diagnosis other() const;

  std::string server(const std::string& realm) const { return realm.empty() ? "" : " -Server " + realm; }
  std::string target_realm() const {
    return about_.target_realm.empty() && !cross_realm() ? about_.front_end.realm : about_.target_realm;
  }
  std::string user_account_name() const { return about_.user.substr(0, about_.user.rfind('@')); }
  std::string user_realm() const {
    const auto at = about_.user.rfind('@');
    return at == std::string::npos ? "" : about_.user.substr(at + 1);
  }
  std::string allow_by_target() const {
    return cmdlet_for(target_) + " " + identity(target_) + " -PrincipalsAllowedToDelegateToAccount " +
           identity(front_) + server(target_realm());
  }
  std::string allow_by_list() const {
    return cmdlet_for(front_) + " " + identity(front_) + " -Add @{'msDS-AllowedToDelegateTo'='" + about_.service +
           "'}" + server(about_.front_end.realm);
  }
  std::string allow_transition() const {
    return "Set-ADAccountControl " + identity(front_) + " -TrustedToAuthForDelegation $true" +
           server(about_.front_end.realm);
  }
  bool cross_realm() const { return refusal_.cross_realm; }

  const Refusal& refusal_;
  const Circumstances& about_;
  std::string front_;
  std::string target_;
};

Diagnosis Writer::no_capable_dc() const {
  // What an older DC says of the user holds for every DC.
  if (!cross_realm() && refusal_.status == NtStatus::STATUS_ACCOUNT_RESTRICTION) return account_restriction();
  std::string seen;
  for (const auto& dc : refusal_.seen) {
    seen += (seen.empty() ? "" : ", ") + (dc.controller.empty() ? dc.address : dc.controller) + " (level " + dc.level +
            ", " + dc.answer + ")";
  }
  Diagnosis out;
  out.code = "no_2012_dc_found";
  out.summary = "No domain controller of " + refusal_.realm + " that is Windows Server 2012 or later answers" +
                (cross_realm() ? ", and only such a one delegates to a service in another domain."
                               : ", and the older one that was asked refuses.") +
                (seen.empty() ? " No controller of that domain was seen." : " Seen: " + seen + ".");
  if (cross_realm()) {
    out.fix = {"nltest /dsgetdc:" + refusal_.realm + " /ds_8", allow_by_target()};
  } else {
    out.fix = {allow_by_list(), "nltest /dsgetdc:" + refusal_.realm + " /ds_8"};
  }
  return out;
}

Diagnosis Writer::not_allowed() const {
  Diagnosis out;
  if (refusal_.by.level != DcLevel::unknown && refusal_.by.level < DcLevel::w2012) return not_listed();
  out.code = "rbcd_denied_on_target";
  out.summary = controller_of(refusal_) + " finds nothing that lets " + front_ + " delegate to " + about_.service +
                ": msDS-AllowedToActOnBehalfOfOtherIdentity of " + target_ + " does not name it" +
                (cross_realm() ? "." : ", and msDS-AllowedToDelegateTo of " + front_ + " does not list the SPN.") +
                " The command replaces the accounts that are allowed already: name those too. `setspn -Q " +
                about_.service + "` tells which account has the SPN.";
  out.fix = {allow_by_target()};
  if (!cross_realm()) out.fix.push_back(allow_by_list());
  return out;
}

Diagnosis Writer::not_listed() const {
  Diagnosis out;
  out.code = "spn_not_in_kcd_list";
  out.summary = controller_of(refusal_) + " says that msDS-AllowedToDelegateTo of " + front_ + " does not list " +
                about_.service + ".";
  out.fix = {allow_by_list()};
  if (refusal_.by.level == DcLevel::unknown || refusal_.by.level >= DcLevel::w2012)
    out.fix.push_back(allow_by_target());
  return out;
}

Diagnosis Writer::account_restriction() const {
  Diagnosis out;
  const auto sensitive =
      "Set-ADAccountControl " + identity(user_account_name()) + " -AccountNotDelegated $false" + server(user_realm());
  if (refusal_.stage == Stage::s4u2self) return user_account();
  if (about_.sensitive || about_.forwardable) {
    out.code = "user_is_sensitive";
    out.summary = about_.user +
                  " may not be delegated: the account is marked sensitive (\"Account is sensitive and cannot be "
                  "delegated\") or is a member of Protected Users. "
                  "That is a decision about the user; take it back only if it was not meant.";
    out.fix = {sensitive, "Remove-ADGroupMember 'Protected Users' -Members " + identity(user_account_name()) +
                              server(user_realm())};
    return out;
  }
  if (about_.by_s4u2self) {
    out.code = "service_not_trusted_for_transition";
    out.summary =
        "The ticket that " + front_ + " got in the name of " + about_.user + " is not forwardable: " + front_ +
        " is not trusted to change protocols (\"use any authentication protocol\"), and " + controller_of(refusal_) +
        " takes only forwardable evidence here. Resource-based delegation on the back end's account needs no such "
        "trust.";
    out.fix = {allow_transition(), allow_by_target()};
    return out;
  }
  out.code = "evidence_not_forwardable_config";
  out.summary = "The ticket that " + about_.user +
                " presented is not forwardable. Clients ask for forwardable tickets with forwardable = true in "
                "[libdefaults] of krb5.conf; "
                "a sensitive user gets none.";
  out.fix = {"kinit -f " + about_.user, sensitive};
  return out;
}

Diagnosis Writer::own_account() const {
  Diagnosis out;
  const auto name = to_string(about_.front_end);
  if (refusal_.error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) {
    out.code = "spn_unknown";
    out.summary =
        "The domain " + refusal_.realm + " knows no account " + name + ", which is the identity of this service.";
    out.fix = {"setspn -S " + to_string(about_.front_end.name) + " " + identity(front_)};
  } else if (refusal_.error == Code::KDC_ERR_CLIENT_REVOKED || refusal_.error == Code::KDC_ERR_KEY_EXPIRED) {
    out.code = "user_account_refused";
    out.summary = "The account of this service, " + name + ", is disabled, locked or expired.";
    out.fix = {"Enable-ADAccount " + identity(front_) + server(about_.front_end.realm)};
  } else {
    out.code = "keytab_kvno_old";
    out.summary =
        "The keytab's key for " + name +
        " is not the account's: its password was changed after the keytab was written. Write the keytab anew.";
    out.fix = {"ktpass /out service.keytab /princ " + name + " /mapuser " + identity(front_) +
               " /pass * /crypto All /ptype KRB5_NT_PRINCIPAL"};
  }
  return out;
}

Diagnosis Writer::user_account() const {
  Diagnosis out;
  out.code = "user_account_refused";
  const auto account = identity(user_account_name());
  const auto at = server(user_realm());
  if (refusal_.error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN) {
    out.summary = "No domain that was asked knows the user " + about_.user + ". Check the spelling and the suffix.";
    out.fix = {"Get-ADUser -Filter \"UserPrincipalName -eq '" + about_.user + "'\""};
    return out;
  }
  const auto status = refusal_.status.value_or(NtStatus::STATUS_SUCCESS);
  if (refusal_.error == Code::KDC_ERR_PREAUTH_FAILED) {
    out.summary = "The password of " + about_.user + " is wrong.";
    return out;
  }
  if (status == NtStatus::STATUS_ACCOUNT_LOCKED_OUT) {
    out.summary = "The account of " + about_.user + " is locked.";
    out.fix = {"Unlock-ADAccount " + account + at};
  } else if (status == NtStatus::STATUS_ACCOUNT_EXPIRED || refusal_.error == Code::KDC_ERR_NAME_EXP) {
    out.summary = "The account of " + about_.user + " has expired.";
    out.fix = {"Clear-ADAccountExpiration " + account + at};
  } else if (status == NtStatus::STATUS_PASSWORD_EXPIRED || status == NtStatus::STATUS_PASSWORD_MUST_CHANGE ||
             refusal_.error == Code::KDC_ERR_KEY_EXPIRED) {
    out.summary = "The password of " + about_.user + " has expired and must be changed.";
    out.fix = {"Set-ADAccountPassword " + account + " -Reset" + at};
  } else if (status == NtStatus::STATUS_INVALID_LOGON_HOURS || status == NtStatus::STATUS_INVALID_WORKSTATION) {
    out.summary = "The account of " + about_.user + " may not sign in now or from here.";
    out.fix = {"Get-ADUser " + account + " -Properties logonHours,LogonWorkstations" + at};
  } else {
    out.summary =
        "The domain refuses the account of " + about_.user + ": it is disabled, locked, expired or restricted.";
    out.fix = {"Enable-ADAccount " + account + at};
  }
  return out;
}

Diagnosis Writer::unknown_service() const {
  Diagnosis out;
  out.code = "spn_unknown";
  // S4U2Self begins in the user's realm: where that is another, it looked for the way back to ours.
  const bool no_way_back =
      refusal_.stage == Stage::s4u2self && !equal_ignoring_case(refusal_.realm, about_.front_end.realm);
  if (refusal_.stage == Stage::user_tgt || no_way_back) {
    out.code = "foreign_user_needs_trust";
    out.summary = controller_of(refusal_) + " knows no way of trusts between the realm of " + about_.user + " and " +
                  about_.front_end.realm + ", which must trust each other.";
    out.fix = {"netdom trust " + about_.front_end.realm + " /domain:" + user_realm() + " /verify"};
    return out;
  }
  if (refusal_.stage == Stage::s4u2self || refusal_.stage == Stage::password) {
    out.summary = controller_of(refusal_) + " does not know this service, " + to_string(about_.front_end) + ".";
    out.fix = {"setspn -S " + to_string(about_.front_end.name) + " " + identity(front_)};
    return out;
  }
  if (!refusal_.what.empty()) {
    out.summary = about_.service + " is not where it was asked for: " + refusal_.what + ".";
  } else if (refusal_.error == Code::KDC_ERR_MUST_USE_USER2USER) {
    out.summary = "The account that " + about_.service + " names has no SPN.";
  } else {
    out.summary = controller_of(refusal_) + " knows no account with the SPN " + about_.service +
                  ", or more than one, nor a trusted domain to ask for it.";
  }
  out.fix = {"setspn -Q " + about_.service, "setspn -S " + about_.service + " " + identity(target_), "setspn -X"};
  return out;
}

Diagnosis Writer::service_account() const {
  Diagnosis out;
  out.code = "spn_unknown";
  const bool ours = about_.service.empty() || refusal_.stage == Stage::s4u2self || refusal_.stage == Stage::password;
  out.summary = controller_of(refusal_) + " says that the account with the SPN " +
                (ours ? to_string(about_.front_end.name) : about_.service) + " is disabled or expired.";
  out.fix = {"Enable-ADAccount " + identity(ours ? front_ : target_) + server(refusal_.realm)};
  return out;
}

Diagnosis Writer::policy() const {
  Diagnosis out;
  if (refusal_.status == NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE) {
    out.code = "cross_realm_needs_rbcd";
    out.summary = controller_of(refusal_) +
                  " does not delegate to a service in another domain: the back end's domain must allow it by "
                  "resource-based delegation, at a controller of 2012 or later.";
    out.fix = {allow_by_target()};
    return out;
  }
  if (refusal_.status == NtStatus::STATUS_AUTHENTICATION_FIREWALL_FAILED) {
    out.code = "selective_authentication";
    out.summary = "The trust has selective authentication: " + front_ + " and " + about_.user +
                  " need \"Allowed to Authenticate\" on " + (target_.empty() ? front_ : target_) + ".";
    out.fix = {"dsacls \"$((Get-ADComputer " + identity(target_.empty() ? front_ : target_) +
               ").DistinguishedName)\" /G '" + about_.user + ":CA;Allowed to Authenticate'"};
    return out;
  }
  out.code = "foreign_user_needs_trust";
  out.summary = controller_of(refusal_) + " refuses by policy: a trust on the way between the domains of " +
                about_.user + ", " + to_string(about_.front_end) +
                (about_.service.empty() ? "" : " and " + about_.service) +
                " does not carry the user. A user of the back end's own forest cannot come back into it through a "
                "front end in another.";
  // The service's realm is not known before its own KDC has answered.
  const auto abroad = target_realm().empty() ? refusal_.realm : target_realm();
  out.fix = {"netdom trust " + about_.front_end.realm + " /domain:" + (cross_realm() ? abroad : user_realm()) +
             " /verify"};
  return out;
}

Diagnosis Writer::other() const {
  Diagnosis out;
  const auto& error = refusal_.error;
  const bool of_user = refusal_.stage == Stage::user_realm || refusal_.stage == Stage::s4u2self;
  const std::string mappings =
      "Get-ADUser -LDAPFilter '(altSecurityIdentities=*)' -Properties altSecurityIdentities" + server(refusal_.realm);
  if (error == Code::KRB_AP_ERR_SKEW || error == Code::KRB_AP_ERR_TKT_NYV ||
      refusal_.status == NtStatus::STATUS_TIME_DIFFERENCE_AT_DC) {
    out.code = "clock_skew";
    out.summary = "The clocks of this computer and of " + controller_of(refusal_) + " differ too much.";
    out.fix = {"w32tm /resync", "chronyc makestep"};
  } else if (error == Code::KDC_ERR_ETYPE_NOSUPP || error == Code::KDC_ERR_NULL_KEY ||
             refusal_.status == NtStatus::STATUS_KDC_UNKNOWN_ETYPE) {
    out.code = "etype_mismatch";
    const auto account = about_.service.empty() || refusal_.stage == Stage::own_tgt ? front_ : target_;
    out.summary = "No encryption type in common with " + controller_of(refusal_) +
                  (refusal_.what.empty() ? "" : ": " + refusal_.what) +
                  ". Enable AES on the account and set its password again.";
    out.fix = {cmdlet_for(account) + " " + identity(account) + " -KerberosEncryptionType AES128,AES256" +
               server(refusal_.realm)};
  } else if (of_user && about_.by_certificate && error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE) {
    out.code = "user_account_refused";
    out.summary = "The certificate is mapped to more than one account of " + refusal_.realm +
                  ": name the one that is meant, or take the mapping from the others.";
    out.fix = {mappings};
  } else if (of_user && error == kClientNameMismatch) {
    out.code = "user_account_refused";
    out.summary = controller_of(refusal_) + " finds that the certificate is not that of " + about_.user + ".";
    out.fix = {"Get-ADUser " + identity(user_account_name()) + " -Properties altSecurityIdentities" +
               server(refusal_.realm)};
  } else if (of_user && error == kCertificateMismatch) {
    out.code = "user_account_refused";
    out.summary = controller_of(refusal_) +
                  " finds in the certificate the SID of another account than the one that it is mapped to.";
    out.fix = {mappings};
  } else if (error == Code::KDC_ERR_PRINCIPAL_NOT_UNIQUE) {
    out.code = "spn_duplicate";
    out.summary = "More than one account of " + refusal_.realm + " has the SPN " + about_.service + ".";
    out.fix = {"setspn -X", "setspn -D " + about_.service + " ACCOUNT"};
  } else if (error == Code::KRB_AP_ERR_TKT_EXPIRED || error == Code::KDC_ERR_NEVER_VALID) {
    out.code = "tgt_expired";
    out.summary = "A ticket on the way has expired for " + controller_of(refusal_) +
                  ". Try again; look at the clocks where it stays.";
    out.fix = {"w32tm /stripchart /computer:" + refusal_.by.where.name};
  } else if (error == Code::KDC_ERR_PADATA_TYPE_NOSUPP && refusal_.stage == Stage::s4u2self &&
             refusal_.kind == FailureKind::unusable) {
    out.code = "user_account_refused";
    out.summary = about_.user +
                  " is this service itself, and no user to act for. What it asks in its own name needs no delegation.";
  } else if (error == Code::KDC_ERR_PADATA_TYPE_NOSUPP) {
    out.code = "rbcd_not_supported_by_dc";
    out.summary = controller_of(refusal_) + " does not do what is asked of it" +
                  (refusal_.what.empty() ? "" : ": " + refusal_.what) + ".";
    out.fix = {"nltest /dsgetdc:" + refusal_.realm + " /ds_8"};
  } else if (error == Code::KRB_AP_ERR_BADMATCH || error == Code::KRB_AP_ERR_BADKEYVER ||
             error == Code::KDC_ERR_SERVER_NOMATCH) {
    out.code = "spn_unknown";
    out.summary = controller_of(refusal_) + " finds that " + to_string(about_.front_end) +
                  " is not the account that asks: the SPN belongs to another account.";
    out.fix = {"setspn -Q " + to_string(about_.front_end.name)};
  } else {
    out.code = "pac_rejected";
    out.summary = controller_of(refusal_) + " answers " +
                  (refusal_.error.category() == krb_category() ? krb_error_name(refusal_.error.value())
                                                               : refusal_.error.message()) +
                  (refusal_.what.empty() ? "" : " (" + refusal_.what + ")") +
                  ": a ticket or what is in it does not hold there.";
    out.fix = {"netdom trust " + about_.front_end.realm + " /domain:" + refusal_.realm + " /verify"};
  }
  return out;
}

Diagnosis Writer::write() const {
  if (refusal_.kind == FailureKind::unreachable || refusal_.error == Code::KDC_ERR_SVC_UNAVAILABLE) {
    Diagnosis out;
    out.code = "dc_unreachable";
    out.summary = "No domain controller of " + refusal_.realm +
                  " answered. Look at the network, at DNS or the [locator] table, and at the controllers.";
    out.fix = {"nltest /dsgetdc:" + refusal_.realm, "stead locate " + refusal_.realm};
    return out;
  }
  if (refusal_.no_capable_dc) return no_capable_dc();
  const auto& error = refusal_.error;
  const bool account_error = error == Code::KDC_ERR_C_PRINCIPAL_UNKNOWN || error == Code::KDC_ERR_CLIENT_REVOKED ||
                             error == Code::KDC_ERR_KEY_EXPIRED || error == Code::KDC_ERR_NAME_EXP ||
                             error == Code::KDC_ERR_PREAUTH_FAILED || error == Code::KDC_ERR_CLIENT_NOTYET;
  if (account_error) return refusal_.stage == Stage::own_tgt ? own_account() : user_account();
  if (error == Code::KDC_ERR_S_PRINCIPAL_UNKNOWN || error == Code::KDC_ERR_MUST_USE_USER2USER) return unknown_service();
  if (error == Code::KDC_ERR_SERVICE_REVOKED || error == Code::KDC_ERR_SERVICE_EXP) return service_account();
  if (error == Code::KDC_ERR_BADOPTION) {
    if (refusal_.status == NtStatus::STATUS_ACCOUNT_RESTRICTION) return account_restriction();
    if (refusal_.status == NtStatus::STATUS_NO_MATCH) return not_listed();
    if (refusal_.status == NtStatus::STATUS_NOT_SUPPORTED) {
      Diagnosis out = not_allowed();
      out.code = "rbcd_not_supported_by_dc";
      return out;
    }
    // Without a status: evidence that cannot be forwarded explains it, else nothing allows the delegation.
    if (!refusal_.status && about_.have_evidence && !about_.forwardable) return account_restriction();
    if (refusal_.stage == Stage::s4u2self) return other();
    return not_allowed();
  }
  if (error == Code::KDC_ERR_POLICY) return policy();
  return other();
}

}  // namespace

Diagnosis diagnose(const Refusal& refusal, const Circumstances& circumstances) {
  return Writer(refusal, circumstances).write();
}

std::string one_line(const Refusal& refusal, const Circumstances& circumstances) {
  std::string out;
  if (refusal.kind == FailureKind::unreachable) {
    out = "no KDC of " + refusal.realm + " answered (" + refusal.error.message() + ")";
  } else {
    out = refusal.error.category() == krb_category() ? krb_error_name(refusal.error.value()) : refusal.error.message();
    if (refusal.status) out += " (" + nt_status_name(static_cast<std::uint32_t>(*refusal.status)) + ")";
    out += refusal.by.where.name.empty() && refusal.by.where.address.empty() ? " in " + refusal.realm
                                                                             : " from " + controller_of(refusal);
    if (!refusal.what.empty()) out += ": " + refusal.what;
  }
  if (!circumstances.service.empty() && refusal.stage != Stage::own_tgt)
    return circumstances.service + " for " + circumstances.user + ": " + out;
  if (!circumstances.user.empty() && refusal.stage != Stage::own_tgt) return circumstances.user + ": " + out;
  return to_string(circumstances.front_end) + ": " + out;
}

std::string account_guess(std::string_view spn) {
  const auto slash = spn.find('/');
  if (slash == std::string_view::npos) return std::string(spn);
  auto host = spn.substr(slash + 1);
  host = host.substr(0, host.find_first_of(".:/@"));
  return std::string(host) + "$";
}

std::string account_of_salt(std::string_view salt, std::string_view realm) {
  if (!salt.starts_with(realm)) return {};
  salt.remove_prefix(realm.size());
  const auto tail = "." + to_lower(realm);
  if (salt.starts_with("host") && salt.ends_with(tail)) {
    return std::string(salt.substr(4, salt.size() - 4 - tail.size())) + "$";
  }
  return std::string(salt);
}

}  // namespace stead
