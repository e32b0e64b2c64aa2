"""`stead s4u` against stock MIT KDCs: S4U2Self and S4U2Proxy from a KDC that is not ours and answers no netlogon ping."""

import json
import unittest

from samples.support import foreign
from tests.support.mit_kdc import MitKdc
from tests.support.mit_ldap_kdc import MitLdapKdc

REALM = "EXAMPLE.ORG"
FRONT = "HTTP/front.example.org"
BACK = "HTTP/back.example.org"


class Mit(unittest.TestCase):
    KDC = MitLdapKdc

    @classmethod
    def setUpClass(cls):
        cls.kdc = cls.enterClassContext(cls.KDC(REALM, {"alice": "Passw0rd!"}, [FRONT, BACK, "HTTP/other.example.org"]))
        cls.keytab = cls.kdc.keytab(FRONT)
        host, port = cls.kdc.address.rsplit(":", 1)
        cls.config = cls.kdc.folder / "stead.toml"
        cls.config.write_text(f'[locator.realm."{REALM}"]\ncontrollers = [{{ name = "kdc.example.org", address = "{host}", '
                              f'kerberos_port = {port}, ldap_port = {foreign.free_port(host)} }}]\n')
        cls.stead = foreign.built("stead")

    def s4u(self, *args, status=0):
        ran = self.stead.run("s4u", "--config", self.config, "--keytab", self.keytab, "--principal", f"{FRONT}@{REALM}", "--json", *args,
                             env=self.kdc.env)
        self.assertEqual(ran.status, status, f"{ran}\n{self.kdc.log()[-3000:]}")
        return json.loads(ran.out)


class SelfOnly(Mit):
    KDC = MitKdc

    def test_gives_evidence_and_refuses_to_delegate(self):
        for name in ("alice", "alice@EXAMPLE.ORG"):
            with self.subTest(name):
                out = self.s4u("--for", name, "--service", BACK, status=1)
                steps = [(s["exchange"], s["answer"]) for s in out["steps"]]
                self.assertIn(("S4U2Self", "ticket"), steps)
                self.assertIn(("S4U2Proxy", "KDC_ERR_BADOPTION"), steps)
                self.assertEqual(out["client"], "alice@EXAMPLE.ORG")


class SelfAndProxy(Mit):
    def test_gives_a_ticket_that_the_back_end_takes(self):
        self.kdc.allow_to_delegate(FRONT, BACK)
        path = self.kdc.folder / "out.ccache"
        out = self.s4u("--for", "alice", "--service", BACK, "--ccache", path)
        self.assertEqual((out["client"], out["service"]), ("alice@EXAMPLE.ORG", BACK + "@EXAMPLE.ORG"))
        self.assertEqual({s["level"] for s in out["steps"]}, {"unknown"})
        env = {**self.kdc.env, "KRB5CCNAME": f"FILE:{path}"}
        foreign.mit("kvno").run("-k", self.kdc.keytab(BACK), BACK, env=env).ok()
        self.assertEqual(self.s4u("--for", "alice", "--service", "HTTP/other.example.org", status=1)["diagnosis"]["code"], "no_2012_dc_found")


if __name__ == "__main__":
    unittest.main()
