"""CPU time of the server's processes for each request: stead-proxy, nginx, and Apache httpd with mod_auth_gssapi."""
# bench: TARGETS stead-proxy stead-kdc proxy_load
#
# tests/bench/run proxy [SECONDS [TOKENS]]: reverse proxies in front of one and the same nginx, which answers at once; keep-alive on both
# sides, an access log to a file each. `plain`: public requests (wrk). `cookie`: requests of a signed-in user (wrk). `token`: a Negotiate token in
# each request (proxy_load), without a replay cache; no delegation, which Apache would not do either; `delegated`: a token in, and a token of S4U2Proxy to
# the back end. CPU time comes in ticks of 10 ms. Needs what samples/install-packages bench brings.

import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.nginx import Nginx
from tests.support.proxy import FRONT, Proxy, route

REALM = "ROOT.FABRIKAM.COM"
ROUNDS = 3
TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """Seconds of CPU that a process and all below it have used so far."""
    children, used = {}, {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        children.setdefault(int(fields[1]), []).append(number)
        used[number] = (int(fields[11]) + int(fields[12])) / TICKS
    total, queue = 0.0, [pid]
    while queue:
        number = queue.pop()
        total += used.get(number, 0)
        queue += children.get(number, [])
    return total


def wrk(port, path, seconds, *headers):
    """Requests that were answered with 2xx; raises where some were not."""
    options = [o for header in headers for o in ("-H", header)]
    ran = foreign.on_path("wrk").run("-t", 1, "-c", 16, "-d", f"{seconds}s", *options, f"http://127.0.0.1:{port}{path}", timeout=seconds + 30).ok().out
    if "Non-2xx" in ran or "Socket errors" in ran:
        raise AssertionError(ran)
    return int(re.search(r"(\d+) requests in", ran).group(1))


def tokens(port, path, count, env):
    argv = [foreign.BUILD / "tests/bench/proxy_load", "127.0.0.1", port, FRONT, path, f"HTTP/{FRONT}@{REALM}", count, 8]
    ran = subprocess.run([str(a) for a in argv], env=env, stdout=subprocess.PIPE, check=True)
    return json.loads(ran.stdout)["good"]


class ApacheProxy(Apache):
    """mod_proxy behind mod_auth_gssapi; below /public/ without sign-in. A session's cookie replaces the token."""

    def __init__(self, keytab, krb5_conf, upstream):
        super().__init__(keytab, krb5_conf, replay_cache=False)
        self.upstream = upstream

    @property
    def pid(self):
        return self._server.process.pid

    def _configuration(self):
        text = super()._configuration()
        modules = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in ("proxy", "proxy_http", "session", "session_cookie"))
        text = re.sub(r"LuaMapHandler .*\n", f'ProxyPass "/" "{self.upstream}/" enablereuse=on\nSession On\nSessionCookieName session path=/;httponly\n', text)
        text = text.replace("GssapiConnectionBound", "GssapiUseSessions On\n  GssapiConnectionBound")
        return modules + text + '<Location "/public/">\n  Require all granted\n  AuthType None\n</Location>\n'


def cookie(port, env, path="/"):
    """The cookie of a session begun by a token."""
    out = foreign.run("curl", "-s", "--noproxy", "*", "--negotiate", "-u", ":", "--resolve", f"{FRONT}:{port}:127.0.0.1", "-D", "-", "-o", "/dev/null",
                      f"http://{FRONT}:{port}{path}", env=env).ok().out
    return "; ".join(re.findall(r"(?im)^set-cookie: ([^;\r]+)", out))


def main():
    seconds, count = (int(a) for a in (sys.argv[1:] + ["5", "4000"][len(sys.argv) - 1:])[:2])
    figures = {}
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        back_end = enter(Nginx(lambda folder, port: f"access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 'ok\\n'; }} }}"))
        upstream = f"http://127.0.0.1:{back_end.port}"
        nginx = enter(Nginx(lambda folder, port: f"access_log {folder}/access.log; upstream back {{ server 127.0.0.1:{back_end.port}; keepalive 64; }}\n"
                            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ''; "
                            "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; } }"))
        forest = enter(Forest(foreign.TOP / "samples/forest.toml", free_ports=True, log_level=None))
        foreign.kinit(forest.env, "alice", "Passw0rd!").ok()
        apache = enter(ApacheProxy(forest.keytab(f"HTTP/{FRONT}@{REALM}"), forest.env["KRB5_CONFIG"], upstream))
        folder = pathlib.Path(enter(tempfile.TemporaryDirectory()))
        stead = enter(Proxy(forest, [route("/public/", upstream, sign_in=[], delegation="none"), route("/", upstream, sign_in=["kerberos"], delegation="none"),
                                     route("/delegated/", upstream, "HTTP/reports.root.fabrikam.com", sign_in=["kerberos"])],
                            tls=False, more="[limits]\nupstream_idle_connections_per_user = 16\n", server=f'threads = 1\naccess_log = "{folder}/access.log"', env={"KRB5RCACHENAME": "none:"}))
        pid = stead.process.pid
        cookies = {port: "Cookie: " + cookie(port, forest.env) for port in (apache.port, stead.port)}
        host = f"Host: {FRONT}"
        runs = [
            ("plain", "nginx", nginx.pid, lambda: wrk(nginx.port, "/public/", seconds, host)),
            ("plain", "stead-proxy", pid, lambda: wrk(stead.port, "/public/", seconds, host)),
            ("plain", "httpd", apache.pid, lambda: wrk(apache.port, "/public/", seconds, host)),
            ("cookie", "httpd", apache.pid, lambda: wrk(apache.port, "/", seconds, host, cookies[apache.port])),
            ("cookie", "stead-proxy", pid, lambda: wrk(stead.port, "/", seconds, host, cookies[stead.port])),
            ("token", "httpd", apache.pid, lambda: tokens(apache.port, "/", count, forest.env)),
            ("token", "stead-proxy", pid, lambda: tokens(stead.port, "/", count, forest.env)),
            ("cookie, delegated", "stead-proxy", pid, lambda: wrk(stead.port, "/delegated/", seconds, host, cookies[stead.port])),
            ("token, delegated", "stead-proxy", pid, lambda: tokens(stead.port, "/delegated/", count // 4, forest.env)),
        ]
        for turn in range(ROUNDS):
            for kind, name, process, run in runs:
                before = cpu(process)
                done = run()
                figures.setdefault((kind, name), []).append((cpu(process) - before) / done * 1e6)
    print(f"{'request':<20} {'server':<14} {'µs of CPU':>10}   lowest and highest of {ROUNDS}")
    for (kind, name), values in figures.items():
        print(f"{kind:<20} {name:<14} {statistics.median(values):>10.1f}   {min(values):.1f} – {max(values):.1f}")
    median = {key: statistics.median(values) for key, values in figures.items()}
    for kind, other, goal in (("plain", "nginx", 1), ("cookie", "httpd", 1 / 5), ("token", "httpd", 1 / 5)):
        print(f"{kind}: stead-proxy takes {median[kind, 'stead-proxy'] / median[kind, other]:.2f} of what {other} takes (goal: {goal:.2f})")


if __name__ == "__main__":
    main()
