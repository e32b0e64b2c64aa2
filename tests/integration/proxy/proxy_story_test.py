"""alice signs in at the proxy by Kerberos and by form; stock Apache back ends in three domains see her name."""
# ctest: TIMEOUT 300

import json
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest
from tests.support.proxy import Proxy, route

ALICE = "alice@ROOT.FABRIKAM.COM"


class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        conf = cls.forest.env["KRB5_CONFIG"]
        back_end = lambda account, **kw: cls.enterClassContext(Apache(cls.forest.keytab(account), conf, **kw))
        cls.reports = back_end("reports$@ROOT.FABRIKAM.COM")
        cls.backend = back_end("backend$@CORP.CONTOSO.COM")
        cls.orders = back_end("orders$@SALES.CORP.CONTOSO.COM")
        cls.proxy = cls.enterClassContext(Proxy(cls.forest, [
            route("/reports/", cls.reports.url, "HTTP/reports.root.fabrikam.com"),
            route("/backend/", cls.backend.url, "HTTP/backend.corp.contoso.com"),
            route("/orders/", cls.orders.url, "HTTP/orders.sales.corp.contoso.com"),
            route("/denied/", cls.backend.url, "HTTP/denied.corp.contoso.com"),
            route("/unknown/", cls.backend.url, "HTTP/nobody.corp.contoso.com"),
            route("/wrong-key/", cls.reports.url, "HTTP/backend.corp.contoso.com"),
            route("/forms/", cls.reports.url, "HTTP/reports.root.fabrikam.com", sign_in=["forms"]),
            route("/public/", cls.reports.url, sign_in=[], delegation="none"),
        ]))
        foreign.kinit(cls.forest.env, "alice", "Passw0rd!").ok()

    def jar(self, user="alice", password="Passw0rd!"):
        jar = self.proxy.folder / f"{self.id()}.jar"
        self.assertEqual(self.proxy.log_in(user, password, jar)[0], 303)
        return jar

    def status(self, path, *options, env=None):
        return int(self.proxy.curl(path, "-o", "/dev/null", "-w", "%{http_code}", *options, env=env).ok().out)

    def test_kerberos_sign_in_reaches_every_domain_as_alice(self):
        for path in ("/reports/", "/backend/", "/orders/"):
            answer = seen(self.proxy.negotiate(f"{path}x?y=z", env=self.forest.env).ok().out)
            self.assertEqual(answer.get("REMOTE_USER"), ALICE, path)
            self.assertEqual(answer["URI"], f"{path}x?y=z")
            self.assertEqual(answer["HOST"], f"{self.proxy.host}:{self.proxy.port}")

    def test_form_sign_in_reaches_every_domain_as_alice(self):
        jar = self.jar()
        for path in ("/reports/", "/backend/", "/orders/"):
            self.assertEqual(seen(self.proxy.curl(path, "-b", jar).ok().out).get("REMOTE_USER"), ALICE, path)

    def test_a_back_end_sees_nothing_that_a_client_made_up(self):
        jar = self.jar()
        headers = seen(self.proxy.curl("/reports/", "-b", jar, "-H", "X-Forwarded-For: 6.6.6.6", "-H", "Remote-User: root", "-H", "X-Remote-User: root",
                                       "-H", "Forwarded: for=6.6.6.6", "-H", "Cookie: other=1").ok().out)["headers"]
        self.assertEqual(headers["X-Forwarded-For"], "127.0.0.1")
        self.assertEqual(headers["X-Forwarded-Proto"], "https")
        self.assertTrue(headers["Authorization"].startswith("Negotiate "))
        self.assertNotIn("stead", headers.get("Cookie", ""))
        for name in ("Remote-User", "X-Remote-User", "Forwarded"):
            self.assertNotIn(name, headers)

    def test_the_back_ends_negotiate_stays_here_and_ours_is_sent(self):
        jar = self.jar()
        self.assertNotRegex(self.proxy.curl("/reports/", "-i", "-b", jar).ok().out.partition("\n\n")[0], "(?i)www-authenticate")
        self.assertRegex(self.proxy.negotiate("/reports/", "-i", env=self.forest.env).ok().out, "(?i)www-authenticate: negotiate [a-z0-9+/]{20,}")

    def test_a_body_is_streamed_to_the_back_end(self):
        path = self.proxy.folder / "body"
        path.write_bytes(b"x" * 300000)
        jar = self.jar()
        self.assertEqual(seen(self.proxy.curl("/reports/", "-b", jar, "--data-binary", f"@{path}").ok().out)["BODY"], "300000")
        chunked = self.proxy.curl("/reports/", "-b", jar, "-X", "POST", "-T", path, "-H", "Transfer-Encoding: chunked").ok()
        self.assertEqual(seen(chunked.out)["headers"]["Transfer-Encoding"], "chunked")  # of which its page cannot tell the length
        self.assertEqual(self.proxy.curl("/reports/", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}").out, "200")

    def test_a_refused_delegation_is_a_403_that_says_little(self):
        ran = self.proxy.curl("/denied/", "-i", "-b", self.jar()).ok()
        head, _, body = ran.out.partition("\n\n")
        self.assertIn(" 403 ", head.splitlines()[0])
        request = [line.split(": ")[1] for line in head.splitlines() if line.lower().startswith("x-request-id")][0].strip()
        self.assertIn(request, body)
        self.assertNotIn("KDC_ERR", body)
        status, page = self.proxy.admin("/status")
        self.assertEqual(status, 200)
        self.assertIn(request, page)
        self.assertIn("Set-ADComputer", page)
        self.assertEqual(self.status("/unknown/", "-b", self.jar()), 403)

    def test_a_ticket_that_the_back_end_cannot_read_is_a_502(self):
        self.assertEqual(self.status("/wrong-key/", "-b", self.jar()), 502)

    def test_nobody_gets_in_without_signing_in(self):
        head = self.proxy.curl("/reports/", "-i").ok().out
        self.assertRegex(head, r"^HTTP/2 401 ")
        self.assertRegex(head, r"(?im)^www-authenticate: negotiate$")
        self.assertIn('name="csrf"', head)
        self.assertEqual(self.status("/forms/", "-H", "Accept: text/html"), 303)
        self.assertRegex(self.proxy.curl("/forms/", "-i", "-H", "Accept: application/json").ok().out, "(?i)www-authenticate: stead-form")
        self.assertEqual(self.status("/nowhere/"), 404)
        self.assertEqual(self.status("/nowhere/", "-b", self.jar()), 404)
        self.assertEqual(self.status("/public/"), 401)  # the back end's own

    def test_whoami_and_sign_out(self):
        jar = self.jar()
        who = json.loads(self.proxy.curl("/.stead/whoami", "-b", jar).ok().out)
        self.assertEqual((who["user"], who["sign_in"]), (ALICE, "forms"))
        self.assertEqual(self.status("/.stead/logout", "-b", jar, "-c", jar, "-X", "POST", "-H", f"Origin: {self.proxy.url}"), 303)
        self.assertEqual(self.status("/.stead/whoami", "-b", jar), 401)

    def test_each_request_is_in_the_access_log(self):
        self.status("/backend/marker", "-b", self.jar())
        self.proxy._server.wait_until(lambda: any(line["path"] == "/backend/marker" for line in self.proxy.access_log()), "logs the request")
        line = [line for line in self.proxy.access_log() if line["path"] == "/backend/marker"][0]
        self.assertEqual((line["user"], line["sign_in"], line["spn"], line["delegation"], line["status"]),
                         (ALICE, "forms", "HTTP/backend.corp.contoso.com", "s4u", 200))


if __name__ == "__main__":
    unittest.main()
