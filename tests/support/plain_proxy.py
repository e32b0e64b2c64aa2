"""stead-proxy without users: public routes, no forest; and back ends that are processes, to be stopped and killed."""

import http.client
import pathlib
import re
import signal
import sys
import time
import urllib.request

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder

_BACK_END = '''
import http.server, ssl, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if self.path.startswith("/slow/"):
            time.sleep(float(self.path.rsplit("/", 1)[1]))
        status = 503 if self.path == "/health" and sys.argv[3] == "ill" else 200
        text = "\\n".join([sys.argv[1], self.command + " " + self.path, str(self.headers), body.decode("latin-1")]).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        for name, value in self.headers.items():
            if name.lower().startswith("x-answer-"):
                self.send_header(name[9:], value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)
    do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_GET
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
'''


class BackEnd:
    """A process that answers with its name, the request's line, its headers and its body; `X-Answer-NAME` comes back as NAME."""

    def __init__(self, folder, name, port=None, state="well", certificate=None):
        self.name, self.port, self.folder = name, port or foreign.free_port(), pathlib.Path(folder)
        self.tls = certificate is not None
        self.arguments = ["-c", _BACK_END, name, self.port, state, *(certificate or ())]
        self.start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self):
        self.server = foreign.Program(sys.executable).serve(*self.arguments, log=self.folder / f"{self.name}.log", tcp=("127.0.0.1", self.port))

    def kill(self):
        self.server.process.kill()
        self.server.process.wait()

    def freeze(self):
        self.server.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.server.process.send_signal(signal.SIGCONT)


class PlainProxy(ServerInFolder):
    """A context manager; `routes` are the text of the [[route]] tables, `more` that of others. Ends its back ends too."""

    NAME = "stead-proxy"
    ENDS_BY_0 = True

    def __init__(self, routes, more="", server=""):
        self.routes, self.more, self.server_keys = routes, more, server
        self.back_ends, self.others = [], []

    def _set_up(self):
        self.port, self.admin_port = foreign.free_ports(2)
        routes = self.routes(self) if callable(self.routes) else self.routes
        self.file = self.folder / "proxy.toml"
        self.file.write_text(f'[server]\nlisten = ["127.0.0.1:{self.port}"]\nadmin = "127.0.0.1:{self.admin_port}"\n{self.server_keys}\n'
                             f"{self.more}\n{routes}")
        self._server = foreign.built("stead-proxy").serve("--config", self.file, log=self.folder / "proxy.log", tcp=("127.0.0.1", self.port))

    def tail(self):
        return self._server.tail()

    def back_end(self, name, **options):
        self.back_ends.append(BackEnd(self.folder, name, **options))
        return self.back_ends[-1]

    def ask(self, path="/", method="GET", body=None, headers=None, host="127.0.0.1", timeout=30):
        """The status, the headers and the text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode("latin-1")
        finally:
            connection.close()

    def log(self):
        time.sleep(0.3)
        return (self.folder / "proxy.log").read_text(errors="backslashreplace")

    def messages(self, pattern):
        return [line for line in self.log().splitlines() if not line.startswith("{") and re.search(pattern, line)]

    def wait_for(self, pattern, timeout=20):
        end = time.monotonic() + timeout
        while not self.messages(pattern):
            if time.monotonic() > end:
                raise AssertionError(f"no message {pattern}\n{self.tail()}")

    def admin(self, path):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def _remove(self):
        for back_end in self.back_ends:
            back_end.thaw()
            back_end.server.stop()
        for server in self.others:
            server.stop()
        super()._remove()
