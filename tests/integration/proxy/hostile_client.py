"""A hostile client: each attack starts stead-proxy in front of two plain back ends, and says what the proxy did wrong.

By hand, on a new build:   PYTHONPATH=../../.. STEAD_BUILD=../../../build/dev python3 hostile_client.py [WORD...]
A word chooses the attacks whose name has it. Without Kerberos: all routes are public.
"""
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from samples.support import foreign
from tests.support.proxy import make_certificate

HOST = "front.test"
NOBODY = "http://127.0.0.1:1"  # a back end that is down


class BackEnd(http.server.ThreadingHTTPServer):
    """Records the request line and the headers that it gets."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Recorder)
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers.items())))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Target:
    """stead-proxy with a weak route "/", a strong one "/admin/", and one to a back end that ignores case."""

    def __init__(self, tls=False, server="", limits="", stderr=None):
        self.tls, self.server, self.limits, self.stderr = tls, server or 'access_log = "access.log"\n', limits, stderr

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hostile-"))
        self.weak, self.strong, self.windows = BackEnd(), BackEnd(), BackEnd()
        self.port, self.admin_port = foreign.free_ports(2)
        certificate = ""
        if self.tls:
            make_certificate(self.folder, [HOST])
            certificate = 'certificate = "front.crt"\nkey = "front.key"\n'
        routes = [("/", self.weak, ""), ("/admin/", self.strong, ""), ("/down/", None, ""), ("/win/", self.windows, "ignore_case = true\n"),
                  ("/listed/", self.weak, 'pass_headers = ["X-UPN"]\ndrop_headers = ["X-Secret*"]\nupstream_host = "in.test"\n')]
        (self.folder / "proxy.toml").write_text(
            f'[server]\nlisten = ["127.0.0.1:{self.port}"]\nadmin = "127.0.0.1:{self.admin_port}"\nthreads = 1\n{certificate}'
            f"{self.server}[limits]\n{self.limits}\n" + "".join(
                f'[[route]]\nhost = "{HOST}"\npath = "{path}"\nupstreams = ["{back.url if back else NOBODY}"]\ndelegation = "none"\n{more}'
                for path, back, more in routes))
        self.log = (self.folder / "proxy.log").open("wb")
        self.process = subprocess.Popen(foreign.built("stead-proxy").argv("--config", self.folder / "proxy.toml"),
                                        stderr=self.stderr or self.log, env=foreign.clean_environment())
        for _ in range(200):
            if foreign.accepts("127.0.0.1", self.port):
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError("stead-proxy does not start: " + (self.folder / "proxy.log").read_text())

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.log.close()
            for back in (self.weak, self.strong, self.windows):
                back.shutdown()
                back.server_close()
            shutil.rmtree(self.folder)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        if not self.tls:
            return plain
        context = ssl.create_default_context(cafile=self.folder / "front.crt")
        return context.wrap_socket(plain, server_hostname=HOST)

    def ask(self, data, connection=None):
        """Sends the octets and returns the status and the head's text; the connection stays open if it was given."""
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.sendall(data)
            return read_answer(connection)
        finally:
            if own:
                connection.close()

    def get(self, path, *fields, host=HOST, connection=None):
        lines = [b"GET " + (path if isinstance(path, bytes) else path.encode()) + b" HTTP/1.1", f"Host: {host}".encode(),
                 *(field.encode() for field in fields)]
        return self.ask(b"\r\n".join(lines) + b"\r\n\r\n", connection)

    def admin(self, path, host=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin_port}{path}", headers={"Host": host} if host else {})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])


def read_answer(connection):
    """The status and the head; 0 and what came, if the connection ended before."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = connection.recv(65536)
        except (ConnectionError, TimeoutError):
            more = b""
        if not more:
            return 0, data.decode("latin-1")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    length = [int(line.split(":")[1]) for line in text.split("\r\n") if line.lower().startswith("content-length:")]
    while length and len(body) < length[0]:
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return int(text.split()[1]), text


REFUSED_PATHS = [
    "/admin./x", "/admin.../x", "/admin%20/x", "/admin%2e/x", "/admin::$INDEX_ALLOCATION/x", "/admin;v=1/x", "/admin%3bv/x", "/admin%2fx",
    "/admin%252fx", "/%2561dmin/x", "/x/..%3b/admin/x", "/x/..;/admin/x", "/x/%2e%2e/admin/x", "/x/%2e%2e%2fadmin/x", "/x%2f..%2fadmin/x",
    "/x/..%5cadmin/x", "/x\\..\\admin", "/x/%252e%252e/admin/x", "/x/%c0%ae%c0%ae/admin/x", "/x/%e0%80%ae%e0%80%ae/admin", "/x/..%c0%afadmin",
    "/x/..%20/admin/x", "/%25252561dmin/x", "/%u0061dmin/x", "/admin%00/x", "/.stead%2flogin", "/.stead./login"]


def weaker_routes(target):
    """Paths that a back end may read as those of /admin/ never have the rules of another route."""
    wrong = []
    for path in REFUSED_PATHS:
        status, _ = target.get(path)
        if status != 400:
            wrong.append(f"{path}: {status}")
    for path in ("/admin", "/admin/", "/%61dmin/x", "//admin/x", "/admin//x", "/admin/x%2fy", "/admin/x;y"):
        before = len(target.strong.seen)
        status, _ = target.get(path)
        if status != 200 or len(target.strong.seen) != before + 1:
            wrong.append(f"{path}: {status}, not by the strong route")
    for path in ("/WIN/x", "/wIn", "/%57in/x"):
        before = len(target.windows.seen)
        status, _ = target.get(path)
        if status != 200 or len(target.windows.seen) != before + 1:
            wrong.append(f"{path}: {status}, not by the route that ignores case")
    for path in (b"/sites/_api/GetFile('%2Fsites%2Fa%20b')/$value", "/a?q=ä€😀".encode(), b"/a%252Fb", b"/a?x=%2e%2e/%00"):
        status, _ = target.get(path)
        if status != 200 or target.weak.seen[-1][0].encode("latin-1") != path:
            wrong.append(f"{path}: {status}, or changed on its way: {target.weak.seen[-1:]}")
    return wrong


def quadratic_work(target):
    """No request costs much CPU, however it is made."""
    pad = 60_000
    requests = {
        "commas in Connection": f"Connection: {',' * pad}",
        "names in Connection": "Connection: " + ",".join(f"x{i}" for i in range(pad // 6)),
        "Connection in many fields": "\r\n".join(f"Connection: {',' * 280}" for _ in range(190)),
        "many fields": "\r\n".join(f"X-{i}: {'y' * 280}" for i in range(190)),
        "cookies": "Cookie: " + ";" * pad,
        "pairs in Cookie": "Cookie: " + "; ".join(f"a{i}=b" for i in range(pad // 9)),
        "cookie fields": "\r\n".join(f"Cookie: {';' * 280}" for _ in range(190)),
        "encodings": f"Transfer-Encoding: {',' * pad}",
        "Upgrade": f"Connection: upgrade\r\nUpgrade: {',' * pad}",
        "Accept": f"Accept: {',' * pad}",
        "escapes in the path": "%252525" * 4000,
        "segments": "/a;b" * 7000,
        "dots": "/..." * 8000,
        "query": "?" + "&" * 30_000,
    }
    wrong = []
    for name, text in requests.items():
        path, fields = (text, []) if text[0] in "%/?" else ("", [text])
        rounds, before = 20, target.cpu_seconds()
        for _ in range(rounds):
            target.get("/" + path.lstrip("/"), *fields)
        each = (target.cpu_seconds() - before) / rounds * 1000
        print(f"    {name}: {each:.1f} ms", flush=True)
        if each > 25:  # of a build without optimization; a quadratic request takes seconds there
            wrong.append(f"{name}: {each:.1f} ms of CPU a request")
    before = target.cpu_seconds()
    with target.connect() as connection:  # a head in pieces of one octet
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in b"GET /" + b"a" * 20_000:
            connection.send(bytes([octet]))
    if (spent := target.cpu_seconds() - before) > 2:
        wrong.append(f"a request line in 20000 pieces: {spent:.1f} s")
    return wrong


def identity_headers(target):
    """A client cannot set a user; what clients of Exchange and SharePoint send passes; a route's lists count."""
    wrong = []
    dropped = ["X-UPN", "X-Uid", "Remote-User", "REMOTE_USER", "x.remote.user", "X_Forwarded_User", "X-Forwarded-For", "X-Real-IP", "X-Client-IP",
               "X-Client-Cert", "SSL_CLIENT_S_DN", "X-MS-Client-Principal", "Authorization"]
    passed = ["X-ClientInfo", "X-ClientApplication", "X-User-Agent", "X-User-Identity", "X-AnchorMailbox", "X-RequestDigest", "X-Secret-1"]
    target.get("/a", *(f"{name}: mallory" for name in dropped + passed))
    seen = target.weak.seen[-1][1]
    wrong += [f"{name} passes" for name in dropped if seen.get(name) == "mallory"]
    wrong += [f"{name} does not pass" for name in passed if seen.get(name) != "mallory"]
    target.get("/listed/a", "X-UPN: mallory", "X_Secret_1: mallory", "X-Uid: mallory", "X-Forwarded-Proto: mallory")
    seen = target.weak.seen[-1][1]
    for name, value in {"X-UPN": "mallory", "X_Secret_1": None, "X-Uid": None, "X-Forwarded-Proto": "http", "Host": "in.test"}.items():
        if seen.get(name) != value:
            wrong.append(f"/listed/: {name} is {seen.get(name)}, not {value}")
    return wrong


def other_hosts(target):
    """A Host that no route names reaches no back end, and the admin pages answer only to their own names."""
    wrong = []
    for host in ("evil.test", f"{HOST}.evil.test", "127.0.0.1", f"{HOST}@evil.test"):
        status, _ = target.get("/a", host=host)
        if status not in (400, 421):
            wrong.append(f"Host {host}: {status}")
    for host, expected in {"evil.test": 421, "localhost.evil.test:1": 421, f"localhost:{target.admin_port}": 200, "[::1]:9": 200, None: 200}.items():
        status, _ = target.admin("/healthz", host)
        if status != expected:
            wrong.append(f"admin pages by Host {host}: {status}")
    return wrong


def early_answers(target):
    """An answer given before the body was read reaches a client that sends all of it first."""
    failures = []
    for turn in range(20):
        with target.connect() as connection:
            head = b"POST /a HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 4194304\r\n\r\n"
            try:
                connection.sendall(head + bytes(4 * 1024 * 1024))
                status, _ = read_answer(connection)
            except OSError as error:
                status = error
            if status != 421:
                failures.append(f"upload {turn}: {status}")
    return failures


def stopped_reader():
    """The proxy serves while nobody reads its standard error, while a disk is full, and after SIGHUP; it counts lost lines."""
    wrong = []
    reader, writer = os.pipe()
    with Target(server=f'access_log = "/dev/full"\naudit_log = "audit.log"\n', stderr=writer) as target:
        filler = subprocess.Popen(["head", "-c", "10000000", "/dev/zero"], stdout=writer)  # leaves no room in the pipe
        try:
            with target.connect() as connection:
                for _ in range(300):
                    status, _ = target.get("/a/" + "x" * 500, connection=connection)
                    if status != 200:
                        wrong.append(f"with a full pipe: {status}")
                        break
            target.process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            if target.process.poll() is not None:
                wrong.append("SIGHUP ended the proxy")
            time.sleep(0.5)
            dropped = [line for line in target.admin("/metrics")[1].splitlines() if line.startswith('stead_log_dropped_lines_total{log="access"}')]
            if not dropped or float(dropped[0].split()[1]) < 300:
                wrong.append(f"lost lines are not counted: {dropped}")
        finally:
            filler.kill()
            filler.wait()
            os.close(reader)
            os.close(writer)
    return wrong


def rotated_logs(target):
    """After SIGHUP lines go to a new file; hostile text stays on its line."""
    target.get("/before")
    time.sleep(0.6)
    log = target.folder / "access.log"
    log.rename(target.folder / "access.log.1")
    target.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    target.get("/after/%E2%80%AE%C2%9B")
    time.sleep(0.6)
    wrong = []
    if not log.exists() or [json.loads(line)["path"] for line in log.read_text().splitlines()] != ["/after/%E2%80%AE%C2%9B"]:
        wrong.append("the new file does not have the line after SIGHUP")
    if "/before" not in (target.folder / "access.log.1").read_text():
        wrong.append("the renamed file does not have the line before SIGHUP")
    return wrong


def levels(target):
    """A failed back end is an error in the log and in the access log; an answer is none."""
    status, _ = target.get("/down/a")
    target.get("/a")
    time.sleep(0.6)
    records = {record["path"]: record for record in map(json.loads, (target.folder / "access.log").read_text().splitlines())}
    messages = [line for line in (target.folder / "proxy.log").read_text().splitlines() if " error request " in line]
    wrong = [] if status == 502 else [f"a back end that is down: {status}"]
    if (records["/down/a"]["level"], records["/a"]["level"]) != ("error", "info"):
        wrong.append(f"levels of the access log: {records}")
    if len(messages) != 1 or "/down/a" not in messages[0]:
        wrong.append(f"messages: {messages}")
    return wrong


def many_connections():
    """At the limit of an address the connection that has waited longest goes, and a new one is served."""
    wrong = []
    with Target(limits="connections_per_address = 20\n") as target:
        first = [target.connect() for _ in range(20)]
        for connection in first:
            if target.get("/a", connection=connection)[0] != 200:
                wrong.append("a connection below the limit is not served")
        late = target.connect()
        if target.get("/a", connection=late)[0] != 200:
            wrong.append("a connection above the limit is not served")
        first[0].settimeout(5)
        if first[0].recv(1) != b"":
            wrong.append("the longest idle connection stays open")
        if target.get("/a", connection=first[1])[0] != 200:
            wrong.append("another connection than the longest idle one was closed")
        for connection in [*first, late]:
            connection.close()
    return wrong


def idle_tls():
    """An idle TLS connection takes at most 20 KiB, after a large head too."""
    count, wrong = 400, []
    for name, field in (("a small head", "A: b"), ("a large head", "A: " + "b" * 40_000)):
        with Target(tls=True) as target:
            warm = [target.connect() for _ in range(20)]
            for connection in warm:
                target.get("/a", field, connection=connection)
            before = target.resident_kib()
            connections = [target.connect() for _ in range(count)]
            for connection in connections:
                target.get("/a", field, connection=connection)
            time.sleep(0.5)
            each = (target.resident_kib() - before) / count
            print(f"    after {name}: {each:.1f} KiB", flush=True)
            if each > 20:
                wrong.append(f"after {name}: {each:.1f} KiB each")
            for connection in [*warm, *connections]:
                connection.close()
    return wrong


def secrets_on_disk(target):
    """The proxy leaves no core dump."""
    limits = pathlib.Path(f"/proc/{target.process.pid}/limits").read_text()
    core = next(line.split() for line in limits.splitlines() if line.startswith("Max core file size"))
    return [] if core[4:6] == ["0", "0"] else [f"core dumps are allowed: {core}"]


def early_answers_over_tls():
    """The same over TLS."""
    with Target(tls=True) as target:
        return early_answers(target)


WITH_A_TARGET = (weaker_routes, quadratic_work, identity_headers, other_hosts, early_answers, rotated_logs, levels, secrets_on_disk)
ALONE = (early_answers_over_tls, stopped_reader, many_connections, idle_tls)


def run(attack):
    """What the proxy did wrong, as lines."""
    if attack in ALONE:
        return attack()
    with Target() as target:
        return attack(target)


def main(words):
    failed = 0
    for attack in WITH_A_TARGET + ALONE:
        if words and not any(word in attack.__name__ for word in words):
            continue
        print(f"{attack.__name__}: {attack.__doc__}", flush=True)
        wrong = run(attack)
        failed += bool(wrong)
        print("\n".join(f"  WRONG: {line}" for line in wrong) or "  holds", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
