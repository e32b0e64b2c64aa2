"""Stock Heimdal kinit and kgetcred against the demo forest. Heimdal's client knows PA-FOR-USER alone and sends no
PA-PAC-OPTIONS: it delegates by the list within a domain, never by the target's descriptor."""

import pathlib
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

REALM = "ROOT.FABRIKAM.COM"
FRONT = f"HTTP/frontend.root.fabrikam.com@{REALM}"
REPORTS = f"HTTP/reports.root.fabrikam.com@{REALM}"
BACKEND = "HTTP/backend.corp.contoso.com"


class Heimdal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", dcs=cls.DCS, free_ports=True))
        cls.front_keytab = cls.forest.keytab(f"frontend$@{REALM}")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.env = foreign.client_environment(self.forest.folder / "client/krb5.conf", self.folder / "ccache")

    def sign_in(self, principal, password="Passw0rd!", options=()):
        return foreign.kinit(self.env, principal, password, options=options, program=foreign.heimdal("kinit"))

    def sign_in_front_end(self, name):
        foreign.heimdal("kinit").run("--forwardable", f"--keytab=FILE:{self.front_keytab}", name, env=self.env).ok()

    def get(self, *args):
        return foreign.heimdal("kgetcred").run(*args, env=self.env)

    def tickets(self):
        return foreign.heimdal("klist").run("--verbose", env=self.env).ok().out

    def refused(self, ran, text):
        self.assertEqual(ran.status, 1, ran)
        self.assertIn(text, ran.err, ran)


class Tickets(Heimdal):
    DCS = None

    def test_password_gives_a_tgt_and_a_service_ticket(self):
        self.sign_in(f"alice@{REALM}").ok()
        self.get(FRONT).ok()
        self.assertIn(f"Server: {FRONT}", self.tickets())

    def test_sign_in_refusals(self):
        for user, password, text in (("alice", "wrong", "Password incorrect"), ("dave", "Passw0rd!", "revoked"),
                                     ("nobody", "Passw0rd!", "unknown")):
            with self.subTest(user=user):
                self.refused(self.sign_in(f"{user}@{REALM}", password), text)

    def test_referrals_lead_to_every_domain(self):
        self.sign_in(f"alice@{REALM}").ok()
        for service, realm in ((BACKEND, "CORP.CONTOSO.COM"), ("HTTP/orders.sales.corp.contoso.com", "SALES.CORP.CONTOSO.COM"),
                               ("HTTP/ledger.emea.root.fabrikam.com", "EMEA.ROOT.FABRIKAM.COM")):
            with self.subTest(service=service):
                self.get("--canonicalize", f"{service}@{REALM}").ok()
                self.assertIn(f"Server: {service}@{realm}", self.tickets())

    def test_realm_named_outright_is_reached_through_the_path_of_trusts(self):
        self.sign_in(f"alice@{REALM}").ok()
        self.get(f"{BACKEND}@CORP.CONTOSO.COM").ok()
        self.assertIn(f"Server: {BACKEND}@CORP.CONTOSO.COM", self.tickets())

    def test_unknown_service(self):
        self.sign_in(f"alice@{REALM}").ok()
        self.refused(self.get(f"HTTP/nowhere.root.fabrikam.com@{REALM}"), "unknown")


class Delegation:
    """What every level of DC answers alike."""

    def delegate(self, user, target, front_end=FRONT):
        self.sign_in_front_end(front_end)
        evidence = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "evidence"
        return foreign.heimdal_delegate(self.env, f"{user}@{REALM}", front_end, target, evidence)

    def test_front_end_gets_a_ticket_to_itself_for_a_user(self):
        self.sign_in_front_end(FRONT)
        out = f"FILE:{self.folder}/user"
        self.get(f"--impersonate=alice@{REALM}", f"--out-cache={out}", FRONT).ok()
        tickets = foreign.heimdal("klist").run("--verbose", f"--cache={out}", env=self.env).ok().out
        self.assertIn(f"Client: alice@{REALM}", tickets)
        self.assertIn(f"Server: {FRONT}", tickets)

    def test_delegates_where_the_list_allows(self):
        for front_end in (f"frontend$@{REALM}", FRONT):
            with self.subTest(front_end=front_end):
                self.delegate("alice", REPORTS, front_end).ok()
                self.assertIn(f"Client: alice@{REALM}", self.tickets())
                self.assertIn(f"Server: {REPORTS}", self.tickets())

    def test_refuses_what_the_list_does_not_have(self):
        self.refused(self.delegate("alice", FRONT), "KDC can't fulfill requested option")

    def test_refuses_a_sensitive_user(self):
        self.refused(self.delegate("carol", REPORTS), "KDC can't fulfill requested option")

    def test_refuses_a_disabled_user(self):
        self.refused(self.delegate("dave", REPORTS), "revoked")

    def test_refuses_an_unknown_user(self):
        self.assertEqual(self.delegate("nobody", REPORTS).status, 1)


class Before2012(Delegation, Heimdal):
    DCS = ["dc08.root.fabrikam.com"]


class From2012(Delegation, Heimdal):
    DCS = ["dc12.root.fabrikam.com"]


if __name__ == "__main__":
    unittest.main()
