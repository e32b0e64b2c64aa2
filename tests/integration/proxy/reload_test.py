"""stead-proxy reads its configuration again: nothing that goes on is lost, and a bad file changes nothing."""
# ctest: TIMEOUT 300

import base64
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import unittest

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.proxy import FRONT, Proxy, route

RELOADS = 50


class BackEnd(socketserver.StreamRequestHandler):
    """Answers each request with its name; after an upgrade it repeats what comes."""

    def handle(self):
        while line := self.rfile.readline():
            fields = {}
            while (field := self.rfile.readline().decode()) not in ("\r\n", ""):
                name, value = field.split(":", 1)
                fields[name.lower()] = value.strip()
            if fields.get("upgrade"):
                self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                while octets := self.request.recv(4):
                    self.wfile.write(octets)
                return
            if line.split()[1].startswith(b"/slow"):
                time.sleep(2)
            text = self.server.text
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)


class Reload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.reports = cls.enterClassContext(Apache(cls.forest.keytab("reports$@ROOT.FABRIKAM.COM"), cls.forest.env["KRB5_CONFIG"]))

    def back_end(self, text):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), BackEnd, bind_and_activate=True)
        server.daemon_threads, server.text = True, text
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def public(self, path, upstream):
        return route(path, upstream, sign_in=[], delegation="none", host=FRONT)

    def signed_in(self, path="/reports/"):
        return route(path, self.reports.url, "HTTP/reports.root.fabrikam.com", host=FRONT)

    def proxy(self, *routes, **kw):
        return self.enterContext(Proxy(self.forest, routes, **kw))

    def user_of(self, proxy, jar):
        """Whom the back end sees by the session of this jar; None: the session is over."""
        ran = proxy.curl("/reports/", "-b", jar, "-w", "\n%{http_code}").ok()
        self.assertIn(ran.out.splitlines()[-1], ("200", "401", "303"), ran)
        return "alice@ROOT.FABRIKAM.COM" if "alice@ROOT.FABRIKAM.COM" in ran.out else None

    def web_socket(self, proxy, cookie):
        trust = ssl.create_default_context(cafile=proxy.ca)
        tunnel = trust.wrap_socket(socket.create_connection(("127.0.0.1", proxy.port), timeout=20), server_hostname=FRONT)
        key = base64.b64encode(os.urandom(16)).decode()
        tunnel.sendall((f"GET /socket/ HTTP/1.1\r\nHost: {FRONT}:{proxy.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            got = tunnel.recv(1)
            self.assertTrue(got, head)
            head += got
        self.assertIn(b" 101 ", head)
        self.addCleanup(tunnel.close)
        return tunnel

    def sign_in(self, proxy):
        jar = proxy.folder / "jar"
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        return jar

    def test_nothing_is_lost_by_fifty_reloads_under_load(self):
        upstream = self.back_end(b"ok")
        socket_route = route("/socket/", upstream, sign_in=["forms"], delegation="none", host=FRONT)
        proxy = self.proxy(self.public("/", upstream), socket_route, self.signed_in())
        jar = self.sign_in(proxy)
        cookie = re.search(r"__Host-stead\t(\S+)", jar.read_text()).group(1)
        tunnel = self.web_socket(proxy, f"__Host-stead={cookie}")
        load = subprocess.Popen(["wrk", "-t1", "-c8", "-d20", "-H", f"Host: {FRONT}", f"https://127.0.0.1:{proxy.port}/"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(load.kill)
        slow = subprocess.Popen(["curl", "-s", "--cacert", proxy.ca, "--noproxy", "*", "--resolve", f"{FRONT}:{proxy.port}:127.0.0.1",
                                 f"{proxy.url}/slow"], stdout=subprocess.PIPE, text=True)
        for number in range(RELOADS):
            text = proxy.configuration() + self.public(f"/more{number}/", upstream)
            if number % 10 == 9:
                text = text.replace("[session]", f'[tickets]\nlife = "{number}m"\n[session]')
            self.assertEqual(proxy.reload(text), "used", proxy.log())
            tunnel.sendall(b"ping")
            self.assertEqual(tunnel.recv(4), b"ping")
            if number % 10 == 0:
                self.assertEqual(self.user_of(proxy, jar), "alice@ROOT.FABRIKAM.COM")
        self.assertEqual(slow.communicate(timeout=20)[0], "ok")
        said = load.communicate(timeout=60)[0]
        self.assertNotIn("Socket errors", said)
        self.assertNotIn("Non-2xx", said)
        self.assertGreater(int(re.search(r"(\d+) requests in", said).group(1)), 200, said)
        self.assertEqual(self.user_of(proxy, jar), "alice@ROOT.FABRIKAM.COM")
        self.assertEqual(proxy.metric("stead_reloads_total", result="refused"), 0)
        self.assertEqual([line for line in proxy.access_log() if line["status"] >= 500], [])

    def test_a_kerberos_session_keeps_its_evidence(self):
        proxy = self.proxy(self.signed_in())
        jar = proxy.folder / "jar"
        foreign.kinit(self.forest.env, "alice@ROOT.FABRIKAM.COM", "Passw0rd!").ok()
        proxy.negotiate("/reports/", "-c", jar, env=self.forest.env).ok()
        self.assertEqual(self.user_of(proxy, jar), "alice@ROOT.FABRIKAM.COM")
        self.assertEqual(proxy.reload(proxy.configuration().replace("[session]", '[tickets]\nlife = "5m"\n[session]')), "used")
        self.assertEqual(self.user_of(proxy, jar), "alice@ROOT.FABRIKAM.COM")

    def test_a_bad_file_is_refused_by_its_line_and_the_old_one_serves(self):
        proxy = self.proxy(self.public("/", self.back_end(b"old")))
        good = proxy.configuration()
        line = len(good.splitlines()) + 1
        for text, place, word in ((good + "colour = 1\n", f":{line}:1: ", "colour"), (good + "[[route\n", f":{line}:", ""),
                                  (good.replace("front.key", "none.key"), "none.key", ""), (good.replace("frontend.keytab", "none.keytab"), "none.keytab", "")):
            self.assertEqual(proxy.reload(text), "refused")
            said = [line for line in proxy.log().splitlines() if "stays in use" in line][-1]
            self.assertIn(place, said)
            self.assertIn(word, said)
            self.assertEqual(proxy.curl("/").out, "old")
        proxy.file.unlink()
        self.assertEqual(proxy.reload(), "refused")
        self.assertEqual(proxy.curl("/").out, "old")
        self.assertEqual(proxy.reload(good.replace(proxy.routes[0], self.public("/", self.back_end(b"new")))), "used")
        self.assertEqual(proxy.curl("/").out, "new")

    def test_ports_are_opened_and_closed(self):
        proxy = self.proxy(self.public("/", self.back_end(b"ok")))
        more = foreign.free_port()
        good = proxy.configuration()
        both = good.replace(f'"127.0.0.1:{proxy.port}"', f'"127.0.0.1:{proxy.port}", "127.0.0.1:{more}"')
        self.assertEqual(proxy.reload(both), "used")
        self.assertEqual(proxy.curl("/", url=f"https://{FRONT}:{more}", *["--resolve", f"{FRONT}:{more}:127.0.0.1"]).out, "ok")
        self.assertEqual(proxy.reload(good), "used")
        end = time.monotonic() + 5
        while foreign.accepts("127.0.0.1", more) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse(foreign.accepts("127.0.0.1", more))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", more))
            taken.listen()
            self.assertEqual(proxy.reload(both), "refused")
        self.assertIn(str(more), [line for line in proxy.log().splitlines() if not line.startswith("{")][-1])
        self.assertEqual(proxy.curl("/").out, "ok")
        self.assertEqual(proxy.reload(good.replace("[server]", "[server]\nthreads = 3")), "used")
        proxy.must_log(re.escape("[server] threads changed, which needs a restart"))

    def test_session_keys_are_rotated(self):
        proxy = self.proxy(self.signed_in())
        jar, key = self.sign_in(proxy), proxy.folder / "session.key"
        old, new = key.read_bytes(), os.urandom(32)
        for keys, user in ((old + new, "alice@ROOT.FABRIKAM.COM"), (new + old, "alice@ROOT.FABRIKAM.COM"), (new, None)):
            key.write_bytes(keys)
            self.assertEqual(proxy.reload(), "used")
            self.assertEqual(self.user_of(proxy, jar), user, keys)

    def test_a_sign_out_holds_after_a_reload(self):
        proxy = self.proxy(self.signed_in())
        jar = self.sign_in(proxy)
        held = proxy.folder / "held"
        held.write_bytes(jar.read_bytes())
        proxy.curl("/.stead/logout", "-X", "POST", "-b", jar, "-c", jar, "-H", f"Origin: {proxy.url}").ok()
        self.assertIsNone(self.user_of(proxy, held))
        self.assertEqual(proxy.reload(proxy.configuration().replace("[session]", '[session]\nlifetime = "7h"')), "used")
        self.assertIsNone(self.user_of(proxy, held))

    def test_log_files_are_opened_again_and_others_in_their_place(self):
        proxy = self.proxy(self.public("/", self.back_end(b"ok")), server='access_log = "access.log"\n')
        first, second = proxy.folder / "access.log", proxy.folder / "second.log"
        proxy.curl("/one").ok()
        self.until(lambda: "/one" in first.read_text())
        first.rename(proxy.folder / "access.log.1")
        proxy.process.send_signal(signal.SIGUSR1)
        self.until(first.exists)
        self.assertEqual(proxy.reload(proxy.configuration().replace("access.log", "second.log")), "used")
        proxy.curl("/two").ok()
        self.until(lambda: second.exists() and "/two" in second.read_text())

    def test_no_signal_that_operators_know_ends_it(self):
        proxy = self.proxy(self.public("/", self.back_end(b"ok")))
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGPIPE):
            proxy.process.send_signal(number)
            time.sleep(0.2)
            self.assertIsNone(proxy.process.poll(), number)
            self.assertEqual(proxy.curl("/").out, "ok")

    def test_sockets_that_systemd_opened_are_used_and_a_restart_refuses_nobody(self):
        if shutil.which("systemd-socket-activate") is None:
            self.skipTest("there is no systemd-socket-activate")
        proxy = self.proxy(self.public("/", self.back_end(b"ok")))
        proxy.stop()
        activated = subprocess.Popen(["systemd-socket-activate", "-l", f"127.0.0.1:{proxy.port}", foreign.built("stead-proxy").path,
                                      "--config", proxy.file], env=proxy.environment, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 10
            while not foreign.accepts("127.0.0.1", proxy.port) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(proxy.curl("/").out, "ok")
        finally:
            activated.terminate()
            self.assertEqual(activated.wait(20), 0)
            proxy.start()

    def test_a_watchdog_is_fed(self):
        name = f"@stead-watchdog-{os.getpid()}"
        manager = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(10)
        self.proxy(self.public("/", self.back_end(b"ok")), env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"})
        said = [manager.recv(4096) for _ in range(4)]
        self.assertEqual(said, [b"READY=1"] + [b"WATCHDOG=1"] * 3)

    def until(self, condition):
        end = time.monotonic() + 5
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_the_service_manager_hears_of_it(self):
        name = "@stead-reload-" + pathlib.Path(self.id()).name + str(os.getpid())
        manager = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(10)
        proxy = self.proxy(self.public("/", self.back_end(b"ok")), env={"NOTIFY_SOCKET": name})
        self.assertEqual(manager.recv(4096), b"READY=1")
        before = time.monotonic_ns() // 1000
        proxy.reload()
        said = re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=(\d+)", manager.recv(4096))
        self.assertTrue(before <= int(said.group(1)) <= time.monotonic_ns() // 1000)
        self.assertEqual(manager.recv(4096), b"READY=1")
