#!/usr/bin/env python3
"""A back end that answers as an attacker or a broken server would, one case for each path; and a client that judges what a
proxy in front of it makes of each.

    hostile_backend.py --list                                   the cases, and what a client has to see
    hostile_backend.py --listen 127.0.0.1:9001                  serves until Ctrl-C: GET /CASE
    hostile_backend.py --listen 127.0.0.1:9001 --against URL    asks the proxy at URL, whose route leads here, for every case
                                                                and exits 1 if an answer is wrong

The route needs no sign-in: `delegation = "none"`, `sign_in = []`. --header adds a field to each request, such as a cookie.
"""

import argparse
import dataclasses
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse

CANARY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
LIMIT = 4.0  # seconds that an answer may take; the back end itself waits for nobody


@dataclasses.dataclass(frozen=True)
class Case:
    """`pieces`: what the back end sends, with a pause between. It then keeps the connection open and says nothing, or closes it.
    `broken`: the client must see that the answer is incomplete."""
    name: str
    pieces: tuple
    status: int
    body: bytes = None
    has: tuple = ()
    lacks: tuple = ()
    broken: bool = False
    method: str = "GET"
    closes: bool = False


def ok(lines="", body=b"ok"):
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


def chunked(coded, lines=""):
    return f"HTTP/1.1 200 OK\r\n{lines}Transfer-Encoding: chunked\r\n\r\n".encode() + coded


def head(lines, status="200 OK"):
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1")


def refused(name, answer, **more):
    return Case(name, (answer,), 502, **more)


def passed(name, answer, body=b"ok", **more):
    return Case(name, (answer,), 200, body, **more)


END = b"0\r\n\r\n"
CASES = [
    # What a proxy tolerates and mends (RFC 9112 5.1, 7.1.1; RFC 9110 6.6.1).
    passed("plain", ok(), has=(r"\r\nDate: ",)),
    passed("own-date", ok("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), has=(r"\r\nDate: Sun, 06 Nov 1994",)),
    passed("blank-before-colon", ok("X-A : b\r\nX-B\t: c\r\n"), has=(r"\r\nX-A: b\r\n", r"\r\nX-B: c\r\n")),
    passed("blank-before-length", b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"),
    passed("blank-before-coding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nok\r\n" + END),
    passed("blank-behind-size", chunked(b"2 \r\nok\r\n0 \r\n\r\n")),
    passed("blank-before-extension", chunked(b"2\t ;a=b\r\nok\r\n" + END)),
    passed("trailers", chunked(b"2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n", "Trailer: X-Sum\r\n"), has=(r"\r\nTrailer: X-Sum\r\n", r"\r\n0\r\nX-Sum: 7\r\n\r\n$")),
    passed("trailers-that-are-head", chunked(b"2\r\nok\r\n0\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nLocation: /x\r\nTransfer-Encoding: x\r\n\r\n"),
           lacks=("Set-Cookie", "Content-Length", "Location")),
    passed("until-close", b"HTTP/1.0 200 OK\r\n\r\nok", closes=True),
    passed("no-reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
    passed("one-octet-at-a-time", ok("X-A: b\r\n")),
    Case("early-hints", (head("Link: </a>\r\n", "103 Early Hints"), ok()), 200, b"ok"),
    # Heads that nobody can read in one way only.
    refused("bare-lf-head", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    refused("bare-lf-line", b"HTTP/1.1 200 OK\r\nX: y\nContent-Length: 2\r\n\r\nok"),
    refused("bare-lf-without-end", b"HTTP/1.1 200 OK\nX: y\n"),
    refused("bare-cr", b"HTTP/1.1 200 OK\r\nX: y\rSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok"),
    refused("nul-in-value", b"HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nok"),
    refused("folded-line", b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 2\r\n\r\nok"),
    refused("blank-before-name", b"HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 2\r\n\r\nok"),
    refused("blank-in-name", ok("X Y: z\r\n")),
    refused("no-colon", ok("nonsense\r\n")),
    refused("no-name", ok(": y\r\n")),
    refused("http-0-9", b"<html>hello</html>"),
    refused("http-2", b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    refused("http-1-2", b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    refused("ssh", b"SSH-2.0-OpenSSH_9.2\r\n"),
    refused("tls-alert", b"\x15\x03\x03\x00\x02\x02\x46"),
    refused("request", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("status-099", head("Content-Length: 0\r\n", "099 x")),
    refused("status-600", head("Content-Length: 0\r\n", "600 x")),
    refused("status-2000", head("Content-Length: 0\r\n", "2000 x")),
    refused("status-blank", head("Content-Length: 0\r\n", " 200 x")),
    refused("long-head", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000),
    refused("many-fields", ok("".join(f"X-{i}: y\r\n" for i in range(400)))),
    refused("nothing", b"", closes=True),
    refused("half-a-head", b"HTTP/1.1 200 OK\r\nContent-", closes=True),
    # Framing.
    refused("two-lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nok"),
    refused("length-list", b"HTTP/1.1 200 OK\r\nContent-Length: 2, 9\r\n\r\nok"),
    refused("length-plus", b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"),
    refused("length-minus", b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"),
    refused("length-hex", b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok"),
    refused("length-too-large", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok"),
    refused("length-empty", b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok"),
    refused("length-and-coding", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + END),
    refused("coding-and-length-with-blanks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\nContent-Length : 2\r\n\r\n2\r\nok\r\n" + END),
    refused("chunked-chunked", head("Transfer-Encoding: chunked, chunked\r\n") + b"2\r\nok\r\n" + END),
    refused("chunked-twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + b"2\r\nok\r\n" + END),
    refused("gzip-chunked", head("Transfer-Encoding: gzip, chunked\r\n") + b"2\r\nok\r\n" + END),
    refused("identity", head("Transfer-Encoding: identity\r\nContent-Length: 2\r\n") + b"ok"),
    refused("xchunked", head("Transfer-Encoding: xchunked\r\n") + b"2\r\nok\r\n" + END),
    refused("chunked-with-parameter", head("Transfer-Encoding: chunked;q=1\r\n") + b"2\r\nok\r\n" + END),
    refused("chunked-vertical-tab", head("Transfer-Encoding: \x0bchunked\r\n") + b"2\r\nok\r\n" + END),
    refused("chunked-1-0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + END),
    *[Case(name, (chunked(b"2\r\nok\r\n"), coded), 200, broken=True) for name, coded in {
        "chunk-bare-lf": b"2\nok\r\n" + END, "chunk-lf-in-extension": b"2;a\nb\r\nok\r\n" + END, "chunk-cr-in-extension": b"2;a\rb\r\nok\r\n" + END,
        "chunk-too-long": b"2\r\nokay\r\n" + END, "chunk-too-short": b"5\r\nok\r\n" + END, "chunk-minus": b"-1\r\nok\r\n" + END,
        "chunk-prefix": b"0x2\r\nok\r\n" + END, "chunk-overflow": b"1" + b"0" * 16 + b"\r\nok\r\n" + END, "chunk-two-sizes": b"2 2\r\nok\r\n" + END,
        "chunk-leading-blank": b" 2\r\nok\r\n" + END, "chunk-no-size": b";a\r\nok\r\n" + END, "chunk-answer": POISON,
        "trailer-answer": b"0\r\n" + POISON, "trailer-folded": b"0\r\nX: y\r\n z\r\n\r\n", "trailer-without-end": b"0\r\nX: " + b"a" * 40_000}.items()],
    Case("body-cut", (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",), 200, broken=True, closes=True),
    Case("chunks-cut", (chunked(b"2\r\nok\r\n"),), 200, broken=True, closes=True),
    # Answers that nobody asked for must not become the next client's.
    passed("two-answers", ok() + POISON),
    Case("second-answer-later", (ok(), POISON), 200, b"ok"),
    passed("more-than-its-length", ok() + b"more"),
    Case("no-content-with-body", (head("Content-Length: 4\r\n", "204 No Content") + b"more",), 204, b""),
    Case("not-modified-with-body", (head("Content-Length: 4\r\n", "304 Not Modified") + b"more",), 304, b""),
    Case("head-with-body", (ok(body=b"more"),), 200, b"", method="HEAD"),
    Case("no-content-chunked", (head("Transfer-Encoding: chunked\r\n", "204 No Content") + b"2\r\nok\r\n" + END,), 204, b""),
    refused("upgrade-unasked", head("Upgrade: websocket\r\nConnection: Upgrade\r\n", "101 Switching Protocols") + POISON),
    refused("interim-without-end", head("Link: </a>\r\n", "103 Early Hints") * 1000),
    refused("continue-without-end", head("", "100 Continue") * 1000),
    # What a back end says in the proxy's name stays there.
    passed("proxys-cookie", ok("Set-Cookie: __Host-stead=x; Path=/\r\nset-cookie: STEAD=x\r\nSet-Cookie: own=1\r\n"),
           has=(r"\r\nSet-Cookie: own=1\r\n",), lacks=("[sS]et-[cC]ookie: __Host-stead", "STEAD")),
    passed("challenges", ok('WWW-Authenticate: Negotiate oQcwBaADCgEA, Bearer realm="a, b"\r\nWWW-Authenticate: NTLM\r\n'),
           has=(r'\r\nWWW-Authenticate: Bearer realm="a, b"\r\n',), lacks=("Negotiate", "NTLM")),
    passed("request-id", ok("X-Request-Id: forged\r\n"), lacks=("forged",)),
    passed("hop-by-hop", ok("Connection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authenticate: Basic\r\n"), lacks=("X-Hop", "Keep-Alive", "Proxy-")),
    Case("own-401", (head('WWW-Authenticate: Bearer realm="x"\r\nContent-Length: 2\r\n', "401 No") + b"no",), 401, b"no",
         has=(r'\r\nWWW-Authenticate: Bearer realm="x"\r\n',)),
    Case("bare-401", (head("Content-Length: 2\r\n", "401 No") + b"no",), 401, b"no", lacks=("WWW-Authenticate",)),
]
BY_NAME = {case.name: case for case in CASES}


class Server:
    """A context manager: serves the cases on threads. `answer(path, head)`, if given, is asked first: bytes, or None."""

    def __init__(self, host="127.0.0.1", port=0, tls=None, answer=None):
        self._listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.host, self.port = host, self._listener.getsockname()[1]
        self.requests, self.names, self._answer, self._tls = [], [], answer, None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
            self._tls.sni_callback = lambda _, name, __: self.names.append(name)

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(60)
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            held = b""
            while True:
                while b"\r\n\r\n" not in held:
                    more = connection.recv(65536)
                    if not more:
                        return
                    held += more
                request, _, held = held.partition(b"\r\n\r\n")
                length = re.search(rb"\r\nContent-Length: (\d+)", request)
                while length and len(held) < int(length[1]):
                    held += connection.recv(65536)
                held = held[int(length[1]) if length else 0:]
                self.requests.append(request)
                if not self._reply(connection, request):
                    return
        except OSError:
            pass
        finally:
            connection.close()

    def _reply(self, connection, request):
        """False: the connection is to be closed."""
        path = request.split(b" ", 2)[1].decode("latin-1").split("?")[0]
        name = path.rsplit("/", 1)[-1]
        answer = self._answer(path, request) if self._answer else None
        if answer is not None:
            connection.sendall(answer)
            return True
        case = BY_NAME.get(name)
        if case is None:
            connection.sendall(CANARY if name == "canary" else b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
            return True
        if name == "one-octet-at-a-time":
            for octet in case.pieces[0]:
                connection.sendall(bytes([octet]))
            return True
        for i, piece in enumerate(case.pieces):
            time.sleep(0.1 if i else 0)
            connection.sendall(piece)
        return not case.closes


def exchange(url, path, method="GET", headers=(), limit=20.0):
    """One request on a connection of its own; returns all octets of the answer, and whether its end came in time."""
    to = urllib.parse.urlsplit(url)
    raw = socket.create_connection((to.hostname, to.port or (443 if to.scheme == "https" else 80)), timeout=limit)
    with raw:
        connection = raw
        if to.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(raw, server_hostname=to.hostname)
        lines = "".join(f"{line}\r\n" for line in headers)
        host = "" if any(line.lower().startswith("host:") for line in headers) else f"Host: {to.netloc}\r\n"
        connection.sendall(f"{method} {to.path.rstrip('/')}{path} HTTP/1.1\r\n{host}{lines}Connection: close\r\n\r\n".encode())
        out, end = b"", time.monotonic() + limit
        try:
            while time.monotonic() < end:
                connection.settimeout(max(0.01, end - time.monotonic()))
                more = connection.recv(65536)
                if not more:
                    return out, True
                out += more
        except ssl.SSLError:
            return out, True
        except TimeoutError:
            pass
        except OSError:
            return out, True
    return out, False


def take_final(octets):
    """Without the interim answers in front: the final answer's octets."""
    while re.match(rb"HTTP/1\.1 1\d\d (?!Switching)", octets):
        octets = octets.partition(b"\r\n\r\n")[2]
    return octets


def read_body(head_part, rest):
    """The body by the answer's framing, and whether it is whole."""
    if re.search(rb"\r\nTransfer-Encoding: chunked\r\n", head_part + b"\r\n"):
        out = b""
        while True:
            line, found, rest = rest.partition(b"\r\n")
            if not found or not re.fullmatch(rb"[0-9a-f]+", line):
                return out, False
            size = int(line, 16)
            if size == 0:
                return out, rest == b"\r\n" or rest.endswith(b"\r\n\r\n")
            out, rest = out + rest[:size], rest[size:]
            if not rest.startswith(b"\r\n"):
                return out, False
            rest = rest[2:]
    length = re.search(rb"\r\nContent-Length: (\d+)", head_part)
    return rest, length is None or len(rest) == int(length[1])


def judge(case, octets, in_time, seconds):
    """What is wrong with the answer that a client got; an empty text: nothing."""
    octets = take_final(octets)
    head_part, found, rest = octets.partition(b"\r\n\r\n")
    line = re.match(rb"HTTP/1\.1 (\d{3}) ", head_part)
    if not found or not line:
        return f"no answer: {octets[:80]!r}"
    status = int(line[1])
    if status != case.status:
        return f"status {status} in place of {case.status}"
    if not in_time or seconds > LIMIT:
        return f"it took {seconds:.1f} s"
    body, whole = read_body(head_part, rest)
    if case.method == "HEAD" or status in (204, 304):
        whole = body == b""
    if whole == case.broken:
        return f"the body is {'whole' if whole else 'incomplete'}: {rest[:80]!r}"
    if case.body is not None and body != case.body:
        return f"body {body[:80]!r}"
    if b"poison" in octets:
        return "an answer that nobody asked for is in it"
    text = octets.decode("latin-1")
    missing = [pattern for pattern in case.has if not re.search(pattern, text)]
    there = [pattern for pattern in case.lacks if re.search(pattern, text)]
    return f"lacks {missing}" if missing else f"has {there}" if there else ""


def ask(url, case, headers=()):
    """Asks a proxy for one case, and whether the next answer is another request's; returns what is wrong."""
    start = time.monotonic()
    octets, in_time = exchange(url, "/" + case.name, case.method, headers)
    wrong = judge(case, octets, in_time, time.monotonic() - start)
    if wrong:
        return wrong
    if len(case.pieces) > 1:
        time.sleep(0.3)  # the rest comes while the connection is idle: on a busy one nobody can tell it from the next answer
    after, _ = exchange(url, "/canary", headers=headers)
    return "" if after.endswith(b"canary") else f"the next request gets {after[-80:]!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="ADDRESS:PORT")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--against", metavar="URL")
    parser.add_argument("--header", action="append", default=[], metavar="FIELD", help='as "Cookie: a=b"')
    parser.add_argument("case", nargs="*", help="default: all")
    options = parser.parse_args()
    cases = [case for case in CASES if not options.case or case.name in options.case]
    if options.list:
        for case in cases:
            print(f"{case.name:32} {case.status}{' and a break' if case.broken else ''}")
        return 0
    host, _, port = options.listen.rpartition(":")
    with Server(host.strip("[]"), int(port), options.tls) as server:
        print(f"listens at {server.host} port {server.port}", flush=True)
        if not options.against:
            threading.Event().wait()
        failed = 0
        for case in cases:
            wrong = ask(options.against, case, options.header)
            failed += bool(wrong)
            print(f"{'FAILED' if wrong else 'ok':8}{case.name:32} {wrong}", flush=True)
        print(f"{len(cases) - failed} of {len(cases)} held")
        return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
