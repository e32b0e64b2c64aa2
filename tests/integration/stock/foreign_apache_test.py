"""Stock Apache with mod_auth_gssapi, kinit and curl --negotiate work with each other here, without any of ours."""

import http.client
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from tests.support.mit_kdc import MitKdc

NAME = "web.example.org"


class ApacheAndCurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kdc = cls.enterClassContext(MitKdc("EXAMPLE.ORG", {"alice": "Passw0rd!"}, [f"HTTP/{NAME}"]))
        cls.keytab = cls.kdc.keytab(f"HTTP/{NAME}")
        foreign.kinit(cls.kdc.env, "alice", "Passw0rd!").ok()

    def back_end(self, **kw):
        return self.enterContext(Apache(self.keytab, self.kdc.folder / "krb5.conf", **kw))

    def test_sees_user_host_and_method(self):
        back_end = self.back_end()
        answer = seen(back_end.curl(NAME, "/any/path?q=1", "-X", "POST", "-d", "12345", env=self.kdc.env).ok().out)
        self.assertEqual(answer["REMOTE_USER"], "alice@EXAMPLE.ORG")
        self.assertEqual(answer["HOST"], f"{NAME}:{back_end.port}")
        self.assertEqual((answer["METHOD"], answer["URI"], answer["BODY"]), ("POST", "/any/path?q=1", "5"))
        self.assertEqual(answer["headers"]["Content-Type"], "application/x-www-form-urlencoded")

    def test_answers_with_its_own_token(self):
        answer = self.back_end().curl(NAME, "/", "--include", env=self.kdc.env).ok().out
        self.assertRegex(answer, "(?i)www-authenticate: negotiate [a-z0-9+/]{20,}")

    def test_refuses_without_a_ticket(self):
        back_end = self.back_end()
        ran = foreign.run("curl", "--silent", "-o", "/dev/null", "-w", "%{http_code}", back_end.url)
        self.assertEqual(ran.ok().out, "401")

    def token(self):
        """An Authorization header for one request, made by curl: a back end shows it."""
        return seen(self.back_end().curl(NAME, env=self.kdc.env).ok().out)["headers"]["Authorization"]

    def test_identity_is_bound_to_the_connection_where_asked(self):
        for bound, second in ((True, 200), (False, 401)):
            back_end = self.back_end(connection_bound=bound)
            connection = http.client.HTTPConnection(back_end.host, back_end.port, timeout=10)
            self.addCleanup(connection.close)
            statuses = []
            for headers in ({"Authorization": self.token()}, {}):
                connection.request("GET", "/", headers={"Host": NAME, **headers})
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)
            self.assertEqual(statuses, [200, second])
            self.assertEqual(len({line.split()[1] for line in back_end.access_log()}), 1, back_end.access_log())

    def test_refuses_a_replayed_token(self):
        back_end, token = self.back_end(), self.token()
        statuses = [foreign.run("curl", "--silent", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}",
                                "-H", f"Authorization: {token}", back_end.url).out for _ in range(2)]
        self.assertEqual(statuses, ["200", "401"])

    def test_serves_over_tls(self):
        back_end = self.back_end(tls=[NAME])
        answer = seen(back_end.curl(NAME, "/", env=self.kdc.env).ok().out)
        self.assertEqual(answer["REMOTE_USER"], "alice@EXAMPLE.ORG")

    def test_serves_bytes_by_the_number(self):
        ran = self.back_end().curl(NAME, "/bytes/100000", "-o", "/dev/null", "-w", "%{size_download}", env=self.kdc.env)
        self.assertEqual(ran.ok().out, "100000")


if __name__ == "__main__":
    unittest.main()
