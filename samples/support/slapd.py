"""A stock OpenLDAP server in a temporary folder, on loopback, whose users authenticate by Kerberos (SASL GSSAPI)."""

import os

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder


class Slapd(ServerInFolder):
    """A context manager. `keytab` holds the keys of ldap/NAME.

        with Slapd(keytab, krb5_conf, "directory.corp.contoso.com") as directory:
            directory.client("ldapwhoami", env=env).ok()

    Anonymous users can read the root DSE only.
    """

    NAME = "slapd"

    def __init__(self, keytab, krb5_conf, name, suffix="dc=directory", host="127.0.0.1"):
        self.keytab = keytab
        self.krb5_conf = krb5_conf
        self.name = name
        self.suffix = suffix
        self.host = host
        self.port = foreign.free_port(host)

    def client(self, program, *args, env):
        """Runs ldapsearch or ldapwhoami with the ticket of `env`'s ccache; returns a Ran. nss_wrapper resolves the
        server's name."""
        # LD_PRELOAD is a list that blanks separate: the library goes by a path without any.
        wrapper = self.folder / "libnss_wrapper.so"
        if not wrapper.exists():
            wrapper.symlink_to(next(foreign.library_folder("slapd").glob("libnss_wrapper.so*")))
        more = {"LD_PRELOAD": str(wrapper), "NSS_WRAPPER_HOSTS": str(self.folder / "hosts"), "LDAPNOINIT": "1"}
        tool = foreign.slapd(program)
        return foreign.Program(tool.path, {**tool.extra, **_sasl(), **more}).run(
            "-H", f"ldap://{self.name}:{self.port}", "-Y", "GSSAPI", "-N", *args, env=env)

    def log(self):
        return (self.folder / "slapd.log").read_text(errors="backslashreplace")

    def _set_up(self):
        root = foreign.FOREIGN / "slapd"
        (self.folder / "hosts").write_text(f"{self.host} {self.name}\n")
        (self.folder / "directory").mkdir()
        conf = self.folder / "slapd.conf"
        conf.write_text(f"""include "{root}/etc/ldap/schema/core.schema"
include "{root}/etc/ldap/schema/cosine.schema"
modulepath "{root}/usr/lib/ldap"
moduleload back_mdb
pidfile {self.folder}/slapd.pid
argsfile {self.folder}/slapd.args
sasl-host {self.name}
access to dn.base="" by * read
access to * by users read
database mdb
suffix "{self.suffix}"
rootdn "gidNumber={os.getgid()}+uidNumber={os.getuid()},cn=peercred,cn=external,cn=auth"
directory {self.folder}/directory
dbnosync
""")
        sockets = "ldapi://" + str(self.folder / "ldapi").replace("/", "%2F")
        env = {**foreign.clean_environment(), "KRB5_CONFIG": str(self.krb5_conf), "KRB5_KTNAME": f"FILE:{self.keytab}",
               "KRB5RCACHEDIR": str(self.folder), **_sasl()}
        self._server = foreign.slapd().serve("-d", "none", "-f", conf, "-h", f"ldap://{self.host}:{self.port} {sockets}", env=env,
                                             log=self.folder / "slapd.log", tcp=(self.host, self.port))
        entries = f"""dn: {self.suffix}
objectClass: dcObject
objectClass: organization
dc: {self.suffix.partition("=")[2].partition(",")[0]}
o: {self.name}

dn: cn=printer,{self.suffix}
objectClass: device
cn: printer
description: second floor
"""
        foreign.slapd("ldapadd").run("-Q", "-Y", "EXTERNAL", "-H", sockets, input=entries).ok()


def _sasl():
    """The path of SASL's plug-in for GSSAPI, which was unpacked with slapd."""
    return {"SASL_PATH": str(foreign.library_folder("slapd") / "sasl2")}
