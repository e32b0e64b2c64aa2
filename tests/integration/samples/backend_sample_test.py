# ctest: TIMEOUT 400
"""samples/backend reports how a user signed in and through which services they came, and its access rules can use it."""

import http.client
import unittest

from samples.support import foreign
from samples.support.backend import Backend
from samples.support.forest import Forest

SIGNED_IN, VOUCHED_FOR = "S-1-18-1", "S-1-18-2"
NAME = "intranet.north.example"

# One domain; the front end may delegate to the intranet server by the classic list, and its user may sign in there directly.
FOREST = """
[[domain]]
realm   = "NORTH.EXAMPLE"
netbios = "NORTH"
sid     = "S-1-5-21-101-202-303"
forest  = "north.example"

[[domain.controller]]
name    = "dc1.north.example"
address = "127.0.41.1"
level   = "LEVEL"

[[domain.account]]
name     = "gerda"
rid      = 1201
password = "Winter7!"
groups   = ["editors"]

[[domain.account]]
name     = "portal$"
password = "a portal's password"
flags    = ["trusted_to_auth_for_delegation"]
spns     = ["HTTP/portal.north.example"]
upn      = "HTTP/portal.north.example@NORTH.EXAMPLE"
allowed_to_delegate_to = ["HTTP/intranet.north.example"]

[[domain.account]]
name     = "intranet$"
rid      = 1210
password = "an intranet server's password"
spns     = ["HTTP/intranet.north.example"]

[[domain.account]]
name     = "archive$"
password = "an archive's password"
spns     = ["HTTP/archive.north.example"]
flags    = ["no_auth_data_required"]

[[domain.group]]
name = "editors"
rid  = 1300
"""


def forest_of(level):
    return Forest(FOREST.replace("LEVEL", level), free_ports=True)


def delegated(forest, user, service, front_end, name="delegated"):
    """An environment whose ccache has a ticket to `service` that `front_end` got for `user`."""
    env = forest.client(name)
    foreign.built("stead").run("s4u", "--for", user, "--service", service, "--keytab", forest.keytab(front_end), "--principal",
                               front_end, "--ccache", env["KRB5CCNAME"], "--config", forest.stead_toml, env=env).ok()
    return env


def sids(entries):
    return [entry["sid"] for entry in entries]


class OneDomain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(forest_of("2016"))
        cls.keytab = cls.forest.keytab("intranet$@NORTH.EXAMPLE")
        foreign.kinit(cls.forest.env, "gerda", "Winter7!").ok()
        cls.portal = delegated(cls.forest, "gerda", f"HTTP/{NAME}", "HTTP/portal.north.example@NORTH.EXAMPLE")

    def back_end(self, *options, keytab=None):
        return self.enterContext(Backend(keytab or self.keytab, self.forest.env, *options))

    def test_reports_users_with_own_credentials(self):
        status, caller = self.back_end().ask(NAME, env=self.forest.env)
        self.assertEqual(status, 200)
        self.assertEqual(caller["user"], "gerda@NORTH.EXAMPLE")
        self.assertEqual(caller["service"], f"HTTP/{NAME}@NORTH.EXAMPLE")
        self.assertEqual(caller["signed_in"]["sid"], SIGNED_IN)
        self.assertEqual(caller["pac"]["sid"], "S-1-5-21-101-202-303-1201")
        groups = {g["sid"]: g["name"] for g in caller["pac"]["groups"]}
        self.assertEqual(groups["S-1-5-21-101-202-303-513"], "NORTH\\Domain Users")
        self.assertIsNone(groups["S-1-5-21-101-202-303-1300"])
        self.assertIn(SIGNED_IN, sids(caller["pac"]["extra_sids"]))
        self.assertNotIn(VOUCHED_FOR, sids(caller["pac"]["extra_sids"]))
        self.assertIsNone(caller["pac"]["delegation"])
        self.assertEqual(caller["pac"]["upn"].lower(), "gerda@north.example")
        self.assertEqual(caller["ticket"]["encryption"], "aes256-cts-hmac-sha1-96")
        self.assertIn("forwardable", caller["ticket"]["flags"])
        self.assertEqual(caller["ticket"]["transited_realms"], [])
        self.assertLess(caller["ticket"]["auth_time"], caller["ticket"]["end_time"])
        self.assertIsNone(caller["access"])

    def test_reports_users_for_whom_a_service_vouches_and_the_path(self):
        status, caller = self.back_end().ask(NAME, env=self.portal)
        self.assertEqual(status, 200)
        self.assertEqual(caller["user"], "gerda@NORTH.EXAMPLE")
        self.assertEqual(caller["signed_in"]["sid"], VOUCHED_FOR)
        self.assertEqual(caller["pac"]["delegation"]["proxy_target"].partition("@")[0], f"HTTP/{NAME}")
        self.assertEqual(len(caller["pac"]["delegation"]["transited_services"]), 1)
        self.assertRegex(caller["pac"]["delegation"]["transited_services"][0], r"(?i)portal.*@NORTH\.EXAMPLE")
        self.assertIn("S-1-5-21-101-202-303-1300", sids(caller["pac"]["groups"]))

    def test_admits_only_users_with_own_credentials_if_the_rule_says_so(self):
        back_end = self.back_end("--access", f"D:(A;;GA;;;{SIGNED_IN})")
        status, caller = back_end.ask(NAME, env=self.forest.env)
        self.assertEqual((status, caller["access"]["granted"]), (200, True))
        status, caller = back_end.ask(NAME, env=self.portal)
        self.assertEqual((status, caller["access"]["granted"]), (403, False))
        self.assertIn("no entry of", caller["access"]["reason"])

    def test_names_the_entry_that_denies(self):
        back_end = self.back_end("--access", f"D:(D;;GA;;;{VOUCHED_FOR})(A;;GA;;;WD)")
        self.assertEqual(back_end.ask(NAME, env=self.forest.env)[0], 200)
        status, caller = back_end.ask(NAME, env=self.portal)
        self.assertEqual(status, 403)
        self.assertIn(VOUCHED_FOR, caller["access"]["reason"])
        self.assertIn("Service asserted identity", caller["access"]["reason"])

    def test_tells_reading_from_changing(self):
        back_end = self.back_end("--access", f"D:(A;;GR;;;WD)(A;;GW;;;{SIGNED_IN})")
        statuses = {(env is self.portal, method): back_end.ask(NAME, "/", "-X", method, env=env)[0]
                    for env in (self.forest.env, self.portal) for method in ("GET", "POST")}
        self.assertEqual(statuses, {(False, "GET"): 200, (False, "POST"): 200, (True, "GET"): 200, (True, "POST"): 403})

    def test_takes_groups_of_the_directory_in_rules(self):
        back_end = self.back_end("--access", "D:(A;;GA;;;S-1-5-21-101-202-303-1300)")
        self.assertEqual(back_end.ask(NAME, env=self.portal)[0], 200)
        foreign_group = self.back_end("--access", "D:(A;;GA;;;S-1-5-21-101-202-304-1300)")
        self.assertEqual(foreign_group.ask(NAME, env=self.portal)[0], 403)

    def test_a_ticket_without_a_pac_has_no_groups(self):
        keytab = self.forest.keytab("archive$@NORTH.EXAMPLE")
        status, caller = self.back_end(keytab=keytab).ask("archive.north.example", env=self.forest.env)
        self.assertEqual((status, caller["user"], caller["pac"]), (200, "gerda@NORTH.EXAMPLE", None))
        ruled = self.back_end("--access", f"D:(A;;GA;;;{SIGNED_IN})", keytab=keytab)
        self.assertEqual(ruled.ask("archive.north.example", env=self.forest.env)[0], 403)

    def test_answers_in_text_when_text_is_wanted(self):
        text = self.back_end().curl(NAME, "/", "-H", "Accept: text/plain", env=self.portal).ok().out
        self.assertRegex(text, r"(?m)^user +gerda@NORTH\.EXAMPLE$")
        self.assertRegex(text, rf"(?m)^signed in +{VOUCHED_FOR}: a service")
        self.assertRegex(text, rf"(?m)^delegated to +HTTP/{NAME}")
        self.assertRegex(text, r"(?m)^through +.*portal")
        only = self.back_end("--json").curl(NAME, "/", "-H", "Accept: text/plain", env=self.portal).ok().out
        self.assertTrue(only.startswith("{"), only)

    def test_proves_itself_and_keeps_the_connection_but_not_the_identity(self):
        back_end = self.back_end()
        ran = back_end.curl(NAME, "/", "--include", env=self.forest.env).ok()
        self.assertRegex(ran.out, "(?i)200 OK(.|\r|\n)*www-authenticate: negotiate [a-z0-9+/]{20,}")
        connection = http.client.HTTPConnection(back_end.host, back_end.port, timeout=10)
        self.addCleanup(connection.close)
        for headers, token in (({}, ""), ({"Authorization": "Basic YTpi"}, ""), ({"Authorization": "Negotiate TlRMTVNTUAABAAAA"}, "NTLM"),
                               ({"Authorization": "Negotiate ****"}, ""), ({}, "")):
            connection.request("GET", "/", headers=headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            self.assertEqual((answer.status, answer.getheader("WWW-Authenticate")), (401, "Negotiate"))
            self.assertIn(token, body)

    def test_refuses_tickets_for_another_service(self):
        wrong = self.back_end(keytab=self.forest.keytab("portal$@NORTH.EXAMPLE"))
        status, said = wrong.ask(NAME, env=self.forest.env)
        self.assertEqual(status, 401)
        self.assertIn("not served here", said["reason"])

    def test_says_in_one_line_what_it_cannot_start_with(self):
        program = foreign.built("stead-backend")
        good = ("--listen", "127.0.0.1:0", "--keytab", self.keytab)
        for arguments, status, said in (
                ((), 2, "--listen"),
                (("--listen", "nowhere", "--keytab", self.keytab), 2, "nowhere"),
                (("--listen", "127.0.0.1:0", "--keytab", "/nowhere.keytab"), 2, "/nowhere.keytab"),
                ((*good, "--principal", "HTTP/other.example"), 2, "HTTP/other.example"),
                ((*good, "--access", "D:(A;;GA;;;nobody)"), 2, "character 12"),
                ((*good, "--access", ""), 2, "access rule"),
                ((*good, "--access", "O:WD"), 2, "D:"),
                (("--listen", "192.0.2.1:1", "--keytab", self.keytab), 1, "192.0.2.1:1")):
            ran = program.run(*arguments)
            self.assertEqual((ran.status, ran.out), (status, ""), ran)
            self.assertIn(said, ran.err)
        self.assertEqual(program.run("--version").ok().out.split()[0], "stead-backend")
        self.assertIn("--access", program.run("--help").ok().out)


class BeforeWindowsServer2012(unittest.TestCase):
    def test_nobody_says_how_the_user_signed_in(self):
        forest = self.enterContext(forest_of("2008R2"))
        back_end = self.enterContext(Backend(forest.keytab("intranet$@NORTH.EXAMPLE"), forest.env))
        foreign.kinit(forest.env, "gerda", "Winter7!").ok()
        portal = delegated(forest, "gerda", f"HTTP/{NAME}", "HTTP/portal.north.example@NORTH.EXAMPLE")
        for env, came_by_himself in ((forest.env, True), (portal, False)):
            status, caller = back_end.ask(NAME, env=env)
            self.assertEqual((status, caller["user"]), (200, "gerda@NORTH.EXAMPLE"))
            self.assertIsNone(caller["signed_in"]["sid"])
            self.assertIn("2012", caller["signed_in"]["meaning"])
            self.assertEqual(caller["pac"]["delegation"] is None, came_by_himself)


class AcrossForests(unittest.TestCase):
    def test_the_way_is_in_the_ticket(self):
        forest = self.enterContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        front_end = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
        for account, name in (("backend$@CORP.CONTOSO.COM", "backend.corp.contoso.com"),
                              ("orders$@SALES.CORP.CONTOSO.COM", "orders.sales.corp.contoso.com")):
            back_end = self.enterContext(Backend(forest.keytab(account), forest.env))
            env = delegated(forest, "alice@ROOT.FABRIKAM.COM", f"HTTP/{name}", front_end, account.partition("$")[0])
            status, caller = back_end.ask(name, env=env)
            self.assertEqual((status, caller["user"]), (200, "alice@ROOT.FABRIKAM.COM"), caller)
            self.assertEqual(caller["pac"]["sid"], "S-1-5-21-1004336348-1177238915-682003330-1104")
            self.assertEqual(len(caller["pac"]["delegation"]["transited_services"]), 1)
            self.assertRegex(caller["pac"]["delegation"]["transited_services"][0], r"(?i)frontend.*@ROOT\.FABRIKAM\.COM")


if __name__ == "__main__":
    unittest.main()
