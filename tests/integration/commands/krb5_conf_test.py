"""`stead` without a configuration of its own: krb5.conf says where KDCs are, as for kinit."""

import pathlib
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"


class WithKrb5ConfAlone(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="krb5-conf-")))
        cls.stead = foreign.built("stead")

    def conf(self, libdefaults="", more=""):
        realms = {}
        for domain in self.forest.forest["domain"]:
            realms[domain["realm"]] = [f"{dc['address']}:{dc['kerberos_port']}" for dc in domain.get("controller", [])]
        text = f"[libdefaults]\ndefault_realm = ROOT.FABRIKAM.COM\ndns_lookup_kdc = false\n{libdefaults}\n[realms]\n"
        text += "".join(f"{realm} = {{\n" + "".join(f"  kdc = {kdc}\n" for kdc in kdcs) + "}\n" for realm, kdcs in realms.items())
        path = self.folder / "krb5.conf"
        path.write_text(text + more)
        return {**self.forest.env, "KRB5_CONFIG": str(path)}

    def s4u(self, env, service="HTTP/reports.root.fabrikam.com"):
        return self.stead.run("s4u", "--for", "alice", "--service", service, "--keytab", self.forest.keytab(FRONT_END), "--principal", FRONT_END, env=env)

    def test_a_ticket(self):
        for limit in ("", "udp_preference_limit = 1"):
            self.s4u(self.conf(limit)).ok()

    def test_locate(self):
        found = self.stead.run("locate", "ROOT.FABRIKAM.COM", env=self.conf())
        self.assertIn(self.forest.controllers("ROOT.FABRIKAM.COM")[0]["address"], found.out + found.err)

    def test_a_broken_line_and_a_missing_include_are_named(self):
        env = self.conf(more="include /nowhere/more.conf\n")
        path = env["KRB5_CONFIG"]
        number = len(pathlib.Path(path).read_text().splitlines())
        for command in (self.s4u(env), self.stead.run("locate", "ROOT.FABRIKAM.COM", env=env)):
            self.assertNotEqual(command.status, 0)
            self.assertIn(f"{path}:{number}", command.err)
            self.assertIn("/nowhere/more.conf", command.err)
        self.assertIn(f"{path}:{number}", self.s4u(self.conf(more="a broken line\n")).err)


if __name__ == "__main__":
    unittest.main()
