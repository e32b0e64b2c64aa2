"""samples/sdk_postgresql: app servers in C++ and in C whose users reach a stock PostgreSQL as themselves, also all at once."""
# ctest: TIMEOUT 400

import concurrent.futures
import os
import subprocess
import sys
import unittest

from samples.support import app_server, foreign
from samples.support.app_server import AppServer, Services

CROWD = [f"user{number}" for number in range(10)]


def principal(user):
    return f"{user}@{app_server.REALM}"


class SdkPostgresql(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.services = cls.enterClassContext(Services(users=CROWD))
        cls.servers = {name: cls.enterClassContext(AppServer(cls.services, name)) for name in ("sdk_postgresql", "sdk_postgresql_sspi")}
        cls.cpp = cls.servers["sdk_postgresql"]

    def test_the_database_sees_the_user(self):
        alice = self.services.sign_in("alice")
        for server in self.servers.values():
            with self.subTest(server.program):
                status, said = server.ask("/whoami", env=alice)
                self.assertEqual(status, 200, server.log())
                self.assertEqual(said, {"signed_in_as": principal("alice"), "current_user": "alice", "principal": principal("alice"), "encrypted": True})

    def test_concurrent_users_are_never_mixed(self):
        environments = {user: self.services.sign_in(user) for user in CROWD}
        for server in self.servers.values():
            with self.subTest(server.program):
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    asked = [(user, pool.submit(server.ask, "/whoami", env=environments[user])) for _ in range(5) for user in CROWD]
                    for user, answer in asked:
                        status, said = answer.result()
                        self.assertEqual((status, said.get("signed_in_as"), said.get("current_user"), said.get("principal")),
                                         (200, principal(user), user, principal(user)), server.log())

    def test_a_sensitive_user_is_refused(self):
        carol = self.services.sign_in("carol")
        for server in self.servers.values():
            with self.subTest(server.program):
                self.assertEqual(server.ask("/whoami", env=carol)[0], 403)
                self.assertIn("user_is_sensitive", server.log())

    def test_a_user_without_a_role_is_refused(self):
        stranger = self.services.forest.client("stranger.ccache")
        foreign.kinit(stranger, "app$", "app server of root.fabrikam.com").ok()
        for server in self.servers.values():
            with self.subTest(server.program):
                status, said = server.ask("/whoami", env=stranger)
                self.assertGreaterEqual(status, 400)
                self.assertNotIn("current_user", said)

    def test_a_request_without_a_good_token_is_challenged(self):
        for server in self.servers.values():
            with self.subTest(server.program):
                for field in ("Negotiate", "Negotiate YIIB", "Negotiate !!!!", "Basic YTpi", "Negotiate " + "A" * 4000):
                    ran = foreign.run("curl", "--silent", "--include", "--noproxy", "*", "-H", f"Authorization: {field}",
                                      f"http://{server.host}:{server.port}/whoami", env=self.services.forest.env).ok()
                    self.assertRegex(ran.out, r"^HTTP/1.1 401 [^\r]*\r?\n(?s:.*)WWW-Authenticate: Negotiate\r?\n", field)

    def test_users_cannot_read_the_rows_of_others(self):
        alice, bob = self.services.sign_in("alice"), self.services.sign_in("bob")
        self.assertEqual(self.cpp.ask("/notes", "--data", "it's \"mine\"", env=alice), (200, {"owner": "alice", "text": "it's \"mine\""}))
        self.assertEqual({note["owner"] for note in self.cpp.ask("/notes", env=alice)[1]}, {"alice"})
        self.assertEqual({note["owner"] for note in self.cpp.ask("/notes", env=bob)[1]}, {"bob"})

    def test_a_connection_that_the_database_closed_is_not_used_again(self):
        alice = self.services.sign_in("alice")
        self.assertEqual(self.cpp.ask("/whoami", env=alice)[0], 200)
        self.services.database.as_owner("shop", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'alice'")
        self.assertEqual(self.cpp.ask("/whoami", env=alice)[0], 200, self.cpp.log())

    def test_wrong_flags_are_reported(self):
        program = foreign.built("sdk_postgresql")
        self.assertEqual(program.run().status, 2)
        ran = program.run("--listen", "127.0.0.1:1", "--spn", "postgres/x", "--database", "dbname=x", "--principal", "HTTP/x@R", "--keytab", "/nowhere")
        self.assertEqual(ran.status, 2)
        self.assertIn("/nowhere", ran.err)


class Story(unittest.TestCase):
    def test_each_step_holds(self):
        ran = subprocess.run([sys.executable, foreign.TOP / "samples/sdk_postgresql/story.py", "--once"], capture_output=True, text=True,
                             timeout=110, check=False, env={**os.environ, "PYTHONPATH": str(foreign.TOP)})
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(ran.stdout.count("\n  ok "), 12, ran.stdout)


if __name__ == "__main__":
    unittest.main()
