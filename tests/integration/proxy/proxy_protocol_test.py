"""Connections of a load balancer that begin with the PROXY protocol: the client's address is the one that it says."""

import pathlib
import socket
import ssl
import struct
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.proxy import FRONT, Proxy, route

V1 = b"PROXY TCP4 192.0.2.7 203.0.113.1 50123 443\r\n"
V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def version_2(address):
    body = socket.inet_pton(socket.AF_INET6, address) + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + struct.pack("!HH", 50123, 443)
    return V2_SIGNATURE + b"\x21\x21" + struct.pack("!H", len(body)) + body


LOCAL = V2_SIGNATURE + b"\x20\x00\x00\x00"


class ProxyProtocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))

    def proxy(self, server):
        return self.enterContext(Proxy(self.forest, [route("/", "http://127.0.0.1:9", sign_in=["forms"], delegation="none")], server=server))

    def ask(self, proxy, *pieces):
        """Sends the pieces, then a request over TLS; returns the response's first line, or None where the connection ends."""
        context = ssl.create_default_context(cafile=str(proxy.ca))
        context.set_alpn_protocols(["http/1.1"])
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as plain:
            for piece in pieces:
                plain.sendall(piece)
            try:
                with context.wrap_socket(plain, server_hostname=FRONT) as client:
                    client.sendall(f"GET /.stead/whoami HTTP/1.1\r\nHost: {FRONT}\r\nConnection: close\r\n\r\n".encode())
                    return client.makefile("rb").readline().decode().strip()
            except (ssl.SSLError, OSError):
                return None

    def remotes(self, proxy, count):
        """The clients' addresses in the access log, once it has so many lines."""
        end = time.monotonic() + 10
        while len(lines := proxy.access_log()) < count and time.monotonic() < end:
            time.sleep(0.1)
        return [line["remote"] for line in lines]

    def test_the_client_is_whom_the_header_names(self):
        proxy = self.proxy('proxy_protocol_from = ["127.0.0.0/8"]')
        seen = []
        for pieces, remote in (((V1,), "192.0.2.7"), ((V1[:7], V1[7:]), "192.0.2.7"), ((version_2("2001:db8::7"),), "2001:db8::7"),
                               ((LOCAL,), "127.0.0.1"), ((b"PROXY UNKNOWN\r\n",), "127.0.0.1")):
            self.assertEqual(self.ask(proxy, *pieces), "HTTP/1.1 401 Unauthorized", pieces)
            seen.append(remote)
        self.assertCountEqual(self.remotes(proxy, len(seen)), seen)

    def test_a_listed_peer_must_send_the_header(self):
        proxy = self.proxy('proxy_protocol_from = ["127.0.0.1"]')
        self.assertIsNone(self.ask(proxy))
        proxy.must_log("did not begin with a PROXY protocol header")
        self.assertIsNone(self.ask(proxy, V1.replace(b"TCP4", b"TCP6")))
        socket.create_connection(("127.0.0.1", proxy.port)).close()
        self.assertEqual(self.ask(proxy, V1), "HTTP/1.1 401 Unauthorized", "and the next one is served")

    def test_a_stranger_claims_no_address(self):
        proxy = self.proxy('proxy_protocol_from = ["192.0.2.1"]')
        self.assertIsNone(self.ask(proxy, V1))
        self.assertIsNone(self.ask(proxy, version_2("2001:db8::7")))
        self.assertEqual(self.ask(proxy), "HTTP/1.1 401 Unauthorized")
        self.assertEqual(self.remotes(proxy, 1), ["127.0.0.1"])

    def test_a_wrong_address_is_told_with_its_line(self):
        proxy = self.proxy("")
        file = pathlib.Path(proxy.file)
        file.write_text(file.read_text().replace("[server]", '[server]\nproxy_protocol_from = ["10.0.0.0/40"]', 1))
        ran = proxy.check()
        self.assertEqual(ran.status, 2)
        self.assertRegex(ran.err, r"proxy.toml:2:\d+: .*10\.0\.0\.0/40")


if __name__ == "__main__":
    unittest.main()
