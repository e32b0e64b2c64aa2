"""samples/sdk_ticket and samples/sdk_sspi get a token for a back end in a user's name, from the demo forest."""

import unittest

from samples.support import foreign
from samples.support.forest import Forest

TOP = foreign.TOP
FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
BACKEND = "HTTP/backend.corp.contoso.com"
REPORTS = "HTTP/reports.root.fabrikam.com"


def sample(name):
    return foreign.Program(str(foreign.BUILD / "samples" / name / name))


class SdkSamples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(TOP / "samples/forest.toml", free_ports=True))
        cls.keytab = cls.forest.keytab(FRONT_END)

    def test_in_c_by_the_names_of_sspi(self):
        ran = sample("sdk_sspi").run(self.forest.stead_toml, self.keytab, FRONT_END, "alice@root.fabrikam.com", BACKEND, env=self.forest.env)
        self.assertEqual(ran.status, 0, ran)
        self.assertRegex(ran.out, rf"^alice@root.fabrikam.com -> {BACKEND}: a token of \d{{3,}} bytes\n$")

    def test_in_c_a_refusal_has_its_reason(self):
        ran = sample("sdk_sspi").run(self.forest.stead_toml, self.keytab, FRONT_END, "carol", BACKEND, env=self.forest.env)
        self.assertEqual(ran.status, 1, ran)
        self.assertIn("user_is_sensitive", ran.err)

    def test_in_cpp(self):
        dc = next(dc for dc in self.forest.controllers("ROOT.FABRIKAM.COM") if dc["name"].startswith("dc12"))
        ran = sample("sdk_ticket").run(dc["address"], dc["kerberos_port"], dc["ldap_port"], self.keytab, FRONT_END, "alice", REPORTS, env=self.forest.env)
        self.assertEqual(ran.status, 0, ran)
        self.assertRegex(ran.out, rf"^alice@ROOT.FABRIKAM.COM -> {REPORTS}@ROOT.FABRIKAM.COM: a token of \d{{3,}} bytes\n$")


if __name__ == "__main__":
    unittest.main()
