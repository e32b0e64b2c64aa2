"""stead-proxy as those see it who run it: what its logs tell, its limits, traces, and its end behind a load balancer."""
# ctest: TIMEOUT 300

import json
import re
import resource
import signal
import socket
import ssl
import time
import unittest
import urllib.error
import urllib.request

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.plain_proxy import PlainProxy
from tests.support.proxy import FRONT, Proxy, make_certificate, route

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Plain(unittest.TestCase):
    def proxy(self, **kw):
        def routes(proxy):
            return f'[[route]]\nupstreams = ["{proxy.back_end("back").url}"]\ndelegation = "none"\n'
        return self.enterContext(PlainProxy(routes, **kw))

    def lines(self, proxy, count=1):
        """The lines of the access log, as objects."""
        end = time.monotonic() + 10
        while len(found := [json.loads(line) for line in proxy.log().splitlines() if line.startswith('{"time"')]) < count:
            self.assertLess(time.monotonic(), end, proxy.log())
        return found

    def readiness(self, proxy):
        try:
            return 200, proxy.admin("/readyz")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


class AccessLog(Plain):
    def test_it_has_the_query_and_the_user_agent(self):
        proxy = self.proxy()
        proxy.ask("/a?x=1&y=%20z", headers={"User-Agent": 'a"b\\c', "Referer": "http://h/"})
        line = self.lines(proxy)[0]
        self.assertEqual((line["path"], line["query"], line["user_agent"], line["tls"]), ("/a", "x=1&y=%20z", 'a"b\\c', None))
        self.assertNotIn("kerberos", line)
        self.assertNotIn("trace_id", line)

    def test_it_is_combined_where_the_file_says_so(self):
        proxy = self.proxy(server='access_log = "access.log"\naccess_log_format = "combined"\n')
        proxy.ask("/a?x=1", headers={"User-Agent": 'a"b', "Referer": "http://h/"})
        file = proxy.folder / "access.log"
        end = time.monotonic() + 10
        while not file.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertRegex(file.read_text(), r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /a\?x=1 HTTP/1\.1" 200 \d+ "http://h/" "a\\x22b"\n$')

    def test_it_can_be_off_and_a_reload_changes_it(self):
        proxy = self.proxy(server='access_log_format = "off"\n')
        proxy.ask("/silent")
        proxy.file.write_text(proxy.file.read_text().replace('"off"', '"json"'))
        proxy.process.send_signal(signal.SIGHUP)
        proxy.wait_for("is in use")
        proxy.ask("/seen")
        self.assertEqual([line["path"] for line in self.lines(proxy)], ["/seen"])

    def test_it_names_the_version_of_tls(self):
        proxy = PlainProxy(lambda proxy: f'[[route]]\nupstreams = ["{proxy.back_end("back").url}"]\ndelegation = "none"\n', server='certificate = "front.crt"\nkey = "front.key"\n')
        set_up = proxy._set_up

        def with_certificate():
            make_certificate(proxy.folder, ["localhost"])
            set_up()

        proxy._set_up = with_certificate
        self.enterContext(proxy)
        context = ssl._create_unverified_context()
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context.minimum_version = context.maximum_version = version
            with urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)).open(f"https://127.0.0.1:{proxy.port}/{name}", timeout=10):
                pass
            self.assertEqual(self.lines(proxy, 1)[-1]["tls"], name)


class Traces(Plain):
    def sent(self, proxy, fields):
        """What the back end got of a trace, and the request's id."""
        _, headers, text = proxy.ask("/", headers=fields)
        found = {name.lower(): value for name, value in re.findall(r"(?m)^(traceparent|tracestate): (.*)$", text)}
        return found, headers["X-Request-Id"]

    def test_a_trace_goes_on_with_our_own_span(self):
        proxy = self.proxy()
        found, request = self.sent(proxy, {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "a=1,b=2"})
        self.assertEqual(found, {"traceparent": f"00-{TRACE}-{request[16:]}-01", "tracestate": "a=1,b=2"})
        self.assertEqual(self.lines(proxy)[0]["trace_id"], TRACE)

    def test_what_is_no_trace_is_dropped(self):
        proxy = self.proxy()
        for value in ("", "garbage", f"00-{TRACE}-0000000000000000-01", f"00-{TRACE.upper()}-00f067aa0ba902b7-01", f"ff-{TRACE}-00f067aa0ba902b7-01"):
            self.assertEqual(self.sent(proxy, {"traceparent": value, "tracestate": "a=1"})[0], {}, value)
        self.assertEqual(self.sent(proxy, {"tracestate": "a=1"})[0], {})

    def test_two_are_none(self):
        proxy = self.proxy()
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
            client.sendall(f"GET / HTTP/1.1\r\nHost: h\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b8-01\r\nConnection: close\r\n\r\n".encode())
            text = b""
            while octets := client.recv(65536):
                text += octets
        self.assertIn(b" 200 ", text)
        self.assertNotIn(b"traceparent", text)


class Limits(Plain):
    def test_a_limit_that_refuses_clients_is_told_counted_and_not_ready(self):
        proxy = self.proxy(server="threads = 1\n", more="[limits]\nconnections = 3\n")
        self.assertEqual(self.readiness(proxy), (200, "ready\n"))
        held = []
        for _ in range(3):  # with a request under way none of them waits
            client = self.enterContext(socket.create_connection(("127.0.0.1", proxy.port), timeout=10))
            client.sendall(b"GET /slow/20 HTTP/1.1\r\nHost: h\r\n\r\n")
            held.append(client)
        time.sleep(0.5)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as refused:
            try:
                refused.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                self.assertEqual(refused.recv(1), b"")
            except ConnectionError:
                pass
        proxy.wait_for("the limit of connections is reached, and clients are refused; .limits. connections sets it")
        self.assertEqual(self.readiness(proxy), (503, "no room for more connections\n"))
        self.assertRegex(proxy.admin("/metrics"), r'(?m)^stead_limits_reached_total\{limit="connections"\} [1-9]')

    def test_no_descriptors_are_a_limit_too(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (48, hard))
        try:
            proxy = self.proxy(server="threads = 1\n")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        held = [self.enterContext(socket.create_connection(("127.0.0.1", proxy.port), timeout=10)) for _ in range(60)]
        proxy.wait_for("the limit of descriptors is reached, and clients are refused; LimitNOFILE")
        for client in held:
            client.close()
        end = time.monotonic() + 20
        while self.readiness(proxy)[0] != 200:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.3)
        self.assertEqual(proxy.ask("/")[0], 200)
        self.assertRegex(proxy.admin("/metrics"), r'(?m)^stead_limits_reached_total\{limit="descriptors"\} [1-9]')


class LameDuck(Plain):
    def test_it_is_not_ready_and_accepts_and_then_drains(self):
        proxy = self.proxy(more='[limits]\nlame_duck = "2s"\n')
        began = time.monotonic()
        proxy.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 5
        while self.readiness(proxy) != (503, "draining\n"):
            self.assertLess(time.monotonic(), end)
        self.assertEqual(proxy.ask("/")[0], 200)  # a new connection
        while time.monotonic() < began + 1.5:
            self.assertEqual(proxy.ask("/")[0], 200)
        self.assertEqual(proxy.process.wait(20), 0)
        self.assertGreater(time.monotonic() - began, 1.9)

    def test_a_second_signal_ends_it_at_once(self):
        proxy = self.proxy(more='[limits]\nlame_duck = "20s"\n')
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_for("not ready from now on")
        proxy.process.send_signal(signal.SIGTERM)
        self.assertEqual(proxy.process.wait(5), 0)


class Kerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.reports = cls.enterClassContext(Apache(cls.forest.keytab("reports$@ROOT.FABRIKAM.COM"), cls.forest.env["KRB5_CONFIG"]))

    def test_the_access_log_tells_how_the_ticket_was_obtained_and_metrics_who_signed_in(self):
        routes = [route("/reports/", self.reports.url, "HTTP/reports.root.fabrikam.com", host=FRONT), route("/denied/", self.reports.url, "HTTP/denied.corp.contoso.com", host=FRONT),
                  route("/plain/", self.reports.url, sign_in=["forms"], delegation="none", host=FRONT)]
        proxy = self.enterContext(Proxy(self.forest, routes))
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        self.assertEqual(proxy.log_in("alice", "wrong", proxy.folder / "other")[0], 401)
        for path in ("/reports/one", "/reports/two", "/denied/", "/plain/"):
            proxy.curl(path, "-b", jar).ok()
        proxy._server.wait_until(lambda: any(line["path"] == "/plain/" for line in proxy.access_log()), "logs the last request")
        time.sleep(0.5)  # other cores write theirs a little later
        lines = {line["path"]: line for line in proxy.access_log()}
        first, second = lines["/reports/one"]["kerberos"], lines["/reports/two"]["kerberos"]
        self.assertEqual((first["cache"], second), ("miss", {"cache": "hit", "controller": first["controller"]}))
        self.assertRegex(first["controller"], r"^dc\d\d\.root\.fabrikam\.com$")
        self.assertEqual(first["steps"][-1]["exchange"], "S4U2Proxy")
        self.assertEqual(first["steps"][-1]["answer"], "ticket")
        self.assertAlmostEqual(first["ms"], sum(step["ms"] for step in first["steps"]), delta=0.01)
        for path in ("/denied/", "/plain/"):
            self.assertNotIn("kerberos", lines[path])
        self.assertTrue(all(line["tls"] == "TLSv1.3" for line in lines.values()))
        self.assertEqual(proxy.metric("stead_sign_ins_total", method="forms"), 1)
        self.assertEqual(proxy.metric("stead_sign_ins_refused_total", method="forms"), 1)
        self.assertEqual(proxy.metric("stead_delegations_refused_total", kind="s4u", method="forms"), 1)
        proxy.curl("/.stead/logout", "-X", "POST", "-b", jar, "-H", f"Origin: {proxy.url}").ok()
        self.assertEqual(proxy.metric("stead_sessions_ended_total", reason="signed out", method="forms"), 1)


if __name__ == "__main__":
    unittest.main()
