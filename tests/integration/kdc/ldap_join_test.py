"""adcli and msktutil join a forest. They know the ports 88, 389 and 464 alone, so the DC has these at an address of its own."""

import pathlib
import unittest

from samples.support import foreign
from tests.support.ldap_forest import BASE, DC, REALM, ZONE, LdapForest


def may_take_low_ports():
    return int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 88 or _is_privileged()


def _is_privileged():
    capabilities = next(line for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff:"))
    return bool(int(capabilities.split()[1], 16) >> 10 & 1)  # CAP_NET_BIND_SERVICE


@unittest.skipUnless(may_take_low_ports(), "ports below 1024 are for root here")
class Joining(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(LdapForest("127.0.91.7"))

    def sign_in_by_keytab(self, name, keytab):
        env = self.forest.tool_environment(f"of-{name}")
        foreign.mit("kinit").run("-k", "-t", keytab, name, env=env).ok()
        return env

    def attributes(self, env, name, *attributes):
        return self.forest.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", BASE, f"(sAMAccountName={name}$)", *attributes, env=env).ok().out

    def adcli(self, *args, user="admin", password="Adm1n!pass"):
        env = {**self.forest.tool_environment("adcli"), "KRB5_CONFIG": str(self.forest.folder / "client/krb5.conf")}
        command, *rest = args
        return foreign.on_path("adcli").run(command, "--verbose", f"--domain={ZONE}", f"--domain-controller={DC}", f"--login-user={user}",
                                            "--stdin-password", *rest, env=env, input=password, timeout=60)

    def join(self, name, **kw):
        keytab = self.forest.folder / f"{name}.keytab"
        self.adcli("join", f"--host-keytab={keytab}", f"--computer-name={name}", f"--host-fqdn={name.lower()}.{ZONE}",
                   "--os-name=Debian", "--service-name=host", **kw).ok()
        return keytab

    def test_adcli_joins_a_computer(self):
        keytab = self.join("BOX")
        env = self.sign_in_by_keytab("BOX$", keytab)
        out = self.attributes(env, "BOX", "dNSHostName", "servicePrincipalName", "operatingSystem", "userAccountControl")
        for line in ("dNSHostName: box.ldap.example", "servicePrincipalName: host/box.ldap.example", "operatingSystem: Debian"):
            self.assertIn(line, out)
        foreign.mit("kvno").run("-k", keytab, "host/box.ldap.example", env=env).ok()

    def test_adcli_joins_a_computer_as_an_ordinary_user(self):
        keytab = self.join("OWN", user="alice", password="Passw0rd!")
        self.sign_in_by_keytab("OWN$", keytab)

    def test_adcli_makes_and_deletes_a_user_and_a_group(self):
        self.adcli("create-user", "carol", "--display-name=Carol").ok()
        self.adcli("create-group", "painters").ok()
        self.adcli("add-member", "painters", "carol").ok()
        env = self.forest.sign_in("admin", "Adm1n!pass")
        search = ("ldapsearch", "-LLL", "-b", BASE, "(sAMAccountName=carol)", "memberOf")
        self.assertIn("memberOf: CN=painters", self.forest.tool(*search, env=env).ok().out)
        self.adcli("delete-user", "carol").ok()
        self.assertEqual(self.forest.tool(*search, env=env).ok().out.strip(), "")

    def test_msktutil_makes_a_computer_and_renews_its_password(self):
        env = self.forest.sign_in("admin", "Adm1n!pass")
        keytab = self.forest.folder / "msk.keytab"
        common = ("--server", DC, "--realm", REALM, "--no-reverse-lookups", "--computer-name", "MSK", "--hostname", f"msk.{ZONE}",
                  "--keytab", keytab, "--base", "CN=Computers", "--enctypes", "0x18")
        foreign.on_path("msktutil").run("create", *common, "--service", "HTTP", "--verbose", env=env, timeout=60).ok()
        own = self.sign_in_by_keytab("MSK$", keytab)
        out = self.attributes(own, "MSK", "servicePrincipalName", "msDS-SupportedEncryptionTypes", "msDS-KeyVersionNumber")
        for line in (f"servicePrincipalName: HTTP/msk.{ZONE}", "msDS-SupportedEncryptionTypes: 24"):
            self.assertIn(line, out)
        foreign.mit("kvno").run("-k", keytab, f"HTTP/msk.{ZONE}", env=own).ok()


if __name__ == "__main__":
    unittest.main()
