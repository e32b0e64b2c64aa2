"""Replicas of the proxy that share a Redis server: sign-outs, failed passwords, used tokens and Kerberos sessions count on all of them; and
what they do while Redis is away."""
# ctest: TIMEOUT 300

import base64
import pathlib
import shutil
import socket
import tempfile
import threading
import time
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest
from tests.support.proxy import Proxy, make_certificate, route
from tests.support.redis import Redis

REALM = "ROOT.FABRIKAM.COM"
ALICE = f"alice@{REALM}"


class Replica(Proxy):
    """A replica on a machine of its own: it shares the content of the session key's file with the others, and Redis."""

    def __init__(self, forest, routes, key, shared, **kw):
        super().__init__(forest, routes, more=f"[shared]\n{shared}\n", **kw)
        self.key = key

    def start(self):
        if not (self.folder / "session.key").exists():
            shutil.copy(self.key, self.folder / "session.key")
        super().start()


class Replicas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.reports = cls.enterClassContext(Apache(cls.forest.keytab(f"reports$@{REALM}"), cls.forest.env["KRB5_CONFIG"]))
        cls.key = cls.folder / "session.key"
        cls.key.write_bytes(bytes(range(32)))
        cls.env = cls.forest.client("alice.ccache")
        foreign.kinit(cls.env, "alice", "Passw0rd!").ok()

    def replicas(self, redis, count=2, shared="", **kw):
        routes = [route("/", self.reports.url, "HTTP/reports.root.fabrikam.com", ["kerberos", "forms"])]
        out = [self.enterContext(Replica(self.forest, routes, self.key, f'redis = "{redis.url}"\n{shared}', **kw)) for _ in range(count)]
        for replica in out:
            replica.must_log("connected")
        return out

    def jar(self):
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "jar"

    def status(self, replica, jar, *options):
        return int(replica.curl("/", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}", *options).ok().out)

    def sign_in_by_form(self, replica):
        jar = self.jar()
        self.assertEqual(replica.log_in("alice", "Passw0rd!", jar)[0], 303)
        return jar

    def sign_out(self, replica, jar):
        """Signs out, and leaves the old cookie in the jar."""
        stolen = jar.read_text()
        replica.curl("/.stead/logout", "-b", jar, "-c", jar, "-X", "POST").ok()
        jar.write_text(stolen)

    def wait_for_status(self, replica, jar, status):
        end = time.monotonic() + 10
        while (got := self.status(replica, jar)) != status:
            self.assertLess(time.monotonic(), end, f"the answer is {got} still")
            time.sleep(0.05)

    def test_a_sign_out_counts_on_all_replicas_and_on_those_that_start_later(self):
        redis = self.enterContext(Redis())
        one, two = self.replicas(redis)
        jar, kept = self.sign_in_by_form(one), self.sign_in_by_form(one)
        self.assertEqual(self.status(two, jar), 200)
        self.sign_out(one, jar)
        self.wait_for_status(two, jar, 401)
        self.assertEqual(self.status(two, kept), 200)
        [three] = self.replicas(redis, 1)
        self.assertEqual(self.status(three, jar), 401)
        self.assertEqual(self.status(three, kept), 200)

    def test_failed_passwords_of_all_replicas_count_together(self):
        one, two = self.replicas(self.enterContext(Redis()))
        jar = self.jar()
        for _ in range(5):
            self.assertEqual(one.log_in("bob", "wrong", jar)[0], 401)
        end = time.monotonic() + 10
        while (answer := two.log_in("bob", "wrong", jar)[0]) != 429:
            self.assertEqual(answer, 401)
            self.assertLess(time.monotonic(), end)
        self.assertEqual(two.log_in("alice", "Passw0rd!", jar)[0], 303)

    def test_a_kerberos_session_goes_on_at_another_replica_without_a_new_ticket(self):
        one, two = self.replicas(self.enterContext(Redis()))
        jar = self.jar()
        one.negotiate("/", "-c", jar, env=self.env).ok()
        page = two.curl("/", "-b", jar, "-w", "\n%{http_code}").ok().out
        self.assertTrue(page.endswith("\n200"), page)
        self.assertEqual(seen(page)["REMOTE_USER"], ALICE)

    def test_a_token_that_one_replica_took_is_refused_by_the_others(self):
        one, two = self.replicas(self.enterContext(Redis()), tls=False)
        token = self.token(one)
        header = ("-H", f"Authorization: Negotiate {token}")
        self.assertEqual(self.status(one, "/dev/null", *header), 200)
        self.assertEqual(self.status(two, "/dev/null", *header), 401)
        two.must_log("another replica of this proxy has seen this token")

    def token(self, replica):
        """The token that curl would send to a replica, taken by a server at another port."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            got = []

            def answer():
                connection, _ = listener.accept()
                with connection:
                    got.append(connection.recv(65536).decode())
                    connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            port = listener.getsockname()[1]
            replica.curl("/", "--negotiate", "-u", ":", "--resolve", f"{replica.host}:{port}:127.0.0.1", url=f"http://{replica.host}:{port}", env=self.env)
            thread.join()
        [line] = [line for line in got[0].splitlines() if line.startswith("Authorization: Negotiate ")]
        return line.rsplit(" ", 1)[1]

    def test_without_redis_sessions_go_on_and_a_sign_out_is_told_later(self):
        redis = self.enterContext(Redis())
        one, two = self.replicas(redis)
        jar, kept, early = (self.sign_in_by_form(one) for _ in range(3))
        self.sign_out(one, early)
        self.wait_for_status(two, early, 401)
        redis.kill()
        for replica in (one, two):
            replica.must_log("Until it answers, sign-outs and failed passwords count on this replica only")
        self.assertEqual(self.status(two, kept), 200)
        self.assertEqual(self.sign_in_by_form(two).exists(), True)
        self.sign_out(one, jar)
        self.assertEqual(self.status(one, jar), 401)
        self.assertEqual(self.status(two, jar), 200, "it cannot know")
        redis.start()
        for replica in (one, two):
            replica.must_log("connected", count=2)
        self.wait_for_status(two, jar, 401)
        # The server has lost everything, and knows it again: a replica that starts now learns it too.
        [three] = self.replicas(redis, 1)
        for gone in (jar, early):
            self.wait_for_status(three, gone, 401)
        self.assertEqual(self.status(three, kept), 200)

    def test_redis_learns_nothing_and_is_believed_nothing(self):
        redis = self.enterContext(Redis())
        one, two = self.replicas(redis)
        jar = self.sign_in_by_form(one)
        one.negotiate("/", env=self.env).ok()
        kept = self.sign_in_by_form(one)
        self.sign_out(one, jar)
        self.wait_for_status(two, jar, 401)
        for key in redis.command("KEYS", "*").split():
            kind = redis.command("TYPE", key).strip()
            content = redis.command("GET", key) if kind == "string" else redis.command("ZRANGE", key, "0", "-1")
            self.assertNotIn("alice", (key + content).lower())
        everybody = f"{int(time.time()) + 90000} - -"
        for forged in (everybody, base64.urlsafe_b64encode(everybody.encode()).decode(), "x" * 100000, ""):
            redis.command("ZADD", "stead:signed-out", "99999999999", forged or "-")
            redis.command("PUBLISH", "stead:announcements", f"signed-out {forged}")
        redis.command("PUBLISH", "stead:announcements", "")
        time.sleep(0.5)
        self.assertEqual(self.status(two, kept), 200)
        [three] = self.replicas(redis, 1)
        self.assertEqual(self.status(three, kept), 200)

    def test_password_and_tls(self):
        certificate = make_certificate(self.folder, ["localhost"], "redis")
        redis = self.enterContext(Redis(password="s3cret", tls=certificate))
        secret = self.folder / "redis.password"
        secret.write_text("s3cret\n")
        one, two = self.replicas(redis, shared=f'password_file = "{secret}"\nca = "{certificate[0]}"')
        jar = self.sign_in_by_form(one)
        self.sign_out(one, jar)
        self.wait_for_status(two, jar, 401)
        secret.write_text("wrong\n")
        stranger = self.enterContext(Replica(self.forest, [route("/", self.reports.url, "HTTP/reports.root.fabrikam.com")], self.key,
                                             f'redis = "{redis.url}"\npassword_file = "{secret}"\nca = "{certificate[0]}"'))
        stranger.must_log("the server refuses AUTH")
        self.assertNotIn("wrong", stranger.log())
        distrust = self.enterContext(Replica(self.forest, [route("/", self.reports.url, "HTTP/reports.root.fabrikam.com")], self.key,
                                             f'redis = "{redis.url}"\npassword_file = "{secret}"'))
        distrust.must_log("TLS: certificate verify failed")

    def test_a_server_that_is_no_redis_harms_nobody(self):
        for answer in (b"*1000000000\r\n" * 3, b"$2000000000\r\n", b"x" * 3000000, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*1\r\n" * 1000, b""):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                served = threading.Thread(target=self.serve_once, args=(listener, answer))
                served.start()
                routes = [route("/", self.reports.url, "HTTP/reports.root.fabrikam.com")]
                url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
                with Replica(self.forest, routes, self.key, f'redis = "{url}"') as replica:
                    replica.must_log("Until it answers")
                    jar = self.sign_in_by_form(replica)
                    self.assertEqual(self.status(replica, jar), 200)
                served.join()

    def serve_once(self, listener, answer):
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                try:
                    connection.sendall(answer)
                except OSError:
                    pass

    def test_wrong_keys_are_refused_with_their_line(self):
        [replica] = self.replicas(self.enterContext(Redis()), 1)
        good = replica.configuration()
        for lines, message in (('redis = "http://x"', "redis must be a URL"), ("", "redis"), ('redis = "redis://h/x"', "redis must be a URL"),
                               ('redis = "redis://h"\nca = "x"', "rediss:// only"), ('redis = "redis://h"\nprefix = "a b"', "prefix must have"),
                               ('redis = "redis://h"\npassword_file = "none"', "cannot be read"), ('redis = "redis://h"\nother = 1', "other"),
                               ('redis = "redis://:p@h"\npassword_file = "none"', "write one of them")):
            text = good[:good.index("[shared]")] + f"[shared]\n{lines}\n" + good[good.index("[[route]]"):]
            replica.file.write_text(text)
            ran = replica.check()
            self.assertNotEqual(ran.status, 0, lines)
            self.assertRegex(ran.err, rf"proxy.toml:\d+:\d+: .*{message}")


if __name__ == "__main__":
    unittest.main()
