"""auth_listen: nginx and Caddy ask Stead who the user is, and send the user's token to a stock Kerberos back end."""
# ctest: TIMEOUT 300

import base64
import http.client
import json
import re
import threading
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest
from tests.support.caddy import Caddy
from tests.support.nginx import Nginx
from tests.support.proxy import FRONT, Proxy, make_certificate, route

SAMPLES = foreign.TOP / "samples" / "auth_request"
REPORTS, LEDGER = "HTTP/reports.root.fabrikam.com", "HTTP/ledger.emea.root.fabrikam.com"
ALICE, BOB = "alice@ROOT.FABRIKAM.COM", "bob@ROOT.FABRIKAM.COM"
PASSWORD = "Passw0rd!"


def for_proxies(spn, path="/", sign_in=("kerberos", "forms"), **more):
    """A route without upstreams."""
    return re.sub(r"(?m)^upstreams.*\n", "", route(path, [], spn, sign_in=sign_in, host=more.pop("host", FRONT), **more))


class Behind(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.keytab = cls.forest.keytab("reports$@ROOT.FABRIKAM.COM")
        cls.users = {}
        for user in ("alice", "bob"):
            cls.users[user] = cls.forest.client(f"{user}.ccache")
            foreign.kinit(cls.users[user], user, PASSWORD).ok()

    def apache(self, **options):
        return self.enterContext(Apache(self.keytab, self.forest.env["KRB5_CONFIG"], **options))

    def proxy(self, *routes, auth_from='["127.0.0.1"]', **kw):
        self.auth_port = foreign.free_port()
        server = f'auth_listen = ["127.0.0.1:{self.auth_port}"]\nauth_from = {auth_from}\n' + kw.pop("server", "")
        return self.enterContext(Proxy(self.forest, routes, server=server, **kw))

    def ask(self, spn=REPORTS, query=None, host=FRONT, method="GET", fields=(), path="/.stead/auth"):
        """(status, fields, body) of what another proxy gets; `fields` is a dict, or pairs."""
        connection = http.client.HTTPConnection("127.0.0.1", self.auth_port, timeout=30)
        try:
            connection.putrequest(method, path + (f"?spn={spn}" if query is None else query), skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", host)
            for name, value in fields.items() if isinstance(fields, dict) else fields:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def token(self, user):
        """A new Negotiate token of the user for the site, as a browser sends it."""
        return foreign.run("python3", "-c", _TOKEN, FRONT, env=self.users[user]).ok().out.strip()

    def session(self, user, sign_in_fields=None):
        """The cookie of a session that began with a token."""
        status, fields, _ = self.ask(fields={"Authorization": f"Negotiate {self.token(user)}", "X-Forwarded-Method": "GET", **(sign_in_fields or {})})
        self.assertEqual(status, 200)
        return fields["Set-Cookie"].partition(";")[0]


# By libgssapi: the token that a browser would send.
_TOKEN = """
import base64, ctypes, sys
gss = ctypes.CDLL("libgssapi_krb5.so.2")
class Buffer(ctypes.Structure): _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]
class Oid(ctypes.Structure): _fields_ = [("length", ctypes.c_uint32), ("elements", ctypes.c_char_p)]
minor, name, context, out = ctypes.c_uint32(), ctypes.c_void_p(), ctypes.c_void_p(), Buffer()
text = ("HTTP@" + sys.argv[1]).encode()
held = ctypes.create_string_buffer(text)
given = Buffer(len(text), ctypes.cast(held, ctypes.c_void_p))
service = Oid(10, bytes.fromhex("2a864886f71201020104"))
spnego = Oid(6, bytes.fromhex("2b0601050502"))
major = gss.gss_import_name(ctypes.byref(minor), ctypes.byref(given), ctypes.byref(service), ctypes.byref(name))
assert major == 0, hex(major)
major = gss.gss_init_sec_context(ctypes.byref(minor), None, ctypes.byref(context), name, ctypes.byref(spnego), 2, 0, None, None, None, ctypes.byref(out), None, None)
assert major in (0, 1), hex(major)
print(base64.b64encode(ctypes.string_at(out.value, out.length)).decode())
"""


class Endpoint(Behind):
    def test_a_token_signs_in_and_gives_one_for_the_back_end(self):
        self.proxy(for_proxies(REPORTS))
        apache = self.apache()
        status, fields, body = self.ask(fields={"Authorization": f"Negotiate {self.token('alice')}", "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/a?b=c"})
        self.assertEqual((status, fields["X-Remote-User"], body), (200, ALICE, ""))
        self.assertRegex(fields["WWW-Authenticate"], "^Negotiate [A-Za-z0-9+/=]+$")  # the proof for the client
        self.assertIn("HttpOnly", fields["Set-Cookie"])
        answer = foreign.run("curl", "-sf", "--noproxy", "*", "-H", f"Authorization: {fields['Authorization']}", apache.url).ok().out
        self.assertEqual(seen(answer)["REMOTE_USER"], ALICE)

    def test_each_call_gives_another_token_and_the_cookie_is_enough(self):
        self.proxy(for_proxies(REPORTS))
        cookie = self.session("alice")
        answers = [self.ask(fields={"Cookie": f"theme=dark; {cookie}; lang=de", "X-Forwarded-Method": "GET"}) for _ in range(2)]
        self.assertEqual([status for status, _, _ in answers], [200, 200])
        self.assertNotEqual(answers[0][1]["Authorization"], answers[1][1]["Authorization"])
        self.assertEqual(answers[0][1]["Cookie"], "theme=dark; lang=de")  # for the back end, without ours
        self.assertEqual(answers[0][1]["X-Remote-User"], ALICE)

    def test_nobody_is_challenged_and_sent_to_the_form(self):
        self.proxy(for_proxies(REPORTS), for_proxies(REPORTS, path="/forms/", sign_in=["forms"]))
        status, fields, body = self.ask(fields={"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/x?y=1"})
        self.assertEqual((status, fields["WWW-Authenticate"]), (401, "Negotiate"))
        self.assertIn('name="return" value="/x?y=1"', body)
        status, fields, _ = self.ask(fields={"Accept": "text/html", "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/forms/x?y=1"})
        self.assertEqual((status, fields["Location"]), (302, "/.stead/login?return=%2Fforms%2Fx%3Fy%3D1"))
        status, fields, _ = self.ask(fields={"Accept": "text/html", "X-Forwarded-Method": "POST", "X-Forwarded-Uri": "/forms/"})
        self.assertEqual((status, fields["WWW-Authenticate"]), (401, "Stead-Form"))

    def test_only_what_the_file_allows(self):
        back = route("/checked/", "http://127.0.0.1:9", REPORTS, host=FRONT, mutual="required")
        kept = route("/kept/", "http://127.0.0.1:9", LEDGER, host=FRONT, auth=False)
        proxy = self.proxy(for_proxies(REPORTS, path="/reports/"), for_proxies(REPORTS, path="/staff/", allow=[BOB]), back, kept)
        cookie = self.session("alice", {"X-Forwarded-Uri": "/reports/"})

        def status(spn, uri, **more):
            return self.ask(spn, fields={"Cookie": cookie, "X-Forwarded-Method": "GET", **({"X-Forwarded-Uri": uri} if uri else {})}, **more)[0]

        self.assertEqual(status(REPORTS, "/reports/x"), 200)
        self.assertEqual(status("http/REPORTS.root.fabrikam.com", "/reports/x"), 200)
        for spn, uri in ((LEDGER, "/reports/x"), ("HTTP/frontend.root.fabrikam.com", "/reports/x"), ("krbtgt/ROOT.FABRIKAM.COM", "/reports/x"), (LEDGER, None),
                         (LEDGER, "/kept/"), (REPORTS, "/checked/"), (REPORTS, "/"), (REPORTS, "/.stead/login"), (REPORTS, "/staff/x"), ("", "/kept/"),
                         ("HTTP/reports.root.fabrikam.com%00", "/reports/x"), ("HTTP/reports.root.fabrikam.com%0d%0aX-Evil:%20yes", "/reports/x"),
                         (REPORTS, None)):  # two routes have it
            self.assertEqual(status(spn, uri), 403, (spn, uri))
        for query in ("?spn=HTTP/a&spn=HTTP/b", "?spn=%zz", "?x=1", "?"):
            self.assertEqual(self.ask(query=query, fields={"Cookie": cookie})[0], 400, query)
        self.assertEqual(status(REPORTS, "/reports/x", host="other.example.com"), 421)
        self.assertEqual(status(REPORTS, "/reports/x", method="POST"), 405)
        self.assertEqual(status(REPORTS, "/reports/x", path="/.stead/other"), 404)
        self.assertEqual(status(REPORTS, "/reports/x", path="/reports/x"), 404)
        proxy.must_log("no route of this host has this spn")

    def test_what_a_path_could_be_to_a_back_end_counts(self):
        self.proxy(for_proxies(REPORTS), for_proxies(REPORTS, path="/admin/", allow=[BOB]))
        cookie = self.session("alice", {"X-Forwarded-Uri": "/"})
        for uri, status in (("/", 200), ("/admin/", 403), ("//admin/", 403), ("/%61dmin/x", 403), ("/admin%2fx", 403), ("/x/../admin/", 400), ("/x/%2e%2e/admin/", 400),
                            ("/admin;a=b/", 403), ("/\\admin", 400), ("http://h/admin/", 400), ("/a#b", 400), ("*", 400)):
            self.assertEqual(self.ask(fields={"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": uri})[0], status, uri)

    def test_no_answer_may_be_kept(self):
        self.proxy(for_proxies(REPORTS), for_proxies(REPORTS, path="/forms/", sign_in=["forms"]))
        cookie = self.session("alice", {"X-Forwarded-Uri": "/"})
        for fields, status in (({"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/"}, 200), ({"X-Forwarded-Uri": "/"}, 401),
                               ({"Accept": "text/html", "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/forms/"}, 302),
                               ({"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/none"}, 200)):
            answer = self.ask(fields=fields)
            self.assertEqual((answer[0], answer[1]["Cache-Control"]), (status, "no-store"))
        self.assertEqual(self.ask(fields={"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/"})[1]["X-Accel-Expires"], "0")

    def test_a_page_of_another_site_gets_nothing_in_the_users_name(self):
        self.proxy(for_proxies(REPORTS))
        cookie = self.session("alice")
        evil = {"Cookie": cookie, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        handshake = {"Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()}
        for fields, status in (({**evil, "X-Forwarded-Method": "GET"}, 200), ({**evil, "X-Forwarded-Method": "POST"}, 403), ({**evil, "X-Forwarded-Method": "DELETE"}, 403),
                               (evil, 403), ({**evil, **handshake, "X-Forwarded-Method": "GET"}, 403),
                               ({"Cookie": cookie, "Origin": f"http://{FRONT}", "Sec-Fetch-Site": "same-origin", "X-Forwarded-Method": "POST"}, 200)):
            answer = self.ask(fields=fields)
            self.assertEqual(answer[0], status, fields)
            self.assertEqual("Authorization" in answer[1], status == 200)

    def test_what_another_proxy_forgets_to_set_is_not_taken_twice(self):
        self.proxy(for_proxies(REPORTS))
        cookie = self.session("alice")
        for name in ("X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-Host"):
            value = {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/", "X-Forwarded-Host": FRONT}[name]
            self.assertEqual(self.ask(fields=[("Cookie", cookie), (name, value), (name, value)])[0], 400, name)
        for method in ("GET POST", "get", "G" * 33):
            self.assertEqual(self.ask(fields={"Cookie": cookie, "X-Forwarded-Method": method})[0], 400, method)
        # Host has the site's name: whatever a client put into X-Forwarded-Host does not count.
        self.assertEqual(self.ask(fields={"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Host": "other.example.com"})[0], 200)
        # As Traefik asks.
        self.assertEqual(self.ask(host=f"127.0.0.1:{self.auth_port}", fields={"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Host": FRONT})[0], 200)
        self.assertEqual(self.ask(host=f"127.0.0.1:{self.auth_port}", fields={"Cookie": cookie, "X-Forwarded-Method": "GET", "X-Forwarded-Host": "a b"})[0], 400)

    def test_one_users_cookie_and_anothers_token(self):
        other = "other.root.fabrikam.com"
        self.proxy(for_proxies(REPORTS), for_proxies(REPORTS, host=other))
        cookie = self.session("alice")
        status, fields, _ = self.ask(fields={"Cookie": cookie, "Authorization": f"Negotiate {self.token('bob')}", "X-Forwarded-Method": "GET"})
        self.assertEqual((status, fields["X-Remote-User"]), (200, BOB))
        self.assertEqual(self.ask(fields={"Cookie": cookie[:-4] + "AAAA", "X-Forwarded-Method": "GET"})[0], 401)
        self.assertEqual(self.ask(host=other, fields={"Cookie": cookie, "X-Forwarded-Method": "GET"})[0], 401)  # of the other host
        self.assertEqual(self.ask(host=other, fields={"Authorization": f"Negotiate {self.token('bob')}"})[0], 401)
        used = self.token("alice")
        self.assertEqual([self.ask(fields={"Authorization": f"Negotiate {used}", "X-Forwarded-Method": "GET"})[0] for _ in range(2)], [200, 401])  # replayed

    def test_users_on_one_connection_are_not_mixed(self):
        """nginx keeps its connections to Stead and sends all users' requests on them."""
        self.proxy(for_proxies(REPORTS))
        cookies = {ALICE: self.session("alice"), BOB: self.session("bob")}
        connection = http.client.HTTPConnection("127.0.0.1", self.auth_port, timeout=30)
        for user in (ALICE, BOB, ALICE, None, BOB):
            connection.request("GET", f"/.stead/auth?spn={REPORTS}", headers={"Host": FRONT, "X-Forwarded-Method": "GET", **({"Cookie": cookies[user]} if user else {})})
            answer = connection.getresponse()
            answer.read()
            self.assertEqual((answer.status, answer.headers["X-Remote-User"]), (200, user) if user else (401, None))
        connection.close()

    def test_only_listed_proxies_may_ask(self):
        proxy = self.proxy(for_proxies(REPORTS), auth_from='["192.0.2.1"]')
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
            self.ask()
        proxy.must_log(re.escape("127.0.0.1 asked at auth_listen, and auth_from does not have it"))

    def test_clients_find_nothing_of_it(self):
        proxy = self.proxy(for_proxies(REPORTS))
        cookie = self.session("alice", {"X-Forwarded-Proto": "https"})
        self.assertTrue(cookie.startswith("__Host-stead="))
        for path in (f"/.stead/auth?spn={REPORTS}", "/", "/reports/"):
            head = proxy.curl(path, "-i", "-H", f"Cookie: {cookie}").ok().out
            self.assertRegex(head, "^HTTP/2 404", path)
            self.assertNotRegex(head, "(?im)^authorization:")

    def test_signing_out_ends_it(self):
        self.proxy(for_proxies(REPORTS))
        cookie = self.session("alice")
        self.assertEqual(json.loads(self.ask(path="/.stead/whoami", query="", fields={"Cookie": cookie})[2])["user"], ALICE)
        self.assertEqual(self.ask(path="/.stead/logout", query="", method="POST", fields={"Cookie": cookie, "Origin": f"http://{FRONT}", "Content-Length": "0"})[0], 303)
        self.assertEqual(self.ask(fields={"Cookie": cookie, "X-Forwarded-Method": "GET"})[0], 401)

    def test_a_refused_delegation_is_a_403_and_no_kdc_a_503(self):
        proxy = self.proxy(for_proxies("HTTP/denied.corp.contoso.com"), server="threads = 1\n")
        token = self.token("alice")
        status, fields, body = self.ask("HTTP/denied.corp.contoso.com", fields={"Authorization": f"Negotiate {token}", "X-Forwarded-Method": "GET"})
        self.assertEqual(status, 403)
        self.assertNotIn("Authorization", fields)
        self.assertNotIn("PrincipalsAllowedToDelegateToAccount", body)
        proxy.must_log("delegation refused")


class Conversation:
    """What both proxies have to do, with `self.front` in front: a function of curl's options to it."""

    def sees(self, user, *options):
        ran = self.curl("/page?x=1", "--fail", "--negotiate", "-u", ":", *options, env=self.users[user])
        return seen(ran.ok().out)

    def test_the_back_end_sees_the_user(self):
        self.front_of(self.apache())
        for user, name in (("alice", ALICE), ("bob", BOB), ("alice", ALICE)):
            said = self.sees(user, "-H", "X-Remote-User: administrator", "-H", "Cookie: a=b; stead=x")
            self.assertEqual((said["REMOTE_USER"], said["headers"]["X-Remote-User"]), (name, name))
            self.assertEqual(said["headers"].get("Cookie"), "a=b")
            self.assertNotIn("Cookie", self.sees(user)["headers"])

    def test_a_client_without_credentials_gets_the_challenge_and_the_form(self):
        self.front_of(self.apache())
        head = self.curl("/page?x=1&return=/y", "-i", "-H", "X-Remote-User: administrator", "-H", "Authorization: Basic YTpi").ok().out
        self.assertRegex(head, "^HTTP/(1.1|2) 401")
        self.assertRegex(head, r"(?im)^www-authenticate: negotiate\s*$")
        self.assertIn('name="return" value="/page?x=1&amp;return=/y"', head)

    def test_the_form_signs_in_and_the_session_goes_on(self):
        self.front_of(self.apache())
        jar = self.folder_of_front / "jar"
        page = self.curl("/page?x=1", "-b", jar, "-c", jar).ok().out
        csrf = re.search(r'name="csrf" value="([^"]*)"', page).group(1)
        fields = [o for field, value in {"username": "alice", "password": PASSWORD, "csrf": csrf, "return": "/page?x=1"}.items() for o in ("--data-urlencode", f"{field}={value}")]
        said = self.curl("/.stead/login", "-b", jar, "-c", jar, "-i", "-H", f"Origin: {self.origin}", *fields).ok().out
        self.assertRegex(said, "^HTTP/(1.1|2) 303")
        self.assertRegex(said, r"(?im)^location: /page\?x=1\s*$")
        self.assertEqual(seen(self.curl("/page?x=1", "-b", jar, "--fail").ok().out)["REMOTE_USER"], ALICE)
        forged = self.curl("/page?x=1", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-H", "Origin: https://evil.example", "-H", "Sec-Fetch-Site: cross-site").ok().out
        self.assertEqual(forged, "403")
        self.assertEqual(self.curl("/page", "-b", jar, "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-d", "x=1", "-H", f"Origin: {self.origin}").ok().out, "200")

    def test_a_kerberos_session_has_a_cookie(self):
        self.front_of(self.apache())
        jar = self.folder_of_front / "jar"
        self.sees("alice", "-c", jar)
        self.assertIn("__Host-stead", jar.read_text())
        self.assertEqual(seen(self.curl("/page", "-b", jar, "--fail").ok().out)["REMOTE_USER"], ALICE)

    def test_the_tokens_are_not_for_clients(self):
        self.front_of(self.apache())
        for path in (f"/.stead/auth?spn={REPORTS}", f"/.stead/../.stead/auth?spn={REPORTS}", f"/%2estead/auth?spn={REPORTS}", f"//.stead/auth?spn={REPORTS}",
                     f"/.stead/auth/?spn={REPORTS}", f"/stead-auth?spn={REPORTS}", f"/.stead/%61uth?spn={REPORTS}"):
            ran = self.curl(path, "-i", "--path-as-is", "--negotiate", "-u", ":", env=self.users["alice"]).ok().out
            self.assertNotRegex(ran, "(?im)^authorization: negotiate", path)

    def test_users_at_once_are_not_mixed(self):
        self.front_of(self.apache(connection_bound=True))
        wrong = []

        def work(user, name):
            for _ in range(15):
                if self.sees(user)["REMOTE_USER"] != name:
                    wrong.append(user)

        threads = [threading.Thread(target=work, args=pair) for pair in (("alice", ALICE), ("bob", BOB))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def whom_the_back_end_takes_nobody_for(self, **options):
        """A back end that remembers the user of a connection, and after alice a request for which nobody signs in."""
        self.front_of(self.apache(connection_bound=True), **options)
        self.assertEqual(self.sees("alice")["REMOTE_USER"], ALICE)
        said = self.curl("/open/page").ok().out
        return seen(said).get("REMOTE_USER") if "REMOTE_USER" in said else None

    def test_a_back_end_that_remembers_its_connections_user_takes_nobody_for_another(self):
        self.assertIsNone(self.whom_the_back_end_takes_nobody_for())

    def test_with_shared_connections_it_does(self):
        """So the setting is needed, and the test above would notice."""
        self.assertEqual(self.whom_the_back_end_takes_nobody_for(shares_connections=True), ALICE)


class BehindNginx(Conversation, Behind):
    def front_of(self, apache, shares_connections=False):
        self.proxy(for_proxies(REPORTS))
        self.front = self.enterContext(Nginx(lambda folder, port: self.configuration(folder, port, apache, shares_connections)))
        self.folder_of_front, self.origin = self.front.folder, f"https://{FRONT}:{self.front.port}"

    def configuration(self, folder, port, apache, shares_connections):
        certificate, key = make_certificate(folder, [FRONT])
        text = (SAMPLES / "nginx.conf").read_text()
        for old, new in (("443 ssl", f"127.0.0.1:{port} ssl"), ("www.example.com", FRONT), ("/etc/nginx/www.crt", str(certificate)), ("/etc/nginx/www.key", str(key)),
                         ("127.0.0.1:8444", f"127.0.0.1:{self.auth_port}"), ("server reports.example.com:80;", f"server 127.0.0.1:{apache.port};"),
                         ("HTTP/reports.example.com", REPORTS)):
            self.assertIn(old, text)
            text = text.replace(old, new)
        text = f"access_log off;\n{text}".replace("  location / {", """  location /open/ {
    proxy_pass http://reports;
    proxy_set_header Connection close;
    proxy_set_header Authorization "";
  }
  location / {""")
        if shares_connections:
            text = text.replace(f"server 127.0.0.1:{apache.port};", f"server 127.0.0.1:{apache.port}; keepalive 4;").replace("Connection close;", 'Connection "";')
        return text

    def curl(self, path, *options, env=None):
        return foreign.run("curl", "-sS", "--noproxy", "*", "--max-time", "30", "--cacert", self.front.folder / "front.crt", "--resolve", f"{FRONT}:{self.front.port}:127.0.0.1",
                           *options, f"https://{FRONT}:{self.front.port}{path}", env=env or foreign.clean_environment())


class BehindCaddy(Conversation, Behind):
    def front_of(self, apache, shares_connections=False):
        self.proxy(for_proxies(REPORTS, public=["/open/"]))
        self.front = self.enterContext(Caddy(lambda folder, port: self.configuration(folder, port, apache, shares_connections)))
        self.folder_of_front, self.origin = self.front.folder, f"https://{FRONT}:{self.front.port}"

    def configuration(self, folder, port, apache, shares_connections):
        certificate, key = make_certificate(folder, [FRONT])
        text = (SAMPLES / "Caddyfile").read_text()
        for old, new in (("www.example.com {", f"https://{FRONT}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}"), ("127.0.0.1:8444", f"127.0.0.1:{self.auth_port}"),
                         ("reports.example.com:80", f"127.0.0.1:{apache.port}"), ("HTTP/reports.example.com", REPORTS)):
            self.assertIn(old, text)
            text = text.replace(old, new)
        return text.replace("keepalive off", "keepalive 60s") if shares_connections else text

    curl = BehindNginx.curl


if __name__ == "__main__":
    unittest.main()
