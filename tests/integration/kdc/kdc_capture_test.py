"""Wireshark's decoders on all that passes between stock clients, ours and the demo forest: nothing malformed, nothing not
understood, and the PACs' signatures hold by the keys that stead-kdc exports."""

import re
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.capture import Capture
from tests.support.raw_kdc_client import RawKdc, Refusal

AS_REQ, AS_REP, TGS_REQ, TGS_REP, KRB_ERROR = 10, 11, 12, 13, 30
BACKEND, DENIED = "HTTP/backend.corp.contoso.com", "HTTP/denied.corp.contoso.com"
ORDERS, REPORTS = "HTTP/orders.sales.corp.contoso.com", "HTTP/reports.root.fabrikam.com"
FRONT = "frontend$@ROOT.FABRIKAM.COM"


def with_krbtgt_passwords(text):
    """The forest file with an account krbtgt in each domain, so that its key can be exported."""
    account = '[[domain.account]]\nname = "krbtgt"\nrid = 502\npassword = "between DCs"\n\n'
    domains = re.split(r"(?=^\[\[domain\]\])", text, flags=re.M)
    return "".join(re.sub(r"^\[\[domain\.account\]\]", account + "[[domain.account]]", d, count=1, flags=re.M) for d in domains)


def joined(keytabs, path):
    path.write_bytes(b"\x05\x02" + b"".join(k.read_bytes()[2:] for k in keytabs))
    return path


class Captured(unittest.TestCase):
    def setUp(self):
        text = (foreign.TOP / "samples/forest.toml").read_text()
        self.forest = self.enterContext(Forest(with_krbtgt_passwords(text), free_ports=True))
        names = ["krbtgt@ROOT.FABRIKAM.COM", "krbtgt@CORP.CONTOSO.COM", "krbtgt@SALES.CORP.CONTOSO.COM",
                 "krbtgt/CORP.CONTOSO.COM@ROOT.FABRIKAM.COM", "krbtgt/SALES.CORP.CONTOSO.COM@CORP.CONTOSO.COM",
                 "alice@ROOT.FABRIKAM.COM", FRONT, f"{REPORTS}@ROOT.FABRIKAM.COM", f"{BACKEND}@CORP.CONTOSO.COM",
                 f"{ORDERS}@SALES.CORP.CONTOSO.COM"]
        self.keytab = joined([self.forest.keytab(name) for name in names], self.forest.folder / "all.keytab")
        self.front_keytab = self.forest.keytab(FRONT)

    def capture(self):
        ports = self.forest.ports
        return self.enterContext(Capture(kerberos=ports("kerberos_port"), cldap=ports("ldap_port"), kpasswd=ports("kpasswd_port"),
                                         keytab=self.keytab))

    def judge(self, capture, least):
        self.assertEqual(capture.faults(), [])
        types = [t for frame in capture.message_types() for t in frame]
        for message, count in least.items():
            self.assertGreaterEqual(types.count(message), count, (message, types))
        # Ticket and KDC signatures are made with the krbtgt's key, the server's with the service's.
        self.assertLessEqual({"Server", "KDC", "Ticket"}, capture.verified())
        self.assertEqual([w for w in capture.warnings() if "invalid" in w.lower() or "failed" in w.lower()], [])

    def test_stock_clients(self):
        capture = self.capture()
        env = self.forest.client("alice")
        foreign.kinit(env, "alice", "wrong")
        foreign.kinit(env, "dave", "Passw0rd!")
        foreign.kinit(env, "nobody", "Passw0rd!")
        foreign.kinit(env, "alice", "Passw0rd!").ok()
        foreign.mit("kvno").run(REPORTS, BACKEND, ORDERS, env=env).ok()
        foreign.mit("kvno").run("HTTP/no.where", env=env)
        front = self.forest.client("front")
        foreign.kinit(front, "frontend$", keytab=self.front_keytab).ok()
        for user, target in (("alice", REPORTS), ("frank@CORP.CONTOSO.COM", REPORTS), ("carol", REPORTS), ("alice", BACKEND)):
            foreign.mit("kvno").run("-k", self.front_keytab, "-U", user, "-P", target, env=front)
        self.judge(capture, {AS_REQ: 10, AS_REP: 2, TGS_REQ: 16, TGS_REP: 12, KRB_ERROR: 10})

    def test_ours_with_pings_and_the_other_forest(self):
        capture = self.capture()
        for target in (BACKEND, ORDERS, DENIED):
            foreign.built("stead").run("s4u", "--for", "alice", "--service", target, "--keytab", self.front_keytab,
                                       "--principal", FRONT, "--config", self.forest.stead_toml)
        for realm in ("ROOT.FABRIKAM.COM", "CORP.CONTOSO.COM", "SALES.CORP.CONTOSO.COM"):
            foreign.built("stead").run("locate", realm, "--level", "2012", "--config", self.forest.stead_toml).ok()
        self.judge(capture, {AS_REQ: 6, AS_REP: 3, TGS_REQ: 12, TGS_REP: 9, KRB_ERROR: 4})
        pings = capture.seen("mscldap.hostname")
        self.assertLessEqual({"dc08.root.fabrikam.com", "dc12.corp.contoso.com", "dc22.sales.corp.contoso.com"}, set(pings))

    def test_errors_of_every_level(self):
        capture = self.capture()
        for name in ("dc08.root", "dc12.root"):
            dc = next(dc for dc in self.forest.controllers() if dc["name"].startswith(name))
            kdc = RawKdc(dc["address"], dc["kerberos_port"])
            tgt = kdc.sign_in("frontend$", "ROOT.FABRIKAM.COM", "front end of root.fabrikam.com")
            for user in ("alice", "carol"):
                evidence = kdc.s4u2self(tgt, user, "ROOT.FABRIKAM.COM")
                for target in (REPORTS, BACKEND, "HTTP/no.where", "HTTP/frontend.root.fabrikam.com"):
                    for bit in (True, False):
                        kdc.s4u2proxy(tgt, evidence, target, rbcd=bit)
            self.assertIsInstance(kdc.sign_in("dave", "ROOT.FABRIKAM.COM", "Passw0rd!"), Refusal)
        self.judge(capture, {AS_REQ: 6, TGS_REQ: 36, KRB_ERROR: 20})

    def test_password_change(self):
        capture = self.capture()
        env = self.forest.client("bob")
        changed = foreign.mit("kpasswd").run("bob", env=env, input="Passw0rd!\nAn0ther pass\nAn0ther pass\n")
        self.assertEqual(changed.status, 0, f"{changed}\n{self.forest.log()}")
        foreign.kinit(env, "bob", "An0ther pass").ok()
        self.assertEqual(capture.faults(), [])
        self.assertTrue(any("kpasswd" in protocols for protocols in capture.seen("frame.protocols")))


if __name__ == "__main__":
    unittest.main()
