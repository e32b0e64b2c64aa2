"""The admin API at its Unix socket, by `stead-proxy ctl` and by curl; who may use it, and the status page."""
# ctest: TIMEOUT 300

import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import time
import unittest

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.plain_proxy import PlainProxy
from tests.support.proxy import FRONT, Proxy, route

ALICE, BOB = "alice@ROOT.FABRIKAM.COM", "bob@ROOT.FABRIKAM.COM"
PASSWORD = "Passw0rd!"


def ctl(socket_path, *command):
    return foreign.built("stead-proxy").run("ctl", "--socket", socket_path, *command)


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.reports = cls.enterClassContext(Apache(cls.forest.keytab("reports$@ROOT.FABRIKAM.COM"), cls.forest.env["KRB5_CONFIG"]))

    def setUp(self):
        self.proxy = self.enterContext(Proxy(self.forest, [route("/reports/", self.reports.url, "HTTP/reports.root.fabrikam.com", host=FRONT)],
                                             server='admin_socket = "admin.sock"\n'))
        self.socket = self.proxy.folder / "admin.sock"

    def sign_in(self, user, name=None):
        jar = self.proxy.folder / (name or user)
        self.assertEqual(self.proxy.log_in(user, PASSWORD, jar)[0], 303)
        return jar

    def status(self, jar):
        return self.proxy.curl("/reports/", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}").ok().out

    def test_sessions_are_listed_and_ended(self):
        first, second, other = self.sign_in("alice"), self.sign_in("alice", "again"), self.sign_in("bob")
        listed = json.loads(ctl(self.socket, "sessions", "--json").ok().out)
        self.assertEqual(sorted(one["user"] for one in listed), [ALICE, ALICE, BOB])
        self.assertEqual({(one["sign_in"], one["host"], one["address"]) for one in listed}, {("forms", FRONT, "127.0.0.1")})
        text = ctl(self.socket, "sessions", BOB.lower()).ok().out
        self.assertRegex(text, rf"^USER +SIGN-IN +HOST .*\n{re.escape(BOB)} +forms +{FRONT} .*\n$")
        self.assertIn("this process had seen 2", ctl(self.socket, "end-sessions", ALICE.upper()).ok().out)
        self.assertEqual([self.status(jar) for jar in (first, second, other)], ["401", "401", "200"])
        self.assertEqual([one["user"] for one in json.loads(ctl(self.socket, "sessions", "--json").ok().out)], [BOB])
        self.proxy.must_log("an administrator ended all sessions")
        time.sleep(1.1)
        self.assertEqual(self.status(self.sign_in("alice", "new")), "200")
        self.proxy.stop()
        self.proxy.start()
        self.assertEqual([self.status(jar) for jar in (first, second, other)], ["401", "401", "200"])  # also after a restart
        self.assertEqual(sorted(one["user"] for one in json.loads(ctl(self.socket, "sessions", "--json").ok().out)), [BOB])
        self.assertEqual(self.proxy.metric("stead_sessions_ended_total", reason="administrator"), 0)  # of the process before

    def test_a_session_that_signed_out_is_not_listed(self):
        jar = self.sign_in("alice")
        self.proxy.curl("/.stead/logout", "-X", "POST", "-b", jar, "-H", f"Origin: {self.proxy.url}").ok()
        self.assertEqual(ctl(self.socket, "sessions", "--json").ok().out, "[]\n")

    def test_tickets_are_asked_for_again(self):
        jar = self.sign_in("alice")
        exchanges = []
        for _ in range(2):
            self.assertEqual(self.status(jar), "200")
            time.sleep(0.5)
            exchanges.append(self.proxy.metric("stead_kdc_exchanges_total", exchange="S4U2Proxy"))
        self.assertEqual(exchanges[0], exchanges[1])
        ctl(self.socket, "purge-tickets", ALICE).ok()
        time.sleep(0.5)
        self.assertEqual(self.status(jar), "200")
        time.sleep(0.5)
        self.assertGreater(self.proxy.metric("stead_kdc_exchanges_total", exchange="S4U2Proxy"), exchanges[1])


class Socket(unittest.TestCase):
    def proxy(self, **kw):
        def routes(proxy):
            urls = ", ".join(f'"{proxy.back_end(name).url}"' for name in ("one", "two"))
            return f'[[route]]\nupstreams = [{urls}]\ndelegation = "none"\n'
        proxy = PlainProxy(routes, server='admin_socket = "admin.sock"\nthreads = 1\n', **kw)
        self.enterContext(proxy)
        self.socket = proxy.folder / "admin.sock"
        return proxy

    def curl(self, path, *options):
        return foreign.run("curl", "-s", "-i", "--unix-socket", self.socket, *options, f"http://localhost{path}")

    def test_it_is_for_its_user_alone(self):
        self.proxy()
        file = self.socket.stat()
        self.assertTrue(stat.S_ISSOCK(file.st_mode))
        self.assertEqual((stat.S_IMODE(file.st_mode), file.st_uid), (0o600, os.geteuid()))

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be another user")
    def test_another_user_is_turned_away_although_the_file_lets_them_in(self):
        proxy = self.proxy()
        proxy.folder.chmod(0o755)
        self.socket.chmod(0o666)
        ran = subprocess.run(["curl", "-s", "--unix-socket", self.socket, "http://localhost/sessions"], user="nobody", capture_output=True, text=True, check=False)
        self.assertEqual(ran.stdout, "")
        self.assertNotEqual(ran.returncode, 0)
        proxy.wait_for("the admin socket was used by uid")

    def test_a_file_in_the_way_is_not_replaced_unless_it_is_a_socket_that_nobody_serves(self):
        proxy = self.proxy()
        second = proxy.folder / "second.toml"
        second.write_text(proxy.file.read_text().replace(f"127.0.0.1:{proxy.port}", f"127.0.0.1:{foreign.free_port()}").replace(f"127.0.0.1:{proxy.admin_port}", f"127.0.0.1:{foreign.free_port()}"))

        def start(text=None):
            if text:
                second.write_text(text)
            return foreign.built("stead-proxy").run("--config", second)

        self.assertRegex(start().err, "admin.sock: the admin socket cannot be opened: another process listens there")
        self.assertTrue(ctl(self.socket, "status").ok().out)
        other = second.read_text().replace('"admin.sock"', '"file"')
        (proxy.folder / "file").write_text("mine")
        self.assertRegex(start(other).err, "there is a file of this name that is no socket")
        self.assertEqual((proxy.folder / "file").read_text(), "mine")
        (proxy.folder / "open").mkdir()
        (proxy.folder / "open").chmod(0o777)
        self.assertRegex(start(other.replace('"file"', '"open/sock"')).err, "can be written by other users")
        self.assertRegex(start(other.replace('"file"', '"none/sock"')).err, "No such file or directory")
        checked = foreign.built("stead-proxy").run("--config", second, "--check")
        self.assertEqual((checked.status, "No such file or directory" in checked.err), (2, True), checked)
        self.assertRegex(start(other.replace('"file"', '"' + "x" * 200 + '"')).err, "too long for a socket")
        proxy.process.kill()
        proxy.process.wait()
        self.assertTrue(self.socket.exists())  # left behind
        proxy._server = foreign.built("stead-proxy").serve("--config", proxy.file, log=proxy.folder / "proxy.log", tcp=("127.0.0.1", proxy.port))
        ctl(self.socket, "status").ok()

    def test_it_goes_with_the_process_and_with_the_configuration(self):
        proxy = self.proxy()
        text = proxy.file.read_text()
        proxy.file.write_text(text.replace("admin.sock", "moved.sock"))
        ctl(self.socket, "reload").ok()
        self.assertFalse(self.socket.exists())
        ctl(proxy.folder / "moved.sock", "status").ok()
        proxy.file.write_text(text.replace('admin_socket = "admin.sock"\n', ""))
        ctl(proxy.folder / "moved.sock", "reload")
        time.sleep(0.3)
        self.assertFalse((proxy.folder / "moved.sock").exists())
        proxy.file.write_text(text)
        proxy.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while not self.socket.exists():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        self.assertEqual(proxy.stop(), 0)
        self.assertFalse(self.socket.exists())

    def test_upstreams_are_drained_and_undrained(self):
        proxy = self.proxy()
        answers = [proxy.ask("/")[2].split("\n")[0] for _ in range(4)]
        self.assertEqual(sorted(answers), ["one", "one", "two", "two"])
        one = proxy.back_ends[0]
        self.assertEqual(ctl(self.socket, "drain", one.url).ok().out, f"{one.url} gets no new requests\n")
        self.assertEqual({proxy.ask("/")[2].split("\n")[0] for _ in range(6)}, {"two"})
        self.assertRegex(ctl(self.socket, "upstreams").ok().out, rf"(?m)^{one.url} +- +drained ")
        self.assertRegex(proxy.admin("/metrics"), rf'stead_upstream_drained\{{upstream="{one.url}",check=""\}} 1')
        proxy.process.send_signal(signal.SIGHUP)
        proxy.wait_for("is in use")
        self.assertEqual({proxy.ask("/")[2].split("\n")[0] for _ in range(6)}, {"two"})  # a reload changes nothing in it
        ctl(self.socket, "undrain", f"127.0.0.1:{one.port}").ok()
        self.assertEqual({proxy.ask("/")[2].split("\n")[0] for _ in range(4)}, {"one", "two"})
        ran = ctl(self.socket, "drain", "http://127.0.0.1:9")
        self.assertEqual((ran.status, "no route has the upstream http://127.0.0.1:9" in ran.err), (1, True), ran)

    def test_a_reload_tells_what_became_of_it(self):
        proxy = self.proxy()
        self.assertIn("is in use", ctl(self.socket, "reload").ok().out)
        good = proxy.file.read_text()
        proxy.file.write_text(good + "colour = 1\n")
        ran = ctl(self.socket, "reload")
        self.assertEqual((ran.status, ran.out), (1, ""))
        self.assertRegex(ran.err, rf"^{re.escape(str(proxy.file))}:\d+:1: unknown key \"colour\"")
        proxy.file.write_text(good)
        ctl(self.socket, "reload").ok()

    def test_the_log_level_is_changed(self):
        proxy = self.proxy()
        ctl(self.socket, "log-level", "error").ok()
        proxy.process.send_signal(signal.SIGUSR1)
        self.assertEqual(proxy.messages("opened again"), [])
        ctl(self.socket, "log-level", "info").ok()
        proxy.process.send_signal(signal.SIGUSR1)
        proxy.wait_for("opened again")
        self.assertEqual(ctl(self.socket, "log-level", "loud").status, 1)

    def test_status_is_json_here_and_at_the_admin_port(self):
        proxy = self.proxy()
        proxy.ask("/")
        here, there = json.loads(ctl(self.socket, "status").ok().out), json.loads(proxy.admin("/status.json"))
        self.assertEqual(here.keys(), there.keys())
        self.assertEqual((here["ready"], here["requests"], len(here["upstreams"]), here["routes"][0]["path"]), (True, 1, 2, "/"))
        self.assertEqual({one["state"] for one in here["upstreams"]}, {"up"})

    def test_the_admin_port_orders_nothing(self):
        proxy = self.proxy()
        for path in ("/sessions", "/upstreams", "/reload", "/drain", "/end-sessions?user=a", "/log-level?level=debug"):
            with self.assertRaisesRegex(Exception, "404"):
                proxy.admin(path)

    def test_hostile_requests(self):
        proxy = self.proxy()
        for request in (b"GET /sessions HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"GET /sessions HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"x" * 20000, b"GET / HTTP/1.1\nHost: a\n\n"):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(str(self.socket))
                client.sendall(request)
                if request.endswith(b"\n\n"):
                    client.shutdown(socket.SHUT_WR)
                said = client.recv(100)
                self.assertTrue(said == b"" or re.match(rb"HTTP/1\.1 4", said), (request[:30], said))
        for options, status in ((["-X", "POST", "-H", "Origin: http://evil.example"], 403), (["-X", "POST", "-H", "Sec-Fetch-Site: cross-site"], 403), (["-X", "DELETE"], 405)):
            self.assertRegex(self.curl("/reload", *options).ok().out, f"^HTTP/1.1 {status}")
        self.assertRegex(self.curl("/end-sessions", "-X", "POST").ok().out, "^HTTP/1.1 400")
        self.assertRegex(self.curl("/nothing").ok().out, "^HTTP/1.1 404")
        self.assertRegex(self.curl("/reload").ok().out, "^HTTP/1.1 404")  # a GET orders nothing
        self.assertRegex(self.curl("/end-sessions?user=a", "-X", "POST").ok().out, "^HTTP/1.1 409")
        self.assertEqual(proxy.ask("/")[0], 200)

    def test_ctl_says_what_is_wrong(self):
        self.assertEqual(ctl("/nowhere/sock", "status").status, 1)
        self.assertIn("/nowhere/sock", ctl("/nowhere/sock", "status").err)
        for command in ([], ["dance"], ["drain"], ["reload", "now"], ["end-sessions", "a", "b"]):
            self.assertEqual(ctl("/nowhere/sock", *command).status, 2, command)
        self.assertIn("end-sessions", foreign.built("stead-proxy").run("ctl", "--help").ok().out)

    def test_the_status_page_has_charts_and_states(self):
        proxy = self.proxy()
        for _ in range(3):
            proxy.ask("/")
        page = proxy.admin("/status")
        self.assertIn("Requests: 3, at most 3 a minute", page)
        self.assertEqual(page.count("<svg "), 3)
        self.assertEqual(page.count("● up"), 4)  # in routes and in back ends
        self.assertNotIn("<script", page)
        ctl(self.socket, "drain", proxy.back_ends[0].url).ok()
        self.assertIn("■ drained", proxy.admin("/status"))


if __name__ == "__main__":
    unittest.main()
