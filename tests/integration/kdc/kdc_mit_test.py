"""Stock MIT kinit and kvno against the demo forest: sign-in, referrals, S4U2Self, S4U2Proxy, and every refusal they meet."""

import pathlib
import tempfile
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest

DEMO = foreign.TOP / "samples/forest.toml"
FRONT = "HTTP/frontend.root.fabrikam.com"
REPORTS = "HTTP/reports.root.fabrikam.com"
BACKEND = "HTTP/backend.corp.contoso.com"
ORDERS = "HTTP/orders.sales.corp.contoso.com"
LEDGER = "HTTP/ledger.emea.root.fabrikam.com"
# MIT's client looks for no other DC after a refusal, so it meets 2012-level ones only where RBCD is wanted.
LEVEL_2012 = ["dc12.root.fabrikam.com", "dc16.emea.root.fabrikam.com", "dc12.corp.contoso.com", "dc22.sales.corp.contoso.com"]


class Client(unittest.TestCase):
    """What the tests below ask of stock programs."""

    @classmethod
    def serve(cls, dcs=None):
        cls.forest = cls.enterClassContext(Forest(DEMO, dcs=dcs, free_ports=True))
        cls.front_keytab = cls.forest.keytab("frontend$@ROOT.FABRIKAM.COM")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def sign_in(self, principal, password="Passw0rd!", **kw):
        env = foreign.client_environment(self.forest.folder / "client/krb5.conf", self.folder / "ccache")
        return env, foreign.kinit(env, principal, password, **kw)

    def front_end(self, name="frontend$"):
        env, ran = self.sign_in(name, None, keytab=self.front_keytab, options=["-f"])
        ran.ok()
        return env

    def kvno(self, env, *args):
        return foreign.mit("kvno").run(*args, env=env)

    def refused(self, ran, text):
        self.assertEqual(ran.status, 1, ran)
        self.assertIn(text, ran.err, ran)


class EveryLevel(Client):
    """All DCs of the file are served; the first of each realm is of 2008 R2."""

    @classmethod
    def setUpClass(cls):
        cls.serve()

    def test_password_gives_a_forwardable_renewable_tgt(self):
        env, ran = self.sign_in("alice", options=["-r", "7d"])
        ran.ok()
        client, flags = foreign.klist(env)["krbtgt/ROOT.FABRIKAM.COM@ROOT.FABRIKAM.COM"]
        self.assertEqual(client, "alice@ROOT.FABRIKAM.COM")
        self.assertLessEqual(set("FRIA"), set(flags))
        foreign.kinit(env, "alice", "", options=["-R"]).ok()

    def test_names_that_sign_in(self):
        """A computer signs in by its sAMAccountName, without its $ too, and by an SPN; the reply names it as asked."""
        for name, keys in (("frontend$", {"keytab": self.front_keytab}), (FRONT, {"keytab": self.front_keytab}),
                           ("frontend", {"password": "front end of root.fabrikam.com"})):
            with self.subTest(name=name):
                env, ran = self.sign_in(name, **keys)
                ran.ok()
                self.assertEqual(foreign.klist(env)["krbtgt/ROOT.FABRIKAM.COM@ROOT.FABRIKAM.COM"][0],
                                 f"{name}@ROOT.FABRIKAM.COM")

    def test_upn_signs_in_as_the_account(self):
        for upn in ("alice@root.fabrikam.com", "ALICE@ROOT.fabrikam.com", "erin@emea.root.fabrikam.com"):
            with self.subTest(upn=upn):
                env, ran = self.sign_in(upn, options=["-E", "-C"])
                ran.ok()
                name, _, suffix = upn.partition("@")
                self.assertIn(f"{name.lower()}@{suffix.upper()}", [client for client, _ in foreign.klist(env).values()])

    def test_sign_in_refusals(self):
        for user, password, text in (("alice", "wrong", "Password incorrect"), ("dave", "Passw0rd!", "revoked"),
                                     ("nobody", "Passw0rd!", "not found in Kerberos database")):
            with self.subTest(user=user):
                self.refused(self.sign_in(user, password)[1], text)

    def test_user_reaches_services_of_every_domain(self):
        env, ran = self.sign_in("alice")
        ran.ok()
        for service, keytab in ((FRONT, "frontend$@ROOT.FABRIKAM.COM"), (BACKEND, "backend$@CORP.CONTOSO.COM"),
                                (ORDERS, "orders$@SALES.CORP.CONTOSO.COM"), (LEDGER, "ledger$@EMEA.ROOT.FABRIKAM.COM")):
            with self.subTest(service=service):
                # The keytab has the service in its own realm: kvno says what it decrypted with it.
                realm = keytab.partition("@")[2]
                ran = self.kvno(env, "-k", self.forest.keytab(keytab), f"{service}@{realm}").ok()
                self.assertIn("keytab entry valid", ran.out)

    def test_unknown_service(self):
        env, ran = self.sign_in("alice")
        ran.ok()
        self.refused(self.kvno(env, "HTTP/nowhere.root.fabrikam.com"), "not found in Kerberos database")
        self.refused(self.kvno(env, "HTTP/elsewhere.example.org"), "not found in Kerberos database")

    def test_front_end_gets_a_ticket_to_itself_for_a_user(self):
        # kvno wants the service under the very name of its own client.
        for name in ("frontend$", FRONT):
            with self.subTest(name=name):
                env = self.front_end(name)
                self.kvno(env, "-U", "alice", name).ok()
                client, flags = foreign.klist(env)[f"{name}@ROOT.FABRIKAM.COM"]
                self.assertEqual(client, "alice@ROOT.FABRIKAM.COM")
                self.assertIn("F", flags)

    def test_front_end_gets_a_ticket_for_a_user_of_another_domain(self):
        for user in ("erin@EMEA.ROOT.FABRIKAM.COM", "frank@CORP.CONTOSO.COM"):
            with self.subTest(user=user):
                env = self.front_end()
                self.kvno(env, "-U", user, "frontend$").ok()
                self.assertEqual(foreign.klist(env)["frontend$@ROOT.FABRIKAM.COM"][0], user)

    def test_ticket_for_a_sensitive_user_is_not_forwardable(self):
        env = self.front_end()
        self.kvno(env, "-U", "carol", "frontend$").ok()
        client, flags = foreign.klist(env)["frontend$@ROOT.FABRIKAM.COM"]
        self.assertEqual(client, "carol@ROOT.FABRIKAM.COM")
        self.assertNotIn("F", flags)

    def test_ticket_for_a_user_who_may_not_sign_in(self):
        env = self.front_end()
        self.refused(self.kvno(env, "-U", "dave", "frontend$"), "revoked")
        self.refused(self.kvno(env, "-U", "nobody", "frontend$"), "not found in Kerberos database")

    def test_classic_delegation_by_a_dc_before_2012(self):
        # dc08 echoes no PA-PAC-OPTIONS; within the realm MIT's client does not insist on them.
        ran = self.kvno(self.front_end(), "-k", self.front_keytab, "-U", "alice", "-P", REPORTS)
        self.assertEqual(ran.status, 0, f"{ran}\n{self.forest.log()}")

    def test_dc_before_2012_refuses_the_other_forest(self):
        self.refused(self.kvno(self.front_end(), "-k", self.front_keytab, "-U", "alice", "-P", BACKEND),
                     "KDC policy rejects request")


class Level2012(Client):
    @classmethod
    def setUpClass(cls):
        cls.serve(LEVEL_2012)

    def delegate(self, user, target):
        """S4U2Self and S4U2Proxy by one kvno, the ticket in a cache of the user's; the Ran and the cache's environment."""
        users = self.forest.client(f"ccache-{self.id()}-{user}")
        ran = self.kvno(self.front_end(), "-k", self.front_keytab, "-U", user, "-P", "--out-cache", users["KRB5CCNAME"], target)
        return ran, users

    def test_delegates_wherever_the_directory_allows(self):
        for user in ("alice", "erin@EMEA.ROOT.FABRIKAM.COM"):
            for target in (REPORTS, BACKEND, ORDERS, LEDGER):
                with self.subTest(user=user, target=target):
                    ran, users = self.delegate(user, target)
                    ran.ok()
                    tickets = {service.partition("@")[0]: client for service, (client, _) in foreign.klist(users).items()}
                    self.assertEqual(tickets[target], user if "@" in user else f"{user}@ROOT.FABRIKAM.COM")

    def test_refuses_a_target_that_allows_no_front_end(self):
        self.refused(self.delegate("alice", "HTTP/denied.corp.contoso.com")[0], "KDC can't fulfill requested option")

    def test_refuses_a_sensitive_user(self):
        for target in (REPORTS, BACKEND):
            with self.subTest(target=target):
                self.refused(self.delegate("carol", target)[0], "KDC can't fulfill requested option")

    def test_refuses_the_disabled_and_the_unknown(self):
        self.refused(self.delegate("dave", BACKEND)[0], "revoked")
        self.refused(self.delegate("nobody", BACKEND)[0], "not found in Kerberos database")

    def test_refuses_a_user_of_the_back_ends_own_forest(self):
        # KB 4033246: a forest takes no PAC of its own domains back over a forest trust.
        self.refused(self.delegate("frank@CORP.CONTOSO.COM", BACKEND)[0], "KDC policy rejects request")

    def test_front_end_without_its_key_gets_nothing(self):
        env, ran = self.sign_in("alice")
        ran.ok()
        ran = self.kvno(env, "-U", "bob", "frontend$")
        self.assertEqual(ran.status, 1, ran)

    def test_stock_apache_of_the_other_forest_sees_the_user(self):
        ran, users = self.delegate("alice", BACKEND)
        ran.ok()
        with Apache(self.forest.keytab("backend$@CORP.CONTOSO.COM"), self.forest.folder / "client/krb5.conf") as back_end:
            answer = seen(back_end.curl("backend.corp.contoso.com", env=users).ok().out)
        self.assertEqual(answer["REMOTE_USER"], "alice@ROOT.FABRIKAM.COM")


if __name__ == "__main__":
    unittest.main()
