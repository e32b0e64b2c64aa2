"""A realm of stock MIT krb5kdc over stock OpenLDAP: the one MIT back end from apt that answers S4U2Proxy.

A principal's krbAllowedToDelegateTo is MIT's msDS-AllowedToDelegateTo.
"""

import gzip
import os
import urllib.parse

from samples.support import foreign
from tests.support.mit_kdc import MitKdc

_BASE = "dc=directory"
_CONTAINER = f"cn=kerberos,{_BASE}"


class MitLdapKdc(MitKdc):
    """As MitKdc, and `allow_to_delegate`."""

    def allow_to_delegate(self, front_end, *targets):
        """Lets the front end have S4U2Proxy tickets to these services, and forwardable S4U2Self tickets."""
        self.kadmin(f"modprinc +ok_to_auth_as_delegate {front_end}")
        values = "".join(f"krbAllowedToDelegateTo: {target}@{self.realm}\n" for target in targets)
        dn = f"krbPrincipalName={front_end}@{self.realm},cn={self.realm},{_CONTAINER}"
        self._ldapmodify(f"dn: {dn}\nchangetype: modify\nadd: krbAllowedToDelegateTo\n{values}")

    def _back_end(self):
        # The directory authenticates the KDC and its tools by the socket's uid, without a password.
        return f"""    db_library = kldap
    ldap_kerberos_container_dn = "{_CONTAINER}"
    ldap_servers = {self._url()}
    ldap_kdc_sasl_mech = EXTERNAL
    ldap_kadmind_sasl_mech = EXTERNAL
    disable_last_success = true
    disable_lockout = true"""

    def _url(self):
        return "ldapi://" + urllib.parse.quote(str(self.folder / "ldapi"), safe="")

    def _create_realm(self):
        self._serve_directory()
        foreign.mit_kdc("kdb5_ldap_util").run("-r", self.realm, "-H", self._url(), "create", "-subtrees", _BASE, "-s",
                                              "-P", "master", env=self.kdc_env).ok()

    def _serve_directory(self):
        program = foreign.slapd()
        root = foreign.FOREIGN / "slapd"
        schema = self.folder / "kerberos.schema"
        packed = foreign.FOREIGN / "mit-kdc" / "usr/share/doc/krb5-kdc-ldap/kerberos.schema.gz"
        schema.write_bytes(gzip.decompress(packed.read_bytes()))
        (self.folder / "directory").mkdir()
        conf = self.folder / "slapd.conf"
        conf.write_text(f"""include "{root}/etc/ldap/schema/core.schema"
include {schema}
modulepath "{root}/usr/lib/ldap"
moduleload back_mdb
pidfile {self.folder}/slapd.pid
argsfile {self.folder}/slapd.args
database mdb
suffix "{_BASE}"
rootdn "gidNumber={os.getgid()}+uidNumber={os.getuid()},cn=peercred,cn=external,cn=auth"
directory {self.folder}/directory
dbnosync
index krbPrincipalName eq
""")
        server = program.serve("-d", "0", "-f", conf, "-h", self._url(), log=self.folder / "slapd.log")
        self._servers.append(server)
        search = foreign.slapd("ldapsearch")
        server.wait_until(lambda: search.run("-Q", "-Y", "EXTERNAL", "-H", self._url(), "-s", "base", "-b", "").status == 0,
                          "answers a search")
        self._ldapmodify(f"dn: {_BASE}\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\n"
                         f"dc: directory\no: directory\n")

    def _ldapmodify(self, ldif):
        foreign.slapd("ldapmodify").run("-Q", "-Y", "EXTERNAL", "-H", self._url(), input=ldif).ok()
