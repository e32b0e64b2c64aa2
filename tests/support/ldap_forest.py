"""A forest whose DC answers LDAP, LDAPS too, and stock LDAP tools that find it by its name."""

import re

from samples.support import foreign
from samples.support.forest import Forest, with_free_ports

REALM, ZONE, DC, BASE = "LDAP.EXAMPLE", "ldap.example", "dc1.ldap.example", "DC=ldap,DC=example"

TEXT = """
[[domain]]
realm = "LDAP.EXAMPLE"
netbios = "LDAP"
sid = "S-1-5-21-1-2-3"

[[domain.controller]]
name = "dc1.ldap.example"
address = "ADDRESS"
kerberos_port = 88
ldap_port = 389
kpasswd_port = 464
ldaps_port = 636
level = "2016"
certificate = "dc1.crt"
key = "dc1.key"

[[domain.account]]
name = "admin"
password = "Adm1n!pass"
groups = ["Domain Admins"]

[[domain.account]]
name = "alice"
password = "Passw0rd!"
upn = "alice@ldap.example"
groups = ["staff"]

[[domain.account]]
name = "bob"
password = "Passw0rd!"
flags = ["disabled"]

[[domain.account]]
name = "frontend$"
password = "front end of ldap.example"
spns = ["HTTP/frontend.ldap.example"]

[[domain.account]]
name = "web$"
password = "web of ldap.example"
spns = ["HTTP/web.ldap.example"]

[[domain.group]]
name = "staff"
member_of = ["everybody here"]

[[domain.group]]
name = "everybody here"
scope = "universal"
"""


class LdapForest(Forest):
    """A Forest with one DC at `address`. `policy` are keys of its domain, `more` further tables. With `free_ports` its ports are free ones, else those that tools know: 88, 389, 464, 636."""

    def __init__(self, address="127.0.8.1", policy="", more="", **kw):
        sid = 'sid = "S-1-5-21-1-2-3"\n'
        super().__init__(TEXT.replace("ADDRESS", address).replace(sid, sid + policy) + more, **kw)

    @property
    def dc(self):
        return self.controllers(REALM)[0]

    @property
    def uri(self):
        return f"ldap://{DC}:{self.dc['ldap_port']}"

    @property
    def ldaps_uri(self):
        return f"ldaps://{DC}:{self.dc['ldaps_port']}"

    @property
    def certificate(self):
        return self.file.parent / "dc1.crt"

    def sign_in(self, user, password, name=None):
        """An environment with the user's ticket, for tools that resolve names by nss_wrapper."""
        env = self.tool_environment(name or re.sub(r"\W", "_", user))
        foreign.kinit(env, f"{user}@{REALM}", password).ok()
        return env

    def tool_environment(self, name="ccache"):
        return {**self.client(name), **self.names(), "LDAPTLS_CACERT": str(self.certificate)}

    def names(self):
        # LD_PRELOAD is a list that blanks separate: the library goes by a path without any.
        wrapper = self.folder / "libnss_wrapper.so"
        if not wrapper.exists():
            wrapper.symlink_to(next(foreign.library_folder("slapd").glob("libnss_wrapper.so*")))
        return {"LD_PRELOAD": str(wrapper), "NSS_WRAPPER_HOSTS": str(self.folder / "hosts")}

    def tool(self, name, *args, env, uri=None, input=None):
        """Runs ldapsearch, ldapmodify or the like with SASL GSSAPI unless `args` say otherwise; returns a Ran."""
        tool = foreign.slapd(name)
        sasl = {"SASL_PATH": str(foreign.library_folder("slapd") / "sasl2")}
        how = () if {"-x", "-Y"} & set(args) else ("-Q", "-Y", "GSSAPI")
        return foreign.Program(tool.path, {**tool.extra, **sasl}).run("-H", uri or self.uri, "-N", *how, *args, env=env, input=input)

    def _forest_file(self):
        folder = self.folder / "file"
        folder.mkdir()
        foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-keyout", folder / "dc1.key", "-out", folder / "dc1.crt", "-subj", f"/CN={DC}", "-addext",
                    f"subjectAltName=DNS:{DC}").ok()
        path = folder / "forest.toml"
        path.write_text(with_free_ports(self.source) if self.free_ports else self.source)
        address = re.search(r'address = "([^"]*)"', self.source).group(1)
        (self.folder / "hosts").write_text(f"{address} {DC} {ZONE} DC1\n")
        return path
