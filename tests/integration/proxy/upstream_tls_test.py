"""TLS towards back ends: who they must be, who the proxy is to them, and what the log says where a handshake fails."""

import http.server
import pathlib
import re
import ssl
import tempfile
import threading
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.authority import Authority
from tests.support.proxy import Proxy, route


class WhoAsks(http.server.BaseHTTPRequestHandler):
    """Says whose certificate the client showed."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        subject = (self.connection.getpeercert() or {}).get("subject", ())
        body = (self.server.context.seen or "") + " " + str([value for ((key, value),) in subject if key == "commonName"])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class UpstreamTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.root = Authority(cls.folder, "root")
        cls.stranger = Authority(cls.folder, "stranger")
        cls.own = cls.root.issue("proxy", "proxy")
        cls.inner = cls.certificate("inner", "inner.test")

    @classmethod
    def certificate(cls, stem, name, authority=None, **options):
        return (authority or cls.root).issue(stem, stem, [f"subjectAltName = DNS:{name}"], usage="serverAuth", **options)

    def back_end(self, files, asks=False):
        """A server with that certificate; with `asks`, it wants one of the root from its clients."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        context.seen = None
        if asks:
            context.load_verify_locations(self.root.certificate)
            context.verify_mode = ssl.CERT_REQUIRED

        def remember(_socket, name, _context):
            context.seen = name

        context.sni_callback = remember
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WhoAsks)
        server.context, server.daemon_threads = context, True
        server.handle_error = lambda *_: None
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def proxy(self, port, **more):
        more = {"upstream_ca": str(self.root.certificate), "upstream_server_name": "inner.test", **more}
        return self.enterContext(Proxy(self.forest, [route("/", f"https://127.0.0.1:{port}", sign_in=[], delegation="none", **more)], sign_in=""))

    def status(self, proxy):
        return proxy.curl("/", "-o", "/dev/null", "-w", "%{http_code}").ok().out

    def test_the_name_is_the_one_that_the_route_gives(self):
        proxy = self.proxy(self.back_end(self.inner))
        self.assertEqual(proxy.curl("/").ok().out, "inner.test []")
        other = self.proxy(self.back_end(self.inner), upstream_server_name="other.test")
        self.assertEqual(self.status(other), "502")
        other.must_log(re.escape("its certificate has the wrong name: it is not for other.test"))

    def test_the_proxy_shows_its_certificate(self):
        own = {"upstream_certificate": str(self.own[0]), "upstream_key": str(self.own[1])}
        port = self.back_end(self.inner, asks=True)
        self.assertEqual(self.proxy(port, **own).curl("/").ok().out, "inner.test ['proxy']")
        without = self.proxy(port)
        self.assertEqual(self.status(without), "502")
        without.must_log(r"certificate required|Connection reset|the connection ended")
        self.assertEqual(self.proxy(self.back_end(self.inner), **own).curl("/").ok().out, "inner.test []")

    def test_each_fault_is_told(self):
        for files, words in ((self.certificate("foreign", "inner.test", self.stranger), "is by an unknown CA"),
                             (self.certificate("expired", "inner.test", begins=-3, ends=-1), "has expired")):
            proxy = self.proxy(self.back_end(files))
            self.assertEqual(self.status(proxy), "502")
            proxy.must_log(re.escape(words))

    def test_keys_that_mean_nothing_are_refused_with_their_line(self):
        proxy = self.proxy(self.back_end(self.inner))
        good = proxy.file.read_text()
        for lines, words in ((f'upstream_certificate = "{self.own[0]}"', "upstream_certificate and upstream_key go together"),
                             (f'upstream_certificate = "{self.own[0]}"\nupstream_key = "{self.inner[1]}"', "does not belong to this certificate"),
                             ('upstream_key = "x"', "go together")):
            proxy.file.write_text(good + lines + "\n")
            ran = proxy.check()
            self.assertEqual(ran.status, 2)
            self.assertRegex(ran.err, rf"proxy\.toml:\d+:\d+: .*{words}")
        proxy.file.write_text(good.replace("https://", "http://"))
        self.assertRegex(proxy.check().err, r"proxy\.toml:\d+:\d+: .*upstream_server_name has no meaning: no upstream is https")


if __name__ == "__main__":
    unittest.main()
