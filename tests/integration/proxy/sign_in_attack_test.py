"""A hostile client against the proxy's sign-in: each attack ends with a refusal, and what it was aimed at still works.

By hand, on a new build: cd tests/integration/proxy && PYTHONPATH=../../.. python3 -m unittest -v sign_in_attack_test.py"""
# ctest: TIMEOUT 300

import pathlib
import re
import tempfile
import time
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest
from tests.support.proxy import FRONT, Proxy, route

REALM = "ROOT.FABRIKAM.COM"
ALICE = f"alice@{REALM}"
STAFF = "S-1-5-21-1004336348-1177238915-682003330-1120"


class Attacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # alice has a UPN that does not look like her account's name.
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        text = (foreign.TOP / "samples/forest.toml").read_text()
        text = text.replace('upn      = "alice@root.fabrikam.com"', 'upn      = "Alice.Smith@root.fabrikam.com"')
        text = text.replace('spns     = ["HTTP/frontend.root.fabrikam.com"]', 'spns     = ["HTTP/frontend.root.fabrikam.com", "HTTP/other.root.fabrikam.com"]')
        (cls.folder / "forest.toml").write_text(text)
        cls.forest = cls.enterClassContext(Forest(cls.folder / "forest.toml", state=cls.folder / "state", free_ports=True))
        cls.reports = cls.enterClassContext(Apache(cls.forest.keytab(f"reports$@{REALM}"), cls.forest.env["KRB5_CONFIG"]))

    def proxy(self, *lines, routes=(), **kw):
        """A proxy with a route at / whose table has these lines more, and with further routes."""
        main = route("/", self.reports.url, "HTTP/reports.root.fabrikam.com", ["kerberos", "forms"]) + "\n".join(lines) + "\n"
        return self.enterContext(Proxy(self.forest, [main, *routes], **kw))

    def client(self, name, password=None):
        """The environment of a client that has a TGT of this user, or of this account of a keytab."""
        env = self.forest.client(f"{name.strip('$')}.ccache")
        if password is not None:
            foreign.kinit(env, name, password).ok()
        else:
            foreign.run("kinit", "-k", "-t", self.forest.keytab(f"{name}@{REALM}"), f"{name}@{REALM}", env=env).ok()
        return env

    def status(self, ran):
        return int(ran.ok().out.rsplit("\n", 1)[1])

    def negotiate(self, proxy, env, *options, path="/", **kw):
        return self.status(proxy.negotiate(path, "-w", "\n%{http_code}", *options, env=env, **kw))

    def jar(self, name):
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / name

    # --- who may sign in ---

    def test_machines_do_not_sign_in_unless_the_route_names_them(self):
        proxy, machine = self.proxy(), self.client("reports$")
        self.assertEqual(self.negotiate(proxy, machine), 403)
        proxy.must_log("a machine signs in only where")
        named = self.proxy(f'allow = ["reports$@{REALM}"]')
        self.assertEqual(self.negotiate(named, machine), 200)
        self.assertEqual(self.negotiate(named, self.client("alice", "Passw0rd!")), 403)

    def test_groups_come_from_the_tickets_pac(self):
        alice = self.client("alice", "Passw0rd!")
        self.assertEqual(self.negotiate(self.proxy(f'allow = ["{STAFF}"]'), alice), 200)
        proxy = self.proxy(f'deny = ["{STAFF}"]')
        self.assertEqual(self.negotiate(proxy, alice), 403)
        jar = self.jar("jar")
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        self.assertEqual(self.status(proxy.curl("/", "-b", jar, "-w", "\n%{http_code}")), 403)
        self.assertEqual(self.negotiate(self.proxy('deny = ["S-1-5-21-*-512"]'), alice), 200)

    def test_nobody_is_delegated_whom_the_file_excludes(self):
        forms = f'[sign_in.kerberos]\n[sign_in.forms]\nrealm = "{REALM}"\n'
        proxy = self.proxy(sign_in=f'[sign_in]\ndeny_delegation_of = ["{STAFF}"]\n{forms}',
                           routes=[route("/plain/", self.reports.url, sign_in=["kerberos"], delegation="none")])
        alice = self.client("alice", "Passw0rd!")
        self.assertEqual(self.negotiate(proxy, alice), 403)
        proxy.must_log("deny_delegation_of")
        self.assertEqual(self.negotiate(proxy, alice, path="/plain/"), 401, "Apache wants a ticket, and gets none")

    def test_a_ticket_for_another_name_of_the_account_is_refused(self):
        alice = self.client("alice", "Passw0rd!")
        for asked, status in ((FRONT, 200), ("other.root.fabrikam.com", 401)):
            self.assertEqual(self.negotiate(self.proxy(), alice, "--http1.1", "-H", f"Host: {asked}"), status, asked)
        proxy = self.proxy(sign_in=f'[sign_in.kerberos]\naliases = ["{FRONT}"]\n[sign_in.forms]\n')
        self.assertEqual(self.negotiate(proxy, alice, "--http1.1", "-H", "Host: other.root.fabrikam.com"), 200)

    # --- other sites ---

    def test_another_sites_page_changes_nothing_in_the_users_name(self):
        proxy, alice = self.proxy('allowed_origins = ["https://portal.example"]'), self.client("alice", "Passw0rd!")
        evil = ("-H", "Origin: https://evil.example")
        socket = ("--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket")
        self.assertEqual(self.negotiate(proxy, alice, *evil, "-d", "x=y"), 403)
        self.assertEqual(self.negotiate(proxy, alice, "-H", "Sec-Fetch-Site: cross-site", "-d", "x=y"), 403)
        self.assertEqual(self.negotiate(proxy, alice, *evil, *socket), 403)
        self.assertEqual(self.negotiate(proxy, alice, "-H", "Origin: https://portal.example", "-d", "x=y"), 200)
        self.assertEqual(self.negotiate(proxy, alice, "-H", f"Origin: {proxy.url}", "-d", "x=y"), 200)
        self.assertEqual(self.negotiate(proxy, alice, *evil), 200, "a link")
        proxy.must_log(re.escape("https://evil.example"))

    def test_behind_a_tls_terminator_the_forms_own_origin_is_right(self):
        https = ("-H", "X-Forwarded-Proto: https", "-H", f"Host: {FRONT}")
        for server, status in (('trusted_proxies = ["127.0.0.1"]', 303), ("", 403)):
            proxy = self.proxy(tls=False, server=server)
            form = proxy.curl("/.stead/login", *https, "-i").ok().out
            csrf = re.search(r'name="csrf" value="([^"]*)"', form).group(1)
            cookie = re.search(r"^Set-Cookie: ([^;]*)", form, re.M).group(1)
            ran = proxy.curl("/.stead/login", *https, "-b", cookie, "-H", f"Origin: https://{FRONT}", "-w", "\n%{http_code}", "-i",
                             "--data-urlencode", "username=alice", "--data-urlencode", "password=Passw0rd!", "--data-urlencode", f"csrf={csrf}")
            self.assertEqual(self.status(ran), status)
            self.assertEqual("Secure" in form, status == 303)

    # --- sessions ---

    def test_a_cookie_is_good_on_its_host(self):
        proxy, jar = self.proxy(), self.jar("jar")
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        cookie = re.search(r"__Host-stead\t(\S+)", jar.read_text()).group(1)
        for host, status in ((FRONT, 200), ("other.root.fabrikam.com", 401)):
            ran = proxy.curl("/", "--http1.1", "-b", f"__Host-stead={cookie}", "-H", f"Host: {host}", "-w", "\n%{http_code}")
            self.assertEqual(self.status(ran), status, host)

    def test_a_disabled_accounts_session_ends_on_a_route_that_does_not_delegate_too(self):
        directory = ("directory", "--state", self.folder / "state")
        self.forest.kdc(*directory, "New-ADUser", "leaver", "-AccountPassword", "Passw0rd!", "-Enabled", "$true").ok()
        proxy = self.proxy(more='[tickets]\nlife = "2s"\n', routes=[route("/plain/", self.reports.url, sign_in=["forms"], delegation="none")])
        jar = self.jar("jar")
        self.assertEqual(proxy.log_in("leaver", "Passw0rd!", jar)[0], 303)

        def challenge():
            return proxy.curl("/plain/", "-b", jar, "-o", "/dev/null", "-w", "%header{www-authenticate}").ok().out

        time.sleep(2.5)
        self.assertEqual(challenge(), "", "it is the back end that refuses the request")
        self.forest.kdc(*directory, "Disable-ADAccount", "leaver").ok()
        end = time.monotonic() + 20
        while challenge() != "Stead-Form":
            self.assertLess(time.monotonic(), end, "the session goes on")
            time.sleep(0.3)
        proxy.must_log('"session ended"')

    def test_a_sign_out_outlives_a_restart(self):
        proxy, jar, kept = self.proxy(), self.jar("jar"), self.jar("kept")
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", kept)[0], 303)
        stolen = jar.read_text()
        proxy.curl("/.stead/logout", "-b", jar, "-c", jar, "-X", "POST").ok()
        jar.write_text(stolen)
        for _ in range(2):
            self.assertEqual(self.status(proxy.curl("/", "-b", jar, "-w", "\n%{http_code}")), 401)
            self.assertEqual(self.status(proxy.curl("/", "-b", kept, "-w", "\n%{http_code}")), 200)
            proxy.stop()
            proxy.start()

    # --- passwords ---

    def test_spellings_of_one_account_are_counted_together_and_shut_nobody_else_out(self):
        proxy, jar = self.proxy(), self.jar("jar")
        names = ["alice", "ROOT\\alice", "Alice.Smith@root.fabrikam.com", f"ALICE@{REALM}", " alice ", "root\\ALICE", "alice.smith@ROOT.FABRIKAM.COM"]
        answers = [proxy.log_in(name, "wrong", jar)[0] for name in names * 2]
        self.assertEqual(answers, [401] * 5 + [429] * 9)
        wrong = len(re.findall(r"AS-REQ.*KDC_ERR_PREAUTH_FAILED", self.forest.log()))
        self.assertLessEqual(wrong, 5)
        self.assertEqual(proxy.log_in("alice", "Passw0rd!", jar)[0], 429, "this address has to wait")
        self.assertEqual(self.negotiate(proxy, self.client("alice", "Passw0rd!")), 200, "Kerberos does not")
        self.assertEqual(proxy.log_in("bob", "Passw0rd!", jar)[0], 303, "nor other users")
        elsewhere = proxy.curl("/.stead/login", "--interface", "127.0.0.2", "-c", jar, "-b", jar).ok().out
        csrf = re.search(r'name="csrf" value="([^"]*)"', elsewhere).group(1)
        ran = proxy.curl("/.stead/login", "--interface", "127.0.0.2", "-b", jar, "-c", jar, "-w", "\n%{http_code}", "-d", "username=alice",
                         "-d", "password=Passw0rd!", "--data-urlencode", f"csrf={csrf}")
        self.assertEqual(self.status(ran), 303, "alice at another address")

    def test_a_password_does_not_stay_in_memory(self):
        proxy, jar = self.proxy(), self.jar("jar")
        for i, password in enumerate(("Correct-horse-battery-staple-7", "Sh0rt-Zq9")):
            for user in ("alice", "nobody"):
                self.assertEqual(proxy.log_in(user, password + "-wrong", jar)[0], 401, i)
        self.assertEqual(proxy.log_in("bob", "Passw0rd!", jar)[0], 303)
        time.sleep(0.2)
        pid = proxy.process.pid
        found = []
        try:
            memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
        except PermissionError:
            self.skipTest("the memory of another process is not readable here")
        with memory, open(f"/proc/{pid}/maps") as maps:
            for line in maps:
                area = re.match(r"(\w+)-(\w+) rw", line)
                if not area:
                    continue
                begin, end = (int(text, 16) for text in area.groups())
                try:
                    memory.seek(begin)
                    data = memory.read(end - begin) or b""
                except OSError:
                    continue
                for password in (b"Correct-horse-battery-staple-7", b"Sh0rt-Zq9", b"Passw0rd"):
                    found += [(line.strip(), data[max(0, at - 40):at + 60]) for at in (m.start() for m in re.finditer(re.escape(password), data))]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
