"""TLS towards clients: certificates by SNI, policies, session tickets, OCSP, redirects to https, HSTS; judged by openssl, curl and Python."""

import http.server
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.authority import Authority
from tests.support.proxy import FRONT, Proxy, route

RSA = ("rsa:2048",)


class Echo(http.server.BaseHTTPRequestHandler):
    """Says which header fields it got."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = "".join(f"{name}: {value}\n" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Strict-Transport-Security", "max-age=1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class TlsCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.back_end = f"http://127.0.0.1:{server.server_port}"
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.root = Authority(cls.folder, "root")
        cls.issuing = Authority(cls.folder, "issuing", cls.root)
        cls.a = cls.certificate("a", ["a.test"])
        cls.a_rsa = cls.certificate("a-rsa", ["a.test"], key=RSA)
        cls.b = cls.certificate("b", ["b.test", "*.b.test"])

    @classmethod
    def certificate(cls, stem, names, **options):
        names = ",".join(f"DNS:{name}" for name in names)
        return cls.issuing.issue(stem, stem, [f"subjectAltName = {names}"], usage="serverAuth", **options)

    @staticmethod
    def entry(files, **more):
        return "{ " + ", ".join(f'{key} = "{value}"' for key, value in {"certificate": files[0], "key": files[1], **more}.items()) + " }"

    def proxy(self, certificates=None, server="", routes=None, sign_in="", **options):
        """A proxy with these certificates behind the one for FRONT."""
        lines = "" if certificates is None else f"certificates = [{', '.join(certificates)}]\n"
        routes = routes or [route("/", self.back_end, sign_in=[], delegation="none")]
        return self.enterContext(Proxy(self.forest, routes, server=lines + server, sign_in=sign_in, **options))

    def shown(self, proxy, name, *options, port=None):
        """The common name of the certificate that `openssl s_client` sees."""
        out = self.s_client(proxy, name, *options, port=port)
        found = re.search(r"subject=CN = (\S+)", out)
        return found.group(1) if found else None

    def s_client(self, proxy, name, *options, port=None, send=""):
        sni = ["-servername", name] if name else ["-noservername"]
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port or proxy.port}", *sni, *map(str, options)], input=send, timeout=20,
                              capture_output=True, text=True, check=False).stdout

    def curl(self, proxy, name, path="/", *options, port=None, scheme="https"):
        port = port or proxy.port
        return foreign.run("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--cacert", self.root.certificate, "--resolve",
                           f"{name}:{port}:127.0.0.1", *options, f"{scheme}://{name}:{port}{path}")

    def wait_for(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)


class Certificates(TlsCase):
    def test_the_name_in_sni_chooses(self):
        proxy = self.proxy([self.entry(self.a), self.entry(self.b)])
        for name, common_name in (("a.test", "a"), ("b.test", "b"), ("X.B.test", "b"), ("x.y.b.test", FRONT), ("nobody.test", FRONT), (None, FRONT)):
            self.assertEqual(self.shown(proxy, name), common_name, name)
        for name in ("a.test", "b.test", "www.b.test"):
            self.curl(proxy, name, "/", "--fail").ok()  # with the chain up to the root
        self.assertNotEqual(self.curl(proxy, "x.y.b.test").status, 0)

    def test_rsa_stands_beside_ecdsa(self):
        proxy = self.proxy([self.entry(self.a), self.entry(self.a_rsa)])
        self.assertEqual(self.shown(proxy, "a.test", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"), "a-rsa")
        self.assertEqual(self.shown(proxy, "a.test", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), "a")
        self.assertEqual(self.shown(proxy, "a.test", "-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"), "a-rsa")
        self.assertEqual(self.shown(proxy, "a.test"), "a")

    def test_an_address_has_certificates_and_a_policy_of_its_own(self):
        port = foreign.free_port()
        proxy = self.proxy()
        text = proxy.file.read_text().replace(f'listen = ["127.0.0.1:{proxy.port}"]', f'listen = ["127.0.0.1:{proxy.port}", {{ address = '
                                              f'"127.0.0.1:{port}", certificates = [{self.entry(self.a)}], tls = "modern" }}]')
        self.assertEqual(proxy.reload(text), "used")
        self.assertEqual(self.shown(proxy, None), FRONT)
        self.assertEqual(self.shown(proxy, None, port=port), "a")
        self.assertEqual(self.shown(proxy, FRONT, "-tls1_2"), FRONT)
        self.assertIsNone(self.shown(proxy, "a.test", "-tls1_2", port=port))
        self.assertEqual(self.shown(proxy, "a.test", "-tls1_3", port=port), "a")

    def test_over_http2_a_host_of_another_certificate_is_421(self):
        proxy = self.proxy([self.entry(self.a), self.entry(self.b)])
        status = lambda name, host: self.curl(proxy, name, "/", "--http2", "-H", f"Host: {host}", "-o", "/dev/null", "-w", "%{http_version} %{http_code}").ok().out
        self.assertEqual(status("a.test", "a.test"), "2 200")
        self.assertEqual(status("a.test", "b.test"), "2 421")
        self.assertEqual(status("b.test", "x.b.test"), "2 200")
        self.assertEqual(status("x.b.test", "a.test"), "2 421")

    def test_what_clients_would_refuse_is_refused_with_its_line(self):
        ended = self.certificate("ended", ["ended.test"], begins=-3, ends=-1)
        noise = self.folder / "noise.pem"
        noise.write_text("no certificate\n")
        proxy = self.proxy([self.entry(self.a)])
        good = proxy.file.read_text()
        for files, words in (((self.a[0], self.b[1]), "does not belong to this certificate"), (ended, "ended.crt of CN=ended ended"),
                             ((noise, self.a[1]), "there is none in PEM form"), (("none.crt", self.a[1]), "No such file"),
                             ((self.a[0], "none.key"), "none.key: cannot be read")):
            bad = good.replace(self.entry(self.a), self.entry(self.a) + ",\n  " + self.entry(files))
            line = next(number for number, text in enumerate(bad.splitlines(), 1) if str(files[0]) in text and str(files[1]) in text)
            proxy.file.write_text(bad)
            ran = proxy.check()
            self.assertEqual(ran.status, 2)
            self.assertRegex(ran.err, rf"proxy\.toml:{line}:\d+: .*{re.escape(words)}")
            self.assertEqual(proxy.reload(), "refused")
            proxy.must_log(rf"proxy\.toml:{line}:\d+: .*{re.escape(words)}.*stays in use")
            self.assertEqual(self.shown(proxy, "a.test"), "a")
        proxy.file.write_text(good.replace('certificate = "front.crt"\n', ""))
        self.assertRegex(proxy.check().err, r"proxy\.toml:\d+:\d+: .*certificate and key go together")

    def test_a_certificate_that_is_replaced_is_shown_without_a_reload(self):
        files = self.certificate("renewed", ["renewed.test"])
        proxy = self.proxy([self.entry(files)])
        serial = lambda: ssl.get_server_certificate(("127.0.0.1", proxy.port))
        self.assertEqual(self.shown(proxy, "renewed.test"), "renewed")
        front = serial()
        text = files[0].read_text()
        other = self.certificate("renewed-2", ["renewed.test"])
        files[1].write_bytes(other[1].read_bytes())
        files[0].write_bytes(other[0].read_bytes())
        self.wait_for(lambda: "were read again" in proxy.log())
        self.assertEqual(self.shown(proxy, "renewed.test"), "renewed-2")
        self.assertEqual(serial(), front)
        files[0].write_text(text)  # the key does not fit any more
        self.wait_for(lambda: "the files read before stay in use" in proxy.log())
        self.assertEqual(self.shown(proxy, "renewed.test"), "renewed-2")


class Policies(TlsCase):
    def test_versions_and_suites(self):
        proxy = self.proxy([self.entry(self.a), self.entry(self.a_rsa)])
        works = lambda *options: "Cipher is (NONE)" not in self.s_client(proxy, "a.test", "-cipher", "ALL:@SECLEVEL=0", *options)
        self.assertTrue(works("-tls1_2"))
        self.assertTrue(works("-tls1_3"))
        self.assertFalse(works("-tls1_1"))
        self.assertFalse(works("-tls1"))
        for suite in ("ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "ECDHE-RSA-AES256-SHA384", "AES256-SHA", "ECDHE-ECDSA-AES128-CCM"):
            self.assertIsNone(self.shown(proxy, "a.test", "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0"), suite)
        for suite in ("ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"):
            self.assertIsNotNone(self.shown(proxy, "a.test", "-tls1_2", "-cipher", suite), suite)
        self.assertIn("Server Temp Key: DH, 2048 bits", self.s_client(proxy, "a.test", "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"))
        out = self.s_client(proxy, "a.test", "-tls1_2", send="R\n")
        self.assertIn("Compression: NONE", out)
        self.assertIn("Secure Renegotiation IS supported", out)

    def test_the_client_does_not_renegotiate(self):
        proxy = self.proxy()
        with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", "-tls1_2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as client:
            out, _ = client.communicate("R\n", timeout=20)
        self.assertRegex(out, r"no renegotiation|RENEGOTIATING[\s\S]*alert")

    def test_modern_is_tls_1_3_alone(self):
        proxy = self.proxy(server='tls = "modern"\n')
        self.assertIsNone(self.shown(proxy, FRONT, "-tls1_2"))
        self.assertEqual(self.shown(proxy, FRONT, "-tls1_3"), FRONT)
        proxy.file.write_text(proxy.file.read_text().replace('"modern"', '"old"'))
        self.assertRegex(proxy.check().err, r"proxy\.toml:\d+:\d+: .*\"old\" is neither modern nor intermediate")


class Tickets(TlsCase):
    def reused(self, proxy, session, name=FRONT, *options, port=None):
        return "Reused, TLS" in self.s_client(proxy, name, "-sess_in", session, *options, port=port)

    def session(self, proxy, name=FRONT, *options):
        file = self.folder / f"session-{time.monotonic_ns()}"
        request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        self.s_client(proxy, name, "-sess_out", file, "-ign_eof", *options, send=request)
        return file

    def test_sessions_are_resumed_and_outlive_a_reload(self):
        proxy = self.proxy([self.entry(self.a)])
        for version in ("-tls1_2", "-tls1_3"):
            session = self.session(proxy, FRONT, version)
            self.assertTrue(self.reused(proxy, session, FRONT, version))
            self.assertFalse(self.reused(proxy, session, "a.test", version), "that name has another certificate")
            self.assertEqual(proxy.reload(), "used")
            self.assertTrue(self.reused(proxy, session, FRONT, version))

    def test_replicas_share_a_key_file(self):
        key = self.folder / "tickets.key"
        key.write_bytes(b"a" * 32)
        server = f'ticket_key_file = "{key}"\n'
        one, two = self.proxy(server=server), self.proxy(server=server)
        for name in ("front.crt", "front.key"):
            (two.folder / name).write_bytes((one.folder / name).read_bytes())
        self.wait_for(lambda: "were read again" in two.log())
        session = self.session(one)
        self.assertTrue(self.reused(two, session))
        key.write_bytes(b"b" * 32)
        self.wait_for(lambda: two.log().count("were read again") == 2)
        self.assertFalse(self.reused(two, session))
        key.write_bytes(b"b" * 31)
        self.assertRegex(two.check().err, r"proxy\.toml:\d+:\d+: the ticket key file .* 32 random bytes")


class ClientCertificates(TlsCase):
    def test_only_hosts_that_use_them_ask(self):
        user = self.issuing.issue("user", "user")
        both = self.certificate("both", ["asks.test", "plain.test"])
        routes = [route("/", self.back_end, sign_in=["certificate"], delegation="none", host="asks.test"),
                  route("/", self.back_end, sign_in=[], delegation="none", host="plain.test")]
        proxy = self.proxy([self.entry(both)], routes=routes, sign_in=f'[sign_in.certificate]\nca = "{self.root.certificate}"\nrevocation = "none"\n')
        asks = lambda name, *options: "Acceptable client certificate CA names" in self.s_client(proxy, name, *options)
        for version in ("-tls1_2", "-tls1_3"):
            self.assertTrue(asks("asks.test", version))
            self.assertTrue(asks("Asks.TEST", version))
            self.assertFalse(asks("plain.test", version))
            self.assertTrue(asks(None, version), "any host may follow")
        with_certificate = ["--cert", user[0], "--key", user[1]]
        status = lambda name, host, *options: self.curl(proxy, name, "/", "-H", f"Host: {host}", "-o", "/dev/null", "-w", "%{http_code}", *options).ok().out
        for version in ("--http1.1", "--http2"):
            self.assertEqual(status("asks.test", "asks.test", version, *with_certificate), "403", "the directory has no account for it")
            self.assertEqual(status("plain.test", "asks.test", version, *with_certificate), "421")
            self.assertEqual(status("plain.test", "plain.test", version), "200")
            self.assertEqual(status("asks.test", "plain.test", version), "200")
        proxy.must_log(r"sign-in refused.*CN=user serial")


class Ocsp(TlsCase):
    def staple(self, proxy, name):
        return self.s_client(proxy, name, "-status")

    def test_the_response_is_stapled_and_read_again(self):
        response = self.issuing.ocsp_response(self.a[0], self.folder / "a.ocsp")
        proxy = self.proxy([self.entry(self.a, ocsp=response), self.entry(self.b)])
        for version in ("-tls1_2", "-tls1_3"):
            self.assertIn("Cert Status: good", self.s_client(proxy, "a.test", "-status", version))
        self.assertIn("OCSP response: no response sent", self.staple(proxy, "b.test"))
        before = re.search(r"Next Update: .*", self.staple(proxy, "a.test")).group()
        self.issuing.ocsp_response(self.a[0], response, ends_in=600)
        self.wait_for(lambda: "were read again" in proxy.log())
        self.assertNotIn(before, self.staple(proxy, "a.test"))

    def refused(self, response, files=None):
        proxy = self.proxy()
        proxy.file.write_text(proxy.file.read_text().replace("[identity]", f"certificates = [{self.entry(files or self.a, ocsp=response)}]\n[identity]"))
        ran = proxy.check()
        self.assertEqual(ran.status, 2, ran)
        self.assertRegex(ran.err, r"proxy\.toml:\d+:\d+: the OCSP response ")
        self.assertEqual(proxy.reload(), "refused")
        return ran.err

    def test_one_of_no_use_is_refused_with_the_reason(self):
        other = Authority(self.folder, "other-authority", self.root)
        revoked = self.certificate("revoked", ["revoked.test"])
        self.issuing.revoke(revoked[0])
        names = lambda name: self.folder / f"{name}.ocsp"
        self.assertIn("is not for this certificate", self.refused(self.issuing.ocsp_response(self.b[0], names("of-b"))))
        self.assertIn("was revoked", self.refused(self.issuing.ocsp_response(revoked[0], names("revoked")), revoked))
        self.assertIn("is not signed by the certificate's issuer", self.refused(self.issuing.ocsp_response(
            self.a[0], names("foreign"), responder=(other.certificate, other.folder / "ca.key"))))
        noise = self.folder / "noise.ocsp"
        noise.write_text("nothing")
        self.assertIn("is none in DER form", self.refused(noise))
        self.assertIn("cannot be read", self.refused(self.folder / "none.ocsp"))


class HttpToHttps(TlsCase):
    def test_redirects_known_names_and_serves_nothing_else(self):
        port = foreign.free_port()
        proxy = self.proxy([self.entry(self.a)], server=f'redirect = ["127.0.0.1:{port}"]\nhsts = "365d"\n',
                           routes=[route("/", self.back_end, sign_in=[], delegation="none", host="a.test")])
        ask = lambda host, path, *options: self.curl(proxy, host, path, "-o", "/dev/null", "-w", "%{http_code} %{redirect_url} %header{strict-transport-security}",
                                                     *options, port=port, scheme="http").ok().out.strip()
        self.assertEqual(ask("a.test", "/x/y?q=1"), f"308 https://a.test:{proxy.port}/x/y?q=1")
        self.assertEqual(ask("A.Test", "/", "-X", "POST", "-d", "x=1"), f"308 https://a.test:{proxy.port}/")
        self.assertEqual(ask("evil.test", "/"), "421")
        self.assertEqual(ask("a.test", "/.stead/login"), f"308 https://a.test:{proxy.port}/.stead/login")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            plain.sendall(b"GET //evil.test/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
            answer = plain.makefile("rb").read().decode()
        self.assertRegex(answer, rf"^HTTP/1.1 308 Permanent Redirect\r\n(.*\r\n)*Location: https://a.test:{proxy.port}//evil.test/x\r\n")
        self.assertEqual(proxy.reload(proxy.file.read_text().replace("hsts =", "redirect_port = 443\nhsts =")), "used")
        self.assertEqual(ask("a.test", "/x"), "308 https://a.test/x")

    def test_hsts_goes_over_tls_in_place_of_the_back_ends(self):
        proxy = self.proxy(server='hsts = { max_age = "730d", subdomains = true, preload = true }\n')
        for path in ("/", "/.stead/whoami", "/../x"):
            head = proxy.curl(path, "--path-as-is", "-D", "-", "-o", "/dev/null").ok().out
            self.assertEqual(re.findall(r"(?i)^strict-transport-security: (.*?)\r?$", head, re.M), ["max-age=63072000; includeSubDomains; preload"], path)
        self.assertEqual(proxy.reload(proxy.file.read_text().replace("730d", "30d")), "refused")
        proxy.must_log("preload: ")

    def test_without_it_the_back_end_decides(self):
        head = self.proxy().curl("/", "-D", "-", "-o", "/dev/null").ok().out
        self.assertRegex(head, r"(?im)^strict-transport-security: max-age=1\r?$")


if __name__ == "__main__":
    unittest.main()
