"""stead-proxy in front of a back end that attacks it: hostile_backend.py has the cases."""
# ctest: TIMEOUT 300

import pathlib
import re
import socket
import tempfile
import time
import unittest

import hostile_backend
from samples.support import foreign
from samples.support.forest import Forest
from tests.support.proxy import Proxy, route

ALICE = "alice@ROOT.FABRIKAM.COM"
SPN = "HTTP/reports.root.fabrikam.com"
ACCEPTED = {"oQcwBaADCgEA": "accepted", "oRQwEqADCgEAoQsGCSqGSIb3EgECAg==": "accepted, with the mechanism"}
REFUSED = {"oQcwBaADCgEC": "rejected", "oQcwBaADCgEB": "incomplete", "oRQwEqADCgECoQsGCSqGSIb3EgECAg==": "rejected, with the mechanism", "bm9uZQ==": "noise"}


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class Framing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.server = cls.enterClassContext(hostile_backend.Server())
        cls.proxy = cls.enterClassContext(Proxy(cls.forest, [route("/", f"http://127.0.0.1:{cls.server.port}", sign_in=[], delegation="none")], tls=False))
        cls.url = f"http://127.0.0.1:{cls.proxy.port}"

    def test_each_case_gets_its_answer_and_no_other(self):
        for case in hostile_backend.CASES:
            with self.subTest(case.name):
                self.assertEqual(hostile_backend.ask(self.url, case), "")

    def test_the_log_says_what_is_wrong(self):
        for name, reason in (("chunked-chunked", "chunked twice in Transfer-Encoding"), ("bare-lf-head", "ends with LF alone"),
                             ("ssh", "does not begin as HTTP/1.1"), ("two-lengths", "two Content-Lengths that differ")):
            hostile_backend.exchange(self.url, f"/{name}?log")
            self.proxy_logs(name, reason)

    def proxy_logs(self, name, reason):
        deadline = time.monotonic() + 10
        while not any(name in line["path"] and reason in line.get("diagnosis", "") for line in self.proxy.access_log()):
            self.assertLess(time.monotonic(), deadline, f"{name}: {reason}\n{self.proxy.log()}")
            time.sleep(0.05)


class Proof(unittest.TestCase):
    """What a back end's reply to the user's token proves, on a route that requires a proof and on one that does not."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.reply = ""
        cls.server = cls.enterClassContext(hostile_backend.Server(answer=lambda path, head: cls.reply.encode() or None))
        upstream = f"http://127.0.0.1:{cls.server.port}"
        cls.proxy = cls.enterClassContext(Proxy(cls.forest, [route("/", upstream, SPN), route("/proof/", upstream, SPN, mutual="required")]))
        foreign.kinit(cls.forest.env, ALICE, "Passw0rd!").ok()

    def status(self, path, lines, status="200 OK"):
        type(self).reply = f"HTTP/1.1 {status}\r\n{lines}Content-Length: 6\r\n\r\nsecret"
        out = self.proxy.negotiate(path, "-i", "-w", "\n%{http_code}", env=self.forest.env).ok().out
        code = int(out.rsplit("\n", 1)[1])
        self.assertEqual("secret" in out, code != 502, out)
        return code, out

    def test_an_acceptance_without_a_token_is_an_acceptance(self):
        for token, name in ACCEPTED.items():
            with self.subTest(name):
                self.assertEqual(self.status("/", f"WWW-Authenticate: Negotiate {token}\r\n")[0], 200)
                self.assertEqual(self.status("/proof/", f"WWW-Authenticate: Negotiate {token}\r\n")[0], 502)

    def test_a_reply_that_is_no_acceptance_keeps_the_answer_back(self):
        for token, name in REFUSED.items():
            with self.subTest(name):
                self.assertEqual(self.status("/", f"WWW-Authenticate: Negotiate {token}\r\n")[0], 502)

    def test_an_impostor_is_not_believed_where_proof_is_required(self):
        self.assertEqual(self.status("/", "")[0], 200)
        self.assertEqual(self.status("/proof/", "")[0], 502)
        self.assertEqual(self.status("/proof/", "", "500 No")[0], 502)
        type(self).reply = "HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        self.assertNotIn("evil", self.proxy.negotiate("/proof/", "-i", env=self.forest.env).ok().out)

    def test_a_401_that_asks_for_no_negotiate_is_the_applications(self):
        code, out = self.status("/", 'WWW-Authenticate: Bearer realm="x"\r\n', "401 No")
        self.assertEqual(code, 401)
        self.assertIn('\nwww-authenticate: bearer realm="x"', out.lower())
        self.assertEqual(self.status("/", "", "401 No")[0], 401)
        self.assertEqual(self.status("/", "WWW-Authenticate: Negotiate\r\n", "401 No")[0], 502)
        self.assertEqual(self.status("/", 'WWW-Authenticate: Bearer realm="x", NTLM\r\n', "401 No")[0], 502)


class Tls(unittest.TestCase):
    """Back ends by address: the certificate is verified, and no address is sent as SNI."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hostile-")))
        cls.pair = (folder / "back.crt", folder / "back.key")
        foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=back", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "-keyout", cls.pair[1], "-out", cls.pair[0]).ok()

    def ask(self, listen, names, status="200"):
        with hostile_backend.Server(host=listen, tls=self.pair) as server:
            routes = [route(f"/{i}/", f"https://{name}:{server.port}", sign_in=[], delegation="none", upstream_ca=str(self.pair[0])) for i, name in enumerate(names)]
            with Proxy(self.forest, routes, tls=False) as proxy:
                for i, name in enumerate(names):
                    self.assertEqual(proxy.curl(f"/{i}/plain", "-o", "/dev/null", "-w", "%{http_code}").ok().out, status, name)
            return server.names

    def test_ipv4_and_names(self):
        self.assertEqual(self.ask("127.0.0.1", ["127.0.0.1"]), [None])
        self.assertEqual(self.ask("127.0.0.1", ["localhost"]), ["localhost"])
        self.ask("127.0.0.2", ["127.0.0.2"], "502")

    @unittest.skipUnless(has_ipv6(), "the machine has no IPv6")
    def test_ipv6(self):
        self.assertEqual(self.ask("::1", ["[::1]", "[0:0:0:0:0:0:0:1]"]), [None, None])

    def test_doctor_sends_no_address_as_sni(self):
        with hostile_backend.Server(tls=self.pair) as server:
            routes = [route("/", f"https://127.0.0.1:{server.port}", SPN, upstream_ca=str(self.pair[0]))]
            with Proxy(self.forest, routes, tls=False) as proxy:
                foreign.built("stead").run("doctor", "--config", proxy.file, env=proxy.environment)
            self.assertTrue(server.names)
            self.assertEqual(set(server.names), {None})


class ByHand(unittest.TestCase):
    def test_the_program_lists_its_cases(self):
        out = foreign.run("/usr/bin/python3", pathlib.Path(__file__).with_name("hostile_backend.py"), "--list").ok().out
        self.assertEqual(len(out.splitlines()), len(hostile_backend.CASES))
        self.assertTrue(re.search(r"^bare-lf-head +502$", out, re.M))


if __name__ == "__main__":
    unittest.main()
