"""Stock clients of MIT Kerberos under FAST: armor by a machine's TGT, the encrypted challenge, armored TGS.

Heimdal 7 cannot sign in with an armor cache at a KDC that does as RFC 6113 says: it reads no METHOD-DATA in an error under FAST, and it
does not strengthen the reply key, so that accounts without preauthentication fail too. Domain controllers do both."""

import pathlib
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

REALM = "ROOT.FABRIKAM.COM"
REPORTS = "HTTP/reports.root.fabrikam.com"
FOREST = f"""
[[domain]]
realm = "{REALM}"
netbios = "ROOT"
sid = "S-1-5-21-1004336348-1177238915-682003330"
controller = [
  {{ name = "dc08.root.fabrikam.com", address = "127.0.8.1", level = "2008R2" }},
  {{ name = "dc12.root.fabrikam.com", address = "127.0.8.2", level = "2012" }},
]
account = [
  {{ name = "alice", password = "Passw0rd!" }},
  {{ name = "dave", password = "Passw0rd!", flags = ["disabled"] }},
  {{ name = "frontend$", password = "a machine", flags = ["trusted_to_auth_for_delegation"], spns = ["HTTP/frontend.root.fabrikam.com"], allowed_to_delegate_to = ["{REPORTS}"] }},
  {{ name = "reports$", password = "reports", spns = ["{REPORTS}"] }},
]
"""


class Client(unittest.TestCase):
    """One DC of the realm, and the TGT of a machine in a cache."""

    DC = None

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, dcs=[cls.DC], free_ports=True))
        cls.keytab = cls.forest.keytab(f"frontend$@{REALM}")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        conf = self.forest.folder / "client/krb5.conf"
        self.machine = foreign.client_environment(conf, self.folder / "machine")
        self.trace = self.folder / "trace"
        self.env = {**foreign.client_environment(conf, self.folder / "ccache"), "KRB5_TRACE": str(self.trace)}
        foreign.kinit(self.machine, "frontend$", keytab=self.keytab).ok()

    def kinit(self, user, password):
        return foreign.kinit(self.env, user, password, options=["-T", f"FILE:{self.folder}/machine"])


class Fast(Client):
    DC = "dc12.root.fabrikam.com"

    def test_mit_signs_in_by_the_encrypted_challenge(self):
        self.kinit("alice", "Passw0rd!").ok()
        trace = self.trace.read_text()
        for line in ("FAST armor key", "Preauth module encrypted_challenge", "FAST reply key"):
            self.assertIn(line, trace)
        self.assertNotIn("encrypted_timestamp (2) (real) returned: 0", trace)

    def test_mit_is_refused_under_the_armor(self):
        for user, password, text in (("alice", "wrong", "Password incorrect"), ("dave", "Passw0rd!", "revoked"),
                                     ("nobody", "Passw0rd!", "not found in Kerberos database")):
            with self.subTest(user=user):
                ran = self.kinit(user, password)
                self.assertEqual(ran.status, 1, ran)
                self.assertIn(text, ran.err, ran)
        self.assertIn("FAST response", self.trace.read_text())

    def test_mit_asks_for_every_ticket_under_fast(self):
        self.kinit("alice", "Passw0rd!").ok()
        self.trace.unlink()
        foreign.mit("kvno").run(REPORTS, env=self.env).ok()
        trace = self.trace.read_text()
        for line in ("Encoding request body and padata into FAST request", "Decoding FAST response", "FAST reply key"):
            self.assertIn(line, trace)

    def test_mit_delegates_under_fast(self):
        foreign.kinit(self.env, "frontend$", keytab=self.keytab, options=["-f"]).ok()
        self.trace.unlink()
        foreign.mit("kvno").run("-k", self.keytab, "-U", "alice", "-P", REPORTS, env=self.env).ok()
        self.assertIn("FAST reply key", self.trace.read_text())


class Before2012(Client):
    """A DC that does not know FAST answers as without it."""

    DC = "dc08.root.fabrikam.com"

    def test_fast_is_not_known(self):
        self.kinit("alice", "Passw0rd!").ok()
        self.assertNotIn("FAST reply key", self.trace.read_text())


if __name__ == "__main__":
    unittest.main()
