"""How nginx, Apache httpd, HAProxy and stead-proxy read the messages of smuggling_messages.py.

By hand, on a new build:   PYTHONPATH=../../.. STEAD_BUILD=../../../build/dev python3 smuggling_table.py [WORD...]
prints the table; a word chooses the messages whose name has it. What a server reads is what it passes on to a strict back end.
"""
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import pwd
import re
import socket
import socketserver
import sys
import threading
import time

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder
from tests.support.nginx import Nginx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import smuggling_messages  # noqa: E402

OTHERS = ("nginx", "httpd", "haproxy")
WAIT = 4  # seconds that each server waits for the rest of a message

FIELD = rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*\r\n"

# A request as a strict back end got it, without the message's id.
Request = collections.namedtuple("Request", "method path host body")


class Recorder(socketserver.ThreadingTCPServer):
    """A back end that reads requests by the strict grammar only. `seen`: the requests by id; `faults`: what it could not read."""
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.seen, self.faults = collections.defaultdict(list), []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]


class _Connection(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(ConnectionError):
            while self.one_request():
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def one_request(self):
        lines = []
        while not lines or lines[-1] != b"\r\n":
            line = self.rfile.readline(65536)
            if not line:
                return False
            if not line.endswith(b"\r\n") or re.search(rb"[\0-\x08\x0a-\x1f]", line[:-2]):
                return self.fault(lines + [line])
            lines.append(line)
        first = re.fullmatch(rb"([A-Z]+) (?:http://[^/]+)?/([a-z]\d{3})(\S*) HTTP/1\.[01]\r\n", lines[0])
        fields = [re.fullmatch(FIELD, line) for line in lines[1:-1]]
        if not first or None in fields:
            return self.fault(lines)
        values = collections.defaultdict(list)
        for field in fields:
            values[field.group(1).lower()].append(field.group(2))
        body = self.body(values[b"content-length"], values[b"transfer-encoding"])
        if body is None or len(values[b"host"]) != 1:
            return self.fault(lines)
        if body is not False:
            name = first.group(2).decode()
            self.server.seen[name].append(Request(first.group(1).decode(), first.group(3).decode("latin-1"), values[b"host"][0].decode("latin-1"),
                                                       body.replace(first.group(2), b"{id}")))
        return body is not False

    def body(self, lengths, codings):
        """The body; False if its end did not come, None if the head is ambiguous."""
        if len(lengths) + len(codings) > 1 or (lengths and not lengths[0].isdigit()) or (codings and codings[0].lower() != b"chunked"):
            return None
        if not codings:
            length = int(lengths[0]) if lengths else 0
            data = self.rfile.read(length)
            return data if len(data) == length else False
        out = b""
        while True:
            size = re.fullmatch(rb"([0-9A-Fa-f]+)\r\n", self.rfile.readline(1024))
            if not size:
                return False
            length = int(size.group(1), 16)
            if length == 0:
                return out if self.trailer() else False
            data = self.rfile.read(length + 2)
            if not data.endswith(b"\r\n"):
                return False
            out += data[:-2]

    def trailer(self):
        while (line := self.rfile.readline(65536)) != b"\r\n":
            if not re.fullmatch(FIELD, line):
                return False
        return True

    def fault(self, lines):
        self.server.faults.append(b"".join(lines))
        return False


def nginx(upstream):
    return Nginx(lambda folder, port: f"""access_log off; client_header_timeout {WAIT}s; client_body_timeout {WAIT}s; lingering_close off;
upstream back {{ server 127.0.0.1:{upstream}; keepalive 16; }}
server {{ listen 127.0.0.1:{port}; location / {{
  proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_next_upstream off; }} }}""")


class _Other(ServerInFolder):
    """A server that passes requests on to the port `upstream`; `port` is where it listens. Subclasses write its file and start it."""

    def __init__(self, upstream):
        self.upstream = upstream

    def _set_up(self):
        self.port = foreign.free_port()
        self._server = self.start()

    def listening(self):
        return {"log": self.folder / "log", "tcp": ("127.0.0.1", self.port)}


class Httpd(_Other):
    NAME = "httpd"

    def start(self):
        modules = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n"
                          for m in ("mpm_event", "authz_core", "reqtimeout", "proxy", "proxy_http"))
        file = self.folder / "httpd.conf"
        file.write_text(f"""{modules}Listen 127.0.0.1:{self.port}
ServerName front.test
DefaultRuntimeDir {self.folder}
PidFile {self.folder}/pid
Mutex file:{self.folder}
ErrorLog {self.folder}/error.log
Timeout 20
KeepAliveTimeout {WAIT}
RequestReadTimeout header={WAIT} body={WAIT}
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyPass "/" "http://127.0.0.1:{self.upstream}/" nocanon
""")
        user = None
        if os.getuid() == 0:
            account = pwd.getpwnam("nobody")
            user = (account.pw_uid, account.pw_gid)
            for path in (self.folder, file):
                os.chown(path, *user)
        return foreign.on_path("apache2").serve("-D", "FOREGROUND", "-d", self.folder, "-f", file, user=user, cwd=self.folder, **self.listening())


class Haproxy(_Other):
    NAME = "haproxy"

    def start(self):
        file = self.folder / "haproxy.cfg"
        file.write_text(f"""global
  maxconn 400
defaults
  mode http
  timeout connect 5s
  timeout client {WAIT}s
  timeout http-request {WAIT}s
  timeout server 20s
frontend front
  bind 127.0.0.1:{self.port}
  default_backend back
backend back
  server one 127.0.0.1:{self.upstream}
""")
        return foreign.unpacked("haproxy", "haproxy").serve("-db", "-f", file, **self.listening())


class Stead(_Other):
    NAME = "stead-proxy"

    def start(self):
        file = self.folder / "proxy.toml"
        file.write_text(f"""[server]
listen = ["127.0.0.1:{self.port}"]
threads = 1
[limits]
header_timeout = "{WAIT}s"
idle_timeout = "{WAIT}s"
body_idle_timeout = "{WAIT}s"
[[route]]
path = "/"
upstreams = ["http://127.0.0.1:{self.upstream}"]
delegation = "none"
upstream_host = "client"
""")
        return foreign.built("stead-proxy").serve("--config", file, **self.listening())


def send(port, octets):
    """Sends a message and waits until the server closes; returns the statuses of its answers."""
    answers = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(octets)
        while more := connection.recv(65536):
            answers += more
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", answers)]


class Table:
    """`read[SERVER][MESSAGE]`: the requests that a server passes on; `behind[SERVER][MESSAGE]`: those that it reads of what stead-proxy passes on to
    it; `before[SERVER][MESSAGE]`: those that stead-proxy reads of what the server passes on; `statuses`: answers to `read`. `faults`: what stead-proxy
    passed on, or was read by, that the strict back end could not read."""

    def __init__(self, messages):
        others = {"nginx": nginx, "httpd": Httpd, "haproxy": Haproxy}
        with contextlib.ExitStack() as stack:
            recorder, strict = Recorder(), Recorder()  # `strict` gets only what stead-proxy passed on last
            for server in (recorder, strict):
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
            ports = {"read": {name: stack.enter_context(make(recorder.port)).port for name, make in others.items()}}
            ports["read"]["stead"] = stead = stack.enter_context(Stead(strict.port)).port
            ports["behind"] = {name: stack.enter_context(Stead(ports["read"][name])).port for name in others}
            ports["before"] = {name: stack.enter_context(make(stead)).port for name, make in others.items()}
            chains = [(way, name) for way in ports for name in ports[way]]
            sent = {}
            with concurrent.futures.ThreadPoolExecutor(48) as pool:
                for letter, (way, name) in zip("abcdefghij", chains):
                    for number, (message, octets) in enumerate(messages.items()):
                        identity = f"{letter}{number:03}"
                        sent[way, name, message] = identity, pool.submit(send, ports[way][name], smuggling_messages.whole(octets, identity))
            time.sleep(1)  # requests whose client was refused meanwhile
            self.statuses = {key: future.result() for key, (_, future) in sent.items()}
            seen = {key: list(recorder.seen[identity] + strict.seen[identity]) for key, (identity, _) in sent.items()}
            self.read, self.behind, self.before = ({name: {message: seen[way, name, message] for message in messages} for name in ports[way]}
                                                   for way in ("read", "behind", "before"))
            self.faults = list(strict.faults)


def agree(readings):
    """Whether the servers all pass a message on, or none of them, and as the same requests, as far as each goes: one may refuse the rest."""
    return len({bool(reading) for reading in readings}) == 1 and all(len(set(requests)) == 1 for requests in zip(*readings))


def part_of(some, all_of_them):
    """Whether `some` are requests of `all_of_them`, in their order: the next server may refuse each."""
    remaining = iter(all_of_them)
    return all(request in remaining for request in some)


def text(requests):
    return " ".join(f"{r.method} {r.path.lstrip('/')}" + (f" {len(r.body)}" if r.body else "") for r in requests) or "-"


def main():
    messages = {name: octets for name, octets in {**smuggling_messages.PLAIN, **smuggling_messages.SUSPECT}.items()
                if not sys.argv[1:] or any(word in name for word in sys.argv[1:])}
    table = Table(messages)
    for name in messages:
        print(f"{name}\n" + "\n".join(f"    {server:<8} {text(table.read[server][name]):<40} {table.statuses['read', server, name]}" +
                                      (f"  behind: {text(table.behind[server][name])}  before: {text(table.before[server][name])}" if server in OTHERS else "")
                                      for server in (*OTHERS, "stead")))
    print(f"{len(table.faults)} faults: {table.faults}")


if __name__ == "__main__":
    main()
