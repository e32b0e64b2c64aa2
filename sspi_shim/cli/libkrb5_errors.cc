#include "sspi_shim/cli/libkrb5_errors.h"

#include <cstdint>
#include <vector>

namespace stead::cli {
namespace {

constexpr std::uint32_t number(int value) {
  return static_cast<std::uint32_t>(value);
}

}  // namespace

const std::vector<CodeEntry>& libkrb5_error_table() {
  static const std::vector<CodeEntry> table = {
      {number(-1765328250), "KRB5_PARSE_MALFORMED", "The name of a principal is malformed.",
       "Write name@REALM or service/host@REALM."},
      {number(-1765328249), "KRB5_CONFIG_CANTOPEN", "krb5.conf cannot be opened.",
       "Check the file's path (KRB5_CONFIG) and permissions."},
      {number(-1765328248), "KRB5_CONFIG_BADFORMAT", "krb5.conf is malformed.", "Check its braces and sections."},
      {number(-1765328245), "KRB5_CC_BADNAME", "The name of the credential cache is malformed.", "Check KRB5CCNAME."},
      {number(-1765328243), "KRB5_CC_NOTFOUND", "The cache has no ticket that fits.",
       "Get the ticket (kinit, kvno); a wrong host name asks for another one."},
      {number(-1765328240), "KRB5KRB_AP_WRONG_PRINC",
       "The ticket is for another principal than the one that was asked for.",
       "Check the SPN that the client uses and the names in the service's keytab."},
      {number(-1765328239), "KRB5KRB_AP_ERR_TKT_INVALID", "The ticket is marked invalid.",
       "Validate it, or get a new one."},
      {number(-1765328238), "KRB5_PRINC_NOMATCH", "The client of the answer is not the one that was asked for.",
       "Check the name; canonicalization may have changed it."},
      {number(-1765328237), "KRB5_KDCREP_MODIFIED", "The KDC's answer does not fit the request.",
       "Look for canonicalization of names, and for a KDC that knows no S4U."},
      {number(-1765328236), "KRB5_KDCREP_SKEW", "The clock of the KDC differs too much.", "Synchronize the clocks."},
      {number(-1765328234), "KRB5_PROG_ETYPE_NOSUPP", "This program does not support the encryption type.",
       "Enable AES on the account; allow_rc4 uses RC4 all the same."},
      {number(-1765328230), "KRB5_REALM_UNKNOWN", "No KDC of the realm can be found.",
       "Check the realm's [realms] table, or its DNS records (_kerberos._tcp.REALM)."},
      {number(-1765328229), "KRB5_SERVICE_UNKNOWN", "/etc/services does not have the Kerberos service.",
       "Install netbase, or name the port."},
      {number(-1765328228), "KRB5_KDC_UNREACH", "No KDC of the realm answered.",
       "Check the network, port 88 and the controllers (stead locate REALM)."},
      {number(-1765328227), "KRB5_NO_LOCALNAME", "The principal is mapped to no local account.",
       "Check auth_to_local of krb5.conf."},
      {number(-1765328226), "KRB5_MUTUAL_FAILED", "The server did not prove who it is.",
       "Check the server's SPN and keytab."},
      {number(-1765328221), "KRB5_RC_REPLAY", "The request was seen before.",
       "Send a fresh one; check for devices that repeat packets."},
      {number(-1765328220), "KRB5_RC_IO", "The replay cache cannot be written.",
       "Check the folder of the replay cache (KRB5RCACHEDIR) and its space."},
      {number(-1765328205), "KRB5_KT_BADNAME", "The name of the keytab is malformed.", "Write FILE:/path."},
      {number(-1765328204), "KRB5_KT_UNKNOWN_TYPE", "The type of the keytab is not known.", "Write FILE:/path."},
      {number(-1765328203), "KRB5_KT_NOTFOUND", "The keytab has no key for the principal.",
       "Compare klist -k with the name that is used; write a new keytab."},
      {number(-1765328202), "KRB5_KT_END", "The keytab has no more entries.",
       "Check that the keytab is not empty (klist -k)."},
      {number(-1765328200), "KRB5_KT_IOERR", "The keytab cannot be read.", "Check the file's path, owner and mode."},
      {number(-1765328196), "KRB5_BAD_ENCTYPE", "The encryption type is not known here.", "Enable AES on the account."},
      {number(-1765328191), "KRB5_CC_IO", "The credential cache cannot be read or written.",
       "Check its folder and space."},
      {number(-1765328190), "KRB5_FCC_PERM", "The credential cache has the wrong permissions.",
       "Check its owner and mode (0600)."},
      {number(-1765328189), "KRB5_FCC_NOFILE", "There is no credential cache: nobody has signed in.",
       "kinit first, or check KRB5CCNAME."},
      {number(-1765328185), "KRB5_CC_FORMAT", "The credential cache is malformed.",
       "Remove it (kdestroy) and sign in again."},
      {number(-1765328181), "KRB5_NOCREDS_SUPPLIED", "No credentials were given to a call.",
       "Report it: it is an error of the program."},
      {number(-1765328176), "KRB5_PREAUTH_BAD_TYPE",
       "The KDC asks for a preauthentication that this program does not have.",
       "Install its plugin, such as krb5-pkinit."},
      {number(-1765328174), "KRB5_PREAUTH_FAILED", "Preauthentication failed before the KDC was asked.",
       "Check the password, the smart card or the certificate."},
      {number(-1765328168), "KRB5_ERR_BAD_HOSTNAME", "The host's name cannot be resolved.", "Check the name and DNS."},
      {number(-1765328167), "KRB5_ERR_HOST_REALM_UNKNOWN", "The realm of the host is not known.",
       "Add it to [domain_realm], or let referrals find it."},
      {number(-1765328164), "KRB5_REALM_CANT_RESOLVE", "The KDC's name cannot be resolved.",
       "Check the kdc lines of krb5.conf and DNS."},
      {number(-1765328163), "KRB5_TKT_NOT_FORWARDABLE", "The ticket is not forwardable.",
       "Ask for forwardable ones (kinit -f); a sensitive user gets none, and a service needs \"any authentication "
       "protocol\"."},
      {number(-1765328161), "KRB5_GET_IN_TKT_LOOP", "The KDC asks again and again for the same.",
       "Check the preauthentication methods of both sides."},
      {number(-1765328160), "KRB5_CONFIG_NODEFREALM", "krb5.conf names no default realm.",
       "Set default_realm, or write name@REALM."},
      {number(-1765328154), "KRB5_KT_KVNONOTFOUND",
       "The keytab has the principal, but not the key number (kvno) of the ticket.",
       "The password was changed after the keytab was written: write a new keytab."},
      {number(-1765328149), "KRB5_KT_FORMAT", "The keytab is malformed.", "Write a new keytab."},
      {number(-1765328134), "KRB5_PLUGIN_OP_NOTSUPP", "The module does not support the operation.",
       "Use another type of cache or keytab."},
  };
  return table;
}

}  // namespace stead::cli
