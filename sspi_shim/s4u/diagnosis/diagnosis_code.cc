#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

namespace stead {
namespace {

constexpr DiagnosisCodeInfo kCodes[] = {
    {DiagnosisCode::service_not_trusted_for_transition, "service_not_trusted_for_transition",
     "The user signed in without Kerberos, and the front end may not change protocols: the S4U2Self ticket is "
     "not forwardable, so that the front "
     "end's own list (msDS-AllowedToDelegateTo) does not permit the delegation.",
     "Set-ADAccountControl FRONTEND$ -TrustedToAuthForDelegation $true, or let the back end allow it (Set-ADComputer "
     "BACKEND$ "
     "-PrincipalsAllowedToDelegateToAccount FRONTEND$), for which no such trust is needed."},
    {DiagnosisCode::spn_not_in_kcd_list, "spn_not_in_kcd_list",
     "A domain controller before 2012 was asked, and msDS-AllowedToDelegateTo of the front end does not list the SPN, "
     "to the letter.",
     "Set-ADUser FRONTEND$ -Add @{'msDS-AllowedToDelegateTo'='SPN'}; compare spelling, host name and port with setspn "
     "-L BACKEND$."},
    {DiagnosisCode::rbcd_denied_on_target, "rbcd_denied_on_target",
     "A domain controller of 2012 or later found neither the SPN in msDS-AllowedToDelegateTo of the front end nor the "
     "front end in "
     "msDS-AllowedToActOnBehalfOfOtherIdentity of the account that has the SPN.",
     "Set-ADComputer BACKEND$ -PrincipalsAllowedToDelegateToAccount FRONTEND$: it replaces the list, so name those too "
     "that are there. setspn -Q SPN shows "
     "the account."},
    {DiagnosisCode::rbcd_not_supported_by_dc, "rbcd_not_supported_by_dc",
     "The KDC does not support resource-based delegation, or an option of the request.",
     "stead locate REALM --level 2012 shows whether the domain has a controller that does; a KDC that is not Active "
     "Directory's may need another release."},
    {DiagnosisCode::cross_realm_needs_rbcd, "cross_realm_needs_rbcd",
     "The back end is in another domain than the front end. The front end's list does not reach there; only the back "
     "end's permission does.",
     "Set-ADComputer BACKEND$ -PrincipalsAllowedToDelegateToAccount FRONTEND$, in the back end's domain."},
    {DiagnosisCode::no_2012_dc_found, "no_2012_dc_found",
     "Delegation across domains needs a domain controller of 2012 or later in each domain on the path, and all "
     "controllers of one domain say that they are older.",
     "nltest /dsgetdc:REALM /ds_8, or stead locate REALM --level 2012, shows them. That domain needs one of 2012 or "
     "later."},
    {DiagnosisCode::user_is_sensitive, "user_is_sensitive",
     "The account is marked sensitive (\"cannot be delegated\") or is a member of Protected Users. That is a decision "
     "about the user.",
     "Take it back only if it was not meant: Set-ADAccountControl USER -AccountNotDelegated $false, or remove them "
     "from "
     "Protected Users."},
    {DiagnosisCode::user_account_refused, "user_account_refused",
     "The user is unknown, disabled, locked out, expired, outside their logon hours, or what was named is not a user.",
     "Get-ADUser USER -Properties * shows the account; Enable-ADAccount and Unlock-ADAccount repair the usual cases."},
    {DiagnosisCode::evidence_not_forwardable_config, "evidence_not_forwardable_config",
     "The user's own ticket to the front end is not forwardable, so that it is no evidence.",
     "forwardable = true in the client's krb5.conf (kinit -f); for an Active Directory account, see whether it is "
     "marked sensitive."},
    {DiagnosisCode::foreign_user_needs_trust, "foreign_user_needs_trust",
     "No trusts lead from the user's domain to the front end's, or from the front end's domain to the back end's.",
     "netdom trust FRONTREALM /domain:OTHERREALM /verify: the user's and the front end's domains must trust each "
     "other, the back end's the front end's."},
    {DiagnosisCode::selective_authentication, "selective_authentication",
     "The trust is selective: the target's account must allow those of the other forest one by one.",
     "Give \"Allowed to Authenticate\" on BACKEND$ to the front end and to the users, in the target's forest."},
    {DiagnosisCode::spn_unknown, "spn_unknown", "No account has the SPN: the back end's, or the front end's own.",
     "setspn -S SPN ACCOUNT; setspn -Q SPN, in each forest, finds the account that has it."},
    {DiagnosisCode::spn_duplicate, "spn_duplicate",
     "More than one account has the SPN, so that no ticket is given for it.",
     "setspn -X lists duplicates; setspn -D SPN ACCOUNT takes the wrong one away."},
    {DiagnosisCode::clock_skew, "clock_skew",
     "The clocks differ by more than Kerberos allows (five minutes), and correcting by the KDC's time did not help.",
     "Let front end, back end and domain controllers follow one time source: w32tm /resync, chronyc sources."},
    {DiagnosisCode::etype_mismatch, "etype_mismatch",
     "There is no encryption type that both sides have: as a rule an account without AES keys, or one with RC4 alone.",
     "Set-ADUser ACCOUNT -KerberosEncryptionType AES128,AES256, then set its password again; allow_rc4 = true in "
     "[identity] is the alternative."},
    {DiagnosisCode::keytab_kvno_old, "keytab_kvno_old",
     "The keytab's key is not the account's any more: the password was changed after it was written.",
     "Write the new key into the keytab (ktpass, adcli update, stead-kdc keytab), beside the old one as long as "
     "tickets "
     "made with that are valid."},
    {DiagnosisCode::dc_unreachable, "dc_unreachable", "No domain controller of a realm on the path answers.",
     "stead locate REALM shows who was asked: look at the network (88 and 389, tcp and udp), at DNS or the [locator] "
     "table, and at the controllers."},
    {DiagnosisCode::tgt_expired, "tgt_expired", "A ticket on the path has expired.",
     "Sign in again, and see whether the clocks agree; for the front end's own ticket, ask once more."},
    {DiagnosisCode::pac_rejected, "pac_rejected",
     "A domain controller rejects a ticket or the PAC in it: a signature, a SID that the trust filters, or "
     "a referral in a circle.",
     "The summary of the diagnosis names the domain. After krbtgt's or a trust's password was changed, wait until "
     "replication has finished."},
};

}  // namespace

std::span<const DiagnosisCodeInfo> diagnosis_codes() {
  return kCodes;
}

const DiagnosisCodeInfo* find_diagnosis_code(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kCodes), std::end(kCodes),
                                         [&](const DiagnosisCodeInfo& one) { return one.name == name; });
  return found == std::end(kCodes) ? nullptr : found;
}

std::string_view to_string(DiagnosisCode code) {
  return kCodes[static_cast<std::size_t>(code)].name;
}

}  // namespace stead
