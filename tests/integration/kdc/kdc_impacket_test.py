"""impacket against the demo forest: its getTGT and getST as they are, and its PAC structures on what comes back."""

import pathlib
import sys
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support import impacket_at, pac_reader
from tests.support.pac_reader import Pac
from tests.support.raw_kdc_client import RawKdc, Refusal, Ticket

REALM = "ROOT.FABRIKAM.COM"
PASSWORD = "front end of root.fabrikam.com"
REPORTS = "HTTP/reports.root.fabrikam.com"
BACKEND = "HTTP/backend.corp.contoso.com"
ROOT_SID = "S-1-5-21-1004336348-1177238915-682003330"
ASSERTED_BY_AUTHORITY, ASSERTED_BY_SERVICE = "S-1-18-1", "S-1-18-2"


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))

    def controller(self, name):
        return next(dc for dc in self.forest.controllers() if dc["name"].startswith(name))

    def kdc(self, name):
        dc = self.controller(name)
        return RawKdc(dc["address"], dc["kerberos_port"])


class Programs(Demo):
    @classmethod
    def setUpClass(cls):
        if not impacket_at.EXAMPLES.is_dir():
            raise unittest.SkipTest(f"impacket's programs are not in {impacket_at.EXAMPLES}")
        super().setUpClass()

    def run_program(self, program, controller, *args):
        dc = self.controller(controller)
        with tempfile.TemporaryDirectory() as folder:
            env = {**foreign.clean_environment(), "PYTHONWARNINGS": "ignore"}
            shell = f'cd "{folder}" && exec "$@"'
            ran = foreign.run("sh", "-c", shell, "sh", sys.executable, impacket_at.__file__, dc["kerberos_port"], program,
                              "-dc-ip", dc["address"], *args, env=env, timeout=60)
            saved = sorted(pathlib.Path(folder).glob("*.ccache"))
            env = foreign.client_environment(self.forest.folder / "client/krb5.conf", saved[0]) if saved else None
            return ran, foreign.klist(env) if env else {}

    def get_st(self, controller, spn, user):
        return self.run_program("getST.py", controller, "-spn", spn, "-impersonate", user, f"{REALM}/frontend$:{PASSWORD}")

    def test_getTGT(self):
        ran, tickets = self.run_program("getTGT.py", "dc08.root", f"{REALM}/alice:Passw0rd!")
        self.assertEqual(list(tickets), [f"krbtgt/{REALM}@{REALM}"], ran)

    def test_getTGT_with_a_wrong_password(self):
        ran, tickets = self.run_program("getTGT.py", "dc08.root", f"{REALM}/alice:wrong")
        self.assertIn("KDC_ERR_PREAUTH_FAILED", ran.out + ran.err)
        self.assertEqual(tickets, {})

    def test_getST_by_the_list_at_both_levels(self):
        for controller in ("dc08.root", "dc12.root"):
            with self.subTest(controller=controller):
                ran, tickets = self.get_st(controller, REPORTS, "alice")
                self.assertEqual([tickets.get(f"{REPORTS}@{REALM}", (None,))[0]], [f"alice@{REALM}"], ran)

    def test_getST_for_a_sensitive_user(self):
        ran, tickets = self.get_st("dc12.root", REPORTS, "carol")
        self.assertIn("KDC_ERR_BADOPTION", ran.out + ran.err)
        self.assertEqual(tickets, {})


class Pacs(Demo):
    """What each kind of ticket says of the user, by level of the DC."""

    def front_end(self, controller):
        return self.got(self.kdc(controller).sign_in("frontend$", REALM, PASSWORD))

    def got(self, answer):
        self.assertIsInstance(answer, Ticket, answer)
        return answer

    def pac(self, ticket, account):
        pac = Pac(ticket, self.forest.keytab(account))
        pac.verify_server_signature()
        return pac

    def test_ordinary_service_ticket(self):
        for controller, asserted in (("dc08.root", set()), ("dc12.root", {ASSERTED_BY_AUTHORITY})):
            with self.subTest(controller=controller):
                tgt = self.got(self.kdc(controller).sign_in("alice", REALM, "Passw0rd!"))
                pac = self.pac(self.got(self.kdc(controller).tgs(tgt, REPORTS)), f"reports$@{REALM}")
                info = pac.logon_info()
                self.assertEqual((info["EffectiveName"], info["LogonDomainName"]), ("alice", "ROOT"))
                self.assertEqual(pac.user_sid(), f"{ROOT_SID}-1104")
                self.assertEqual(pac.group_rids(), {513, 1120})
                self.assertEqual(pac.extra_sids(), asserted)
                self.assertEqual((pac.client_name(), pac.upn()), ("alice", "alice@root.fabrikam.com"))
                self.assertLessEqual({pac_reader.TICKET_CHECKSUM, pac_reader.FULL_CHECKSUM}, pac.kinds)
                self.assertTrue(pac.kinds.isdisjoint({pac_reader.ATTRIBUTES, pac_reader.REQUESTOR, pac_reader.DELEGATION_INFO}))

    def test_s4u2self_ticket(self):
        for controller, asserted in (("dc08.root", set()), ("dc12.root", {ASSERTED_BY_SERVICE})):
            with self.subTest(controller=controller):
                ticket = self.got(self.kdc(controller).s4u2self(self.front_end(controller), "alice", REALM))
                pac = self.pac(ticket, f"frontend$@{REALM}")
                self.assertEqual((pac.user_sid(), pac.extra_sids(), pac.client_name()), (f"{ROOT_SID}-1104", asserted, "alice"))

    def test_sensitive_user_is_marked(self):
        ticket = self.got(self.kdc("dc12.root").s4u2self(self.front_end("dc12.root"), "carol", REALM))
        self.assertTrue(self.pac(ticket, f"frontend$@{REALM}").logon_info()["UserAccountControl"] & 0x4000)

    def test_delegated_ticket_names_target_and_front_end(self):
        kdc, tgt = self.kdc("dc12.root"), self.front_end("dc12.root")
        ticket = self.got(kdc.s4u2proxy(tgt, self.got(kdc.s4u2self(tgt, "alice", REALM)), REPORTS))
        pac = self.pac(ticket, f"reports$@{REALM}")
        self.assertEqual(pac.delegation(), (REPORTS, [f"frontend$@{REALM}"]))
        self.assertEqual((pac.user_sid(), pac.client_name(), pac.extra_sids()),
                         (f"{ROOT_SID}-1104", "alice", {ASSERTED_BY_SERVICE}))

    def test_rbcd_in_the_other_forest(self):
        root, corp, tgt = self.kdc("dc12.root"), self.kdc("dc12.corp"), self.front_end("dc12.root")
        referral = self.got(root.s4u2proxy(tgt, self.got(root.s4u2self(tgt, "alice", REALM)), BACKEND))
        own = self.got(root.tgs(tgt, BACKEND))
        ticket = self.got(corp.s4u2proxy(own, referral, BACKEND))
        self.assertEqual((ticket.client, ticket.client_realm, ticket.realm), ("alice", REALM, "CORP.CONTOSO.COM"))
        pac = self.pac(ticket, "backend$@CORP.CONTOSO.COM")
        self.assertEqual(pac.delegation(), (BACKEND, [f"frontend$@{REALM}"]))
        self.assertEqual((pac.user_sid(), pac.client_name()), (f"{ROOT_SID}-1104", "alice"))
        self.assertIn(ASSERTED_BY_SERVICE, pac.extra_sids())
        denied = corp.s4u2proxy(own, referral, "HTTP/denied.corp.contoso.com")
        self.assertIsInstance(denied, Refusal)


if __name__ == "__main__":
    unittest.main()
