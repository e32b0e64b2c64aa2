"""Who the client is: what trusted proxies say of it, what back ends get to know, and how many requests one address may send."""

import http.server
import threading
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.proxy import FRONT, Proxy, route

FIELDS = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded")


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what it got to know of the client."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = "\n".join(f"{name.lower()}: {value}" for name, value in self.headers.items() if name.lower() in FIELDS).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ClientAddress(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.back_end = f"http://127.0.0.1:{server.server_port}"

    def proxy(self, server="", more="", tls=True, **keys):
        return self.enterContext(Proxy(self.forest, [route("/", self.back_end, sign_in=[], delegation="none", **keys)], sign_in="", server=server, more=more,
                                       tls=tls))

    def told(self, proxy, *headers):
        """What the back end was told, by the names of the fields."""
        options = [option for header in headers for option in ("-H", header)]
        return dict(line.split(": ", 1) for line in proxy.curl("/", "--fail", *options).ok().out.splitlines())

    def test_a_route_chooses_the_fields(self):
        forged = ("X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9;proto=http", "X-Forwarded-Host: evil.test")
        by_x = lambda proxy: {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https", "x-forwarded-host": f"{FRONT}:{proxy.port}"}
        by_rfc = lambda proxy: {"forwarded": f'for=127.0.0.1;host="{FRONT}:{proxy.port}";proto=https'}
        for form, expected in (("x-forwarded", by_x), ("forwarded", by_rfc), ("both", lambda proxy: by_x(proxy) | by_rfc(proxy)), ("none", lambda _: {})):
            proxy = self.proxy(forwarded=form)
            self.assertEqual(self.told(proxy, *forged), expected(proxy), form)
        proxy = self.proxy()
        self.assertEqual(self.told(proxy, *forged), by_x(proxy))
        proxy.file.write_text(proxy.file.read_text() + 'forwarded = "x"\n')
        self.assertRegex(proxy.check().err, r"proxy\.toml:\d+:\d+: .*\"x\" is none of x-forwarded, forwarded, both, none")

    def test_a_trusted_proxy_is_believed_in_the_fields_that_it_sets(self):
        plain = self.proxy('trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]', tls=False)
        rfc = self.proxy('trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]\ntrusted_header = "forwarded"', tls=False)
        x_fields = ("X-Forwarded-For: 203.0.113.1, 192.0.2.7, 10.0.0.2", "X-Forwarded-Proto: https")
        by_rfc = ("Forwarded: for=203.0.113.1;proto=http, for=192.0.2.8;proto=https", "Forwarded: for=10.0.0.2;proto=http")
        seen = lambda *args: tuple(self.told(*args)[name] for name in ("x-forwarded-for", "x-forwarded-proto"))
        self.assertEqual(seen(plain, *x_fields, *by_rfc), ("192.0.2.7", "https"))
        self.assertEqual(seen(rfc, *x_fields, *by_rfc), ("192.0.2.8", "https"))
        self.assertEqual(seen(plain, *by_rfc), ("127.0.0.1", "http"), "the client may have sent the other field")
        self.assertEqual(seen(rfc, *x_fields), ("127.0.0.1", "http"))
        self.assertEqual(seen(rfc, "Forwarded: for=192.0.2.8;proto=https, for=\"[2001:db8::1]:80\";proto=http"), ("2001:db8::1", "http"))
        self.assertEqual(seen(rfc, "Forwarded: for=192.0.2.8, for=unknown;proto=https"), ("127.0.0.1", "https"))
        self.assertEqual(seen(rfc, "Forwarded: for=192.0.2.8;proto=https;"), ("127.0.0.1", "http"), "malformed")
        self.assertEqual({line["remote"] for line in rfc.access_log()}, {"192.0.2.8", "127.0.0.1", "2001:db8::1"})

    def test_others_are_not_believed(self):
        proxy = self.proxy('trusted_proxies = ["10.0.0.0/8"]\ntrusted_header = "forwarded"')
        self.assertEqual(self.told(proxy, "Forwarded: for=192.0.2.8;proto=http")["x-forwarded-for"], "127.0.0.1")

    def test_an_address_that_sends_too_many_requests_gets_429(self):
        proxy = self.proxy('trusted_proxies = ["127.0.0.1"]', more="[limits]\nrequests_per_address = 5\nrequests_burst = 20\n", tls=False)
        ask = lambda address, count: [line.split() for line in proxy.curl("/?[1-%d]" % count, "-o", "/dev/null", "-H", f"X-Forwarded-For: {address}", "-w",
                                                                           "%{http_code} %header{retry-after}\n").ok().out.splitlines()]
        got = ask("192.0.2.1", 60)
        allowed = sum(line == ["200"] for line in got)
        self.assertTrue(20 <= allowed <= 40, got)
        self.assertEqual([line for line in got if line != ["200"]], [["429", "1"]] * (60 - allowed))
        self.assertEqual(ask("192.0.2.2", 10), [["200"]] * 10)
        self.assertEqual(proxy.log().count("192.0.2.1 sends more than 5 requests a second"), 1)
        self.assertEqual(proxy.metric("stead_requests_over_limit_total"), 60 - allowed)
        time.sleep(1.1)
        self.assertEqual(ask("192.0.2.1", 4), [["200"]] * 4)

    def test_the_limit_holds_over_http2_and_for_all_connections(self):
        proxy = self.proxy(more="[limits]\nrequests_per_address = 1\nrequests_burst = 10\n")
        out = foreign.run("h2load", "-n", "100", "-c", "5", "-m", "10", "--connect-to", f"127.0.0.1:{proxy.port}", f"https://{FRONT}:{proxy.port}/").ok().out
        self.assertRegex(out, r"status codes: 1[0-5] 2xx, 0 3xx, (8[5-9]|90) 4xx, 0 5xx")


if __name__ == "__main__":
    unittest.main()
