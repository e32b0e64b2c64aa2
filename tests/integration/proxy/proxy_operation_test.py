"""stead-proxy as an operator sees it: its messages about bad files, its behaviour when something is missing, and its end."""
# ctest: TIMEOUT 300

import http.server
import pathlib
import re
import shutil
import signal
import socket
import ssl
import tempfile
import threading
import time
import unittest
import warnings

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest
from tests.support.proxy import Proxy, make_certificate, route

ALICE = "alice@ROOT.FABRIKAM.COM"


class Slow(http.server.BaseHTTPRequestHandler):
    """Answers after the seconds that the path names; below /halves/, half of the answer comes before them."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        halves = self.path.startswith("/halves/")
        if not halves:
            self.pause()
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"do")
        if halves:
            self.pause()
        self.wfile.write(b"ne")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def pause(self):
        time.sleep(float(self.path.rsplit("/", 1)[1]))

    def log_message(self, *_):
        pass


class Files(unittest.TestCase):
    """Each fault is one line on standard error that names what is wrong; the exit status is 2, 1 for a port that is taken."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.keytab = cls.forest.keytab("frontend$@ROOT.FABRIKAM.COM")
        cls.other = cls.forest.keytab("reports$@ROOT.FABRIKAM.COM")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copy(self.keytab, self.folder / "front.keytab")
        shutil.copy(self.other, self.folder / "other.keytab")
        make_certificate(self.folder, ["front.example"])
        make_certificate(self.folder, ["other.example"], "other")
        (self.folder / "noise.pem").write_text("no certificate\n")
        self.port = foreign.free_port()

    def text(self, listen=None, server='certificate = "front.crt"\nkey = "front.key"\n', keytab="front.keytab", sign_in="[sign_in.kerberos]\n",
             principal="HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"):
        return (f'[server]\nlisten = ["{listen or f"127.0.0.1:{self.port}"}"]\n{server}[identity]\nprincipal = "{principal}"\nkeytab = "{keytab}"\n'
                f'{sign_in}[session]\nkey_file = "session.key"\n' + route("/", "http://127.0.0.1:1", "HTTP/x.example", ["kerberos"]))

    def run_proxy(self, text, *options):
        (self.folder / "proxy.toml").write_text(text)
        return foreign.built("stead-proxy").run("--config", self.folder / "proxy.toml", *options, env=foreign.clean_environment())

    def refused(self, text, status, *words):
        for options in ([], ["--check"]):
            ran = self.run_proxy(text, *options)
            self.assertEqual(ran.status, status, ran)
            self.assertEqual(len(ran.err.splitlines()), 1, ran)
            for word in words:
                self.assertIn(word, ran.err)

    def test_a_check_of_a_good_file_changes_nothing_and_works_beside_a_proxy(self):
        before = sorted(self.folder.iterdir())
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            self.assertEqual(self.run_proxy(self.text(), "--check").ok().out, "ok\n")
        self.assertEqual([path.name for path in sorted(self.folder.iterdir()) if path not in before], ["proxy.toml"])
        key = self.folder / "session.key"
        key.write_bytes(bytes(32))
        key.chmod(0o644)
        self.run_proxy(self.text(), "--check").ok()
        self.assertEqual(key.stat().st_mode & 0o777, 0o644)
        key.write_bytes(bytes(31))
        self.refused(self.text(), 2, "session.key", "31 bytes")

    def test_a_check_works_in_the_packaged_layout(self):
        """As ExecStartPre, with systemd's copies; and for root, with the files themselves."""
        copies = self.folder / "copies"
        copies.mkdir()
        text = self.text().replace('"session.key"', f'"{self.folder}/state/session.key"')
        (self.folder / "state").mkdir()
        (self.folder / "proxy.toml").write_text(text)
        self.run_proxy(text, "--check").ok()
        for name in ("front.crt", "front.key", "front.keytab"):
            shutil.move(self.folder / name, copies / name)
            (copies / name).chmod(0o400)
        environment = {**foreign.clean_environment(), "CREDENTIALS_DIRECTORY": str(copies)}
        foreign.built("stead-proxy").run("--config", self.folder / "proxy.toml", "--check", env=environment).ok()
        self.assertEqual(self.run_proxy(text, "--check").status, 2)

    def test_an_unknown_key_is_reported_with_its_position(self):
        self.refused(self.text() + "colour = 1\n", 2, f"{self.folder}/proxy.toml:", "colour")

    def test_a_file_that_is_not_there(self):
        ran = foreign.built("stead-proxy").run("--config", self.folder / "none.toml")
        self.assertEqual(ran.status, 2)
        self.assertIn("none.toml", ran.err)
        self.assertEqual(foreign.built("stead-proxy").run().status, 2)
        self.assertEqual(foreign.built("stead-proxy").run("--nonsense").status, 2)
        self.assertEqual(foreign.built("stead-proxy").run("--help").status, 0)
        self.assertIn("0.1", foreign.built("stead-proxy").run("--version").ok().out)

    def test_a_keytab_that_is_not_there_or_has_not_the_principal(self):
        self.refused(self.text(keytab="none.keytab"), 2, "none.keytab")
        self.refused(self.text(keytab="other.keytab"), 2, "other.keytab")

    def test_a_certificate_a_key_or_a_ca_that_cannot_be_had(self):
        self.refused(self.text(server='certificate = "none.crt"\nkey = "front.key"\n'), 2, "none.crt")
        self.refused(self.text(server='certificate = "front.crt"\nkey = "none.key"\n'), 2, "none.key")
        self.refused(self.text(server='certificate = "noise.pem"\nkey = "front.key"\n'), 2, "noise.pem")
        self.refused(self.text(server='certificate = "front.crt"\nkey = "other.key"\n'), 2, "other.key")
        self.refused(self.text(sign_in='[sign_in.kerberos]\n[sign_in.certificate]\nca = "none-ca.crt"\nrevocation = "none"\n'), 2, "none-ca.crt")

    def test_explains_a_bad_certificate_or_key(self):
        foreign.run("openssl", "ec", "-aes128", "-passout", "pass:x", "-in", self.folder / "front.key", "-out", self.folder / "locked.key").ok()
        for server, words in {'certificate = "none.crt"\nkey = "front.key"\n': ("none.crt", "No such file"),
                              'certificate = "noise.pem"\nkey = "front.key"\n': ("noise.pem", "none in PEM form"),
                              'certificate = "front.crt"\nkey = "front.crt"\n': ("the certificate's key", "none in PEM form"),
                              'certificate = "front.crt"\nkey = "other.key"\n': ("other.key", "does not belong to this certificate"),
                              'certificate = "front.crt"\nkey = "locked.key"\n': ("locked.key", "passphrase")}.items():
            self.refused(self.text(server=server), 2, *words)

    def test_a_certificate_past_its_time_is_refused(self):
        foreign.run("openssl", "req", "-new", "-key", self.folder / "front.key", "-subj", "/CN=front.example", "-out", self.folder / "front.csr").ok()
        foreign.run("openssl", "x509", "-req", "-in", self.folder / "front.csr", "-key", self.folder / "front.key", "-days", "-1",
                    "-out", self.folder / "front.crt").ok()
        self.refused(self.text(), 2, "proxy.toml:", "front.crt of CN=front.example ended")

    def test_plain_http_elsewhere_than_on_loopback(self):
        self.refused(self.text(listen=f"0.0.0.0:{self.port}", server=""), 2, "loopback")

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            ran = self.run_proxy(self.text())
            self.assertEqual((ran.status, len(ran.err.splitlines())), (1, 1), ran)
            self.assertIn("is the proxy running already?", ran.err)
        self.refused(self.text(listen="203.0.113.1:8443"), 2, "203.0.113.1:8443")


class Life(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        slow = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        slow.daemon_threads = True
        threading.Thread(target=slow.serve_forever, daemon=True).start()
        cls.addClassCleanup(slow.server_close)
        cls.addClassCleanup(slow.shutdown)
        cls.slow = f"http://127.0.0.1:{slow.server_port}"

    def proxy(self, *routes, **kw):
        return self.enterContext(Proxy(self.forest, routes, **kw))

    def public(self, **kw):
        return self.proxy(route("/", self.slow, sign_in=[], delegation="none"), tls=False, **kw)

    def changing(self, **kw):
        """A forest whose directory is kept and may be changed, a back end in its other forest, and a proxy before that."""
        state = self.enterContext(tempfile.TemporaryDirectory(prefix="state-"))
        forest = self.enterContext(Forest(foreign.TOP / "samples/forest.toml", state=state, free_ports=True))
        backend = self.enterContext(Apache(forest.keytab("backend$@CORP.CONTOSO.COM"), forest.env["KRB5_CONFIG"]))
        proxy = self.enterContext(Proxy(forest, [route("/backend/", backend.url, "HTTP/backend.corp.contoso.com")], **kw))
        return forest, backend, proxy

    def directory(self, forest, *words):
        return forest.kdc("directory", "--state", forest.state, *words)

    def keytab_now(self, forest, principal):
        """The octets of a keytab with the account's keys as the directory has them now."""
        path = forest.folder / "now.keytab"
        forest.kdc("keytab", "--state", forest.state, "--principal", principal, "--out", path).ok()
        return path.read_bytes()

    def test_sigterm_lets_requests_in_flight_end(self):
        proxy = self.public()
        answers = []
        client = threading.Thread(target=lambda: answers.append(proxy.curl("/1.5").out))
        client.start()
        time.sleep(0.5)
        self.assertEqual(proxy.admin("/readyz")[0], 200)
        proxy.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertEqual(proxy.admin("/readyz")[0], 503)
        self.assertFalse(foreign.accepts("127.0.0.1", proxy.port))
        client.join()
        self.assertEqual(answers, ["done"])
        self.assertEqual(proxy.stop(), 0)

    def test_bodies_and_answers_have_timeouts_of_their_own(self):
        proxy = self.public(more='[limits]\nbody_idle_timeout = "1s"\n')
        large = proxy.folder / "large"
        large.write_bytes(bytes(100_000))
        self.assertEqual(proxy.curl("/halves/2.5").out, "done")
        self.assertEqual(proxy.curl("/2.5", "--data-binary", f"@{large}").out, "done")
        self.assertEqual(proxy.curl("/halves/2.5", "--data-binary", f"@{large}").out, "done")

    def test_notifies_the_service_manager_of_start_and_end(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in (str(folder / "notify"), f"@stead-{folder.name}"):
            manager = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            manager.bind(name.replace("@", "\0"))
            manager.settimeout(10)
            proxy = self.public(env={"NOTIFY_SOCKET": name})
            self.assertEqual(manager.recv(4096), b"READY=1")
            self.assertEqual(proxy.curl("/0").out, "done")
            proxy.process.send_signal(signal.SIGTERM)
            self.assertEqual(manager.recv(4096), b"STOPPING=1")
            self.assertEqual(proxy.stop(), 0)

    def test_works_without_a_service_manager(self):
        for name in ("/nowhere/notify", "relative", "", "/" + "x" * 200):
            self.assertEqual(self.public(env={"NOTIFY_SOCKET": name}).curl("/0").out, "done")

    def test_a_second_sigterm_ends_at_once(self):
        proxy = self.public()
        client = threading.Thread(target=lambda: proxy.curl("/20"))
        client.start()
        time.sleep(0.5)
        proxy.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(proxy.process.poll())
        start = time.monotonic()
        self.assertEqual(proxy.stop(), 0)
        self.assertLess(time.monotonic() - start, 2)
        client.join()

    def test_two_proxies_cannot_listen_on_one_port(self):
        proxy = self.public()
        ran = foreign.built("stead-proxy").run("--config", proxy.file, env=proxy.environment)
        self.assertEqual(ran.status, 1, ran)
        self.assertIn(str(proxy.port), ran.err)

    def test_the_administrators_pages(self):
        proxy = self.public()
        proxy.curl("/0").ok()
        self.assertEqual(proxy.admin("/healthz"), (200, "ok\n"))
        self.assertEqual(proxy.metric("stead_requests_total", status="200"), 1)
        self.assertEqual(proxy.admin("/nothing")[0], 404)

    def test_a_session_goes_on_while_no_kdc_can_be_reached_and_others_get_a_503(self):
        forest = self.enterContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        conf = forest.env["KRB5_CONFIG"]
        reports = self.enterContext(Apache(forest.keytab("reports$@ROOT.FABRIKAM.COM"), conf))
        proxy = self.enterContext(Proxy(forest, [route("/reports/", reports.url, "HTTP/reports.root.fabrikam.com"),
                                                 route("/backend/", reports.url, "HTTP/backend.corp.contoso.com")]))
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        self.assertEqual(seen(proxy.curl("/reports/", "-b", jar).ok().out)["REMOTE_USER"], ALICE)
        forest.stop()
        self.assertEqual(seen(proxy.curl("/reports/", "-b", jar).ok().out)["REMOTE_USER"], ALICE)
        ran = proxy.curl("/backend/", "-i", "-b", jar).ok()
        self.assertIn(" 503 ", ran.out.splitlines()[0])
        self.assertRegex(ran.out, "(?im)^retry-after: [0-9]+$")
        forest.start()

    def test_another_forest_out_of_reach_is_a_503_and_no_word_on_its_dcs(self):
        """Its DCs are known from earlier requests; that knowledge must not hide that they are silent now."""
        forest, backend, proxy = self.changing()
        jars = {}
        for name in ("before", "after"):
            self.directory(forest, "New-ADUser", name, "-AccountPassword", "Passw0rd!", "-Server", "ROOT.FABRIKAM.COM").ok()
            jars[name] = proxy.folder / name
            self.assertEqual(proxy.log_in(name, "Passw0rd!", jars[name])[0], 303)
        ask = lambda name: proxy.curl("/backend/", "-b", jars[name], "-o", "/dev/null", "-w", "%{http_code}").ok().out
        self.assertEqual(ask("before"), "200")
        forest.stop()
        forest.dcs = [dc["name"] for dc in forest.controllers("ROOT.FABRIKAM.COM")]
        forest.start()
        time.sleep(2.1)  # until what a DC said is old enough to be doubted
        self.assertEqual(ask("after"), "503")
        self.assertNotIn("no_2012_dc_found", proxy.admin("/status")[1])
        self.assertEqual(ask("before"), "200", "has a ticket")
        forest.stop()
        forest.dcs = None
        forest.start()
        proxy._server.wait_until(lambda: ask("after") == "200", "the forest is in reach again", 10)

    def test_the_rotation_of_a_back_ends_key_is_unnoticed_by_users(self):
        """Its old key is gone: every core, for every session, gets a ticket with the new key within the request."""
        forest, backend, proxy = self.changing(server="threads = 4")
        foreign.kinit(forest.env, ALICE, "Passw0rd!").ok()
        jars = {name: proxy.folder / name for name in ("alice", "visitor", "ticket")}
        self.directory(forest, "New-ADUser", "visitor", "-AccountPassword", "Passw0rd!", "-Server", "ROOT.FABRIKAM.COM").ok()
        for name in ("alice", "visitor"):
            self.assertEqual(proxy.log_in(name, "Passw0rd!", jars[name])[0], 303)
        proxy.curl("/backend/", "--negotiate", "-u", ":", "-c", jars["ticket"], env=forest.env).ok()
        # Connections of their own, so that every core has some.
        statuses = lambda: {(name, proxy.curl("/backend/", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}").ok().out)
                            for name, jar in jars.items() for _ in range(12)}
        well = {(name, "200") for name in jars}
        self.assertEqual(statuses(), well)
        self.directory(forest, "Set-ADAccountPassword", "backend$", "-Server", "CORP.CONTOSO.COM", "-Reset", "-NewPassword", "rotated").ok()
        new = self.keytab_now(forest, "backend$@CORP.CONTOSO.COM")
        keytab = backend.folder / "keytab"
        keytab.write_bytes(new)
        self.assertEqual(statuses(), well)

    def test_the_rotation_of_our_own_key_needs_no_restart(self):
        """The new key is added to its keytab beside the old one; tickets of both keys are in use."""
        forest, backend, proxy = self.changing(server="threads = 2")
        foreign.kinit(forest.env, ALICE, "Passw0rd!").ok()
        by_ticket = lambda env: {proxy.curl("/backend/", "--negotiate", "-u", ":", "-o", "/dev/null", "-w", "%{http_code}", env=env).ok().out for _ in range(6)}
        self.assertEqual(by_ticket(forest.env), {"200"})
        self.directory(forest, "Set-ADAccountPassword", "frontend$", "-Server", "ROOT.FABRIKAM.COM", "-Reset", "-NewPassword", "rotated").ok()
        new = self.keytab_now(forest, "frontend$@ROOT.FABRIKAM.COM")
        keytab = proxy.folder / "frontend.keytab"
        keytab.write_bytes(keytab.read_bytes() + new[2:])  # behind a keytab's two octets of version come its entries
        fresh = forest.client("fresh")
        foreign.kinit(fresh, "bob@ROOT.FABRIKAM.COM", "Passw0rd!").ok()
        self.assertEqual(by_ticket(fresh), {"200"}, "a ticket with the new key")
        self.assertEqual(by_ticket(forest.env), {"200"}, "one with the old key")
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("bob", "Passw0rd!", jar)[0], 303)
        self.assertEqual(proxy.curl("/backend/", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}").ok().out, "200")

    def test_a_tls_back_end_is_verified_and_bound_to(self):
        conf = self.forest.env["KRB5_CONFIG"]
        keytab = self.forest.keytab("reports$@ROOT.FABRIKAM.COM")
        back_end = self.enterContext(Apache(keytab, conf, tls=["reports.root.fabrikam.com"]))
        spn = "HTTP/reports.root.fabrikam.com"
        proxy = self.proxy(route("/good/", back_end.url, spn, upstream_ca=str(back_end.ca)), route("/unknown-ca/", back_end.url, spn),
                           route("/unverified/", back_end.url, spn, upstream_verify=False))
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        for path, status in (("/good/", "200"), ("/unknown-ca/", "502"), ("/unverified/", "200"), ("/good/", "200")):
            self.assertEqual(proxy.curl(path, "-b", jar, "-o", "/dev/null", "-w", "%{http_code}").ok().out, status, path)

    def test_tls_below_1_2_is_not_spoken(self):
        proxy = self.proxy(route("/", self.slow, sign_in=[], delegation="none"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection, self.assertRaises(OSError):
            context.wrap_socket(connection)
        for version in ("1.2", "1.3"):
            self.assertEqual(proxy.curl("/0", "--tls-max", version, f"--tlsv{version}").ok().out, "done")

    def test_one_exchange_of_each_kind_for_many_requests(self):
        conf = self.forest.env["KRB5_CONFIG"]
        reports = self.enterContext(Apache(self.forest.keytab("reports$@ROOT.FABRIKAM.COM"), conf))
        proxy = self.proxy(route("/", reports.url, "HTTP/reports.root.fabrikam.com"))
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        urls = " ".join(f"{proxy.url}/{i}" for i in range(50)).split()
        ran = proxy.curl("/0", "-b", jar, "--parallel", "--parallel-max", "50", "-o", "/dev/null", "-w", "%{http_code}\n",
                         *[o for url in urls for o in (url, "-o", "/dev/null")])
        self.assertEqual(set(ran.ok().out.split()), {"200"})
        time.sleep(0.6)
        self.assertEqual(proxy.metric("stead_kdc_exchanges_total", exchange="S4U2Self"), 1)
        self.assertEqual(proxy.metric("stead_kdc_exchanges_total", exchange="S4U2Proxy"), 1)

    def test_metrics_give_the_time_of_each_exchange_by_realm_and_controller(self):
        conf = self.forest.env["KRB5_CONFIG"]
        backend = self.enterContext(Apache(self.forest.keytab("backend$@CORP.CONTOSO.COM"), conf))
        proxy = self.proxy(route("/backend/", backend.url, "HTTP/backend.corp.contoso.com"),
                           route("/denied/", backend.url, "HTTP/denied.corp.contoso.com"))
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        proxy.curl("/backend/", "-b", jar).ok()
        for path, status in (("/backend/", "200"), ("/denied/", "403")):
            self.assertEqual(proxy.curl(path, "-b", jar, "-o", "/dev/null", "-w", "%{http_code}").ok().out, status)
        text = proxy.admin("/metrics")[1]
        self.assertIn("# TYPE stead_kdc_step_seconds histogram", text)
        counted = {m[:3]: float(m[3]) for m in
                   re.findall(r'^stead_kdc_step_seconds_count{exchange="(.*?)",realm="(.*?)",controller="(.*?)"} (\S+)$', text, re.M)}
        self.assertEqual({exchange for exchange, _, _ in counted}, {"AS", "TGS", "S4U2Self", "S4U2Proxy", "locate"})
        dcs = {realm: {dc["name"] for dc in self.forest.controllers(realm)} for realm in ("ROOT.FABRIKAM.COM", "CORP.CONTOSO.COM")}
        for (exchange, realm, controller), count in counted.items():
            self.assertGreaterEqual(count, 1)
            self.assertIn(controller, {""} if exchange == "locate" else dcs[realm])
        # Each series is whole: its buckets rise to its count, and it has a sum.
        for labels, count in re.findall(r"^stead_kdc_step_seconds_count({.*}) (\S+)$", text, re.M):
            buckets = [float(n) for n in re.findall(rf"^stead_kdc_step_seconds_bucket{re.escape(labels[:-1])},le=.* (\S+)$", text, re.M)]
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual(buckets[-1], float(count))
            self.assertGreater(float(re.search(rf"^stead_kdc_step_seconds_sum{re.escape(labels)} (\S+)$", text, re.M).group(1)), 0)
        # Every step is counted once, and the refusal has its name.
        exchanges = sum(count for (exchange, _, _), count in counted.items() if exchange != "locate")
        self.assertEqual(exchanges, sum(float(n) for n in re.findall(r'^stead_kdc_answers_total{exchange="(?!locate).*} (\S+)$', text, re.M)))
        self.assertGreaterEqual(proxy.metric("stead_kdc_answers_total", exchange="S4U2Proxy", answer="KDC_ERR_BADOPTION"), 1)
        self.assertGreaterEqual(proxy.metric("stead_kdc_answers_total", exchange="S4U2Proxy", answer="referral"), 1)


if __name__ == "__main__":
    unittest.main()
