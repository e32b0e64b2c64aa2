"""`stead-proxy why REQUEST-ID`: what became of a request that failed, of which a user reports the id."""
# ctest: TIMEOUT 300

import base64
import json
import re
import time
import unittest

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.plain_proxy import PlainProxy
from tests.support.proxy import FRONT, Proxy, route

ALICE = "alice@ROOT.FABRIKAM.COM"
NTLM = "Negotiate " + base64.b64encode(b"NTLMSSP\0\x01\0\0\0" + bytes(28)).decode()


def why(socket_path, request_id, *options):
    """Repeated for a moment: a client has its answer before the request is noted."""
    end = time.monotonic() + 5
    while (ran := foreign.built("stead-proxy").run("why", "--socket", socket_path, *options, request_id)).status != 0 and time.monotonic() < end:
        time.sleep(0.05)
    return ran


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        back_end = cls.enterClassContext(Apache(cls.forest.keytab("reports$@ROOT.FABRIKAM.COM"), cls.forest.env["KRB5_CONFIG"]))
        cls.proxy = cls.enterClassContext(Proxy(cls.forest, [route("/reports/", back_end.url, "HTTP/reports.root.fabrikam.com", host=FRONT),
                                                             route("/denied/", back_end.url, "HTTP/denied.corp.contoso.com")],
                                                server='admin_socket = "admin.sock"\nthreads = 2\n'))
        cls.socket = cls.proxy.folder / "admin.sock"

    def ask(self, path, *options):
        """The status and the request id of the answer."""
        head = self.proxy.curl(path, "-i", *options).ok().out
        return int(head.split()[1]), re.search(r"(?im)^x-request-id: (\S+)", head).group(1)

    def test_a_refused_delegation_has_its_diagnosis_and_its_fix(self):
        jar = self.proxy.folder / "alice"
        self.assertEqual(self.proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        status, request = self.ask("/denied/page?secret=query", "-b", jar)
        self.assertEqual(status, 403)
        text = why(self.socket, request.upper()).ok().out
        self.assertRegex(text, rf"(?m)^request   {request}$")
        self.assertRegex(text, rf"(?m)^asked     GET {re.escape(FRONT)}/denied/page \(from 127.0.0.1\)$")
        self.assertRegex(text, r"(?m)^route     any /denied/ \(HTTP/denied.corp.contoso.com\)$")
        self.assertRegex(text, rf"(?m)^user      {re.escape(ALICE)} \(forms\)$")
        self.assertRegex(text, r"(?m)^status    403$")
        self.assertRegex(text, r"(?m)^why       \S.*\S$")
        self.assertRegex(text, r"(?m)^fix       .*Set-ADComputer")
        told = json.loads(why(self.socket, request, "--json").ok().out)
        logged = [line for line in self.proxy.access_log() if line["request_id"] == request][0]
        self.assertEqual((told["why"], told["user"], told["status"], told["time"]), (logged["diagnosis"], ALICE, 403, logged["time"]))
        for secret in ("secret", "query", "Cookie", re.search(r"\t(\S+)\n", jar.read_text()).group(1)):
            self.assertNotIn(secret, text + json.dumps(told))

    def test_refused_sign_ins_have_their_reason(self):
        status, request = self.ask("/reports/", "-H", f"Authorization: {NTLM}")
        self.assertEqual(status, 401)
        text = why(self.socket, request).ok().out
        self.assertRegex(text, r"(?m)^event     sign-in refused$")
        self.assertRegex(text, r"(?m)^why       the browser sent NTLM: it found no Kerberos ticket")
        self.assertNotIn(NTLM.split()[1], text)
        jar = self.proxy.folder / "bob"
        status, ran = self.proxy.log_in("bob", "wrong", jar)
        self.assertEqual(status, 401)
        end = time.monotonic() + 10
        while not (refused := re.findall(r'"audit":"sign-in refused","user":"bob@.*"request":"(\w+)"', self.proxy.log())):
            self.assertLess(time.monotonic(), end)
        text = why(self.socket, refused[-1]).ok().out
        self.assertRegex(text, r"(?m)^user      bob@ROOT.FABRIKAM.COM \(forms\)$")
        self.assertNotIn("wrong\n", text)
        _, request = self.ask("/reports/")
        self.assertRegex(why(self.socket, request).ok().out, r"(?m)^why       the client was asked to sign in$")

    def test_the_status_page_shows_refused_sign_ins(self):
        _, request = self.ask("/reports/", "-H", f"Authorization: {NTLM}")
        jar = self.proxy.folder / "mallory"
        self.assertEqual(self.proxy.log_in("<b>&\u202emallory", "secret", jar)[0], 401)
        end = time.monotonic() + 10
        refused = []
        while not [one for one in refused if "mallory" in one["user"]]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
            refused = json.loads(self.proxy.admin("/status.json")[1])["refused_sign_ins"]
        ntlm = [one for one in refused if one["request_id"] == request][0]
        self.assertEqual((ntlm["event"], ntlm["method"], ntlm["address"], ntlm["user"]), ("sign-in refused", "kerberos", "127.0.0.1", ""))
        self.assertRegex(ntlm["reason"], "^the browser sent NTLM: it found no Kerberos ticket")
        self.assertEqual([one["time"] for one in refused], sorted((one["time"] for one in refused), reverse=True))
        page = self.proxy.admin("/status")[1]
        self.assertRegex(page, rf"<td>not known</td><td>127.0.0.1</td><td>sign-in refused \(kerberos\)</td><td>the browser sent NTLM: [^<]*</td><td>{request}</td>")
        self.assertIn("<td>&lt;b&gt;&amp;\\u202emallory@", page)
        self.assertNotIn("secret", page)

    def test_a_page_of_another_site_is_told_as_such(self):
        status, request = self.ask("/reports/", "-d", "x=y", "-H", "Origin: https://evil.example")
        self.assertEqual(status, 403)
        self.assertRegex(why(self.socket, request).ok().out, r"(?m)^why       a page of another site sent it; .*allowed_origins")


class Plain(unittest.TestCase):
    def setUp(self):
        self.proxy = self.enterContext(PlainProxy(lambda proxy: f'[[route]]\nupstreams = ["{proxy.back_end("one").url}"]\ndelegation = "none"\n',
                                                  server='admin_socket = "admin.sock"\nthreads = 3\n'))
        self.socket = self.proxy.folder / "admin.sock"

    def test_each_core_is_asked(self):
        self.assertEqual(self.proxy.ask("/")[0], 200)
        self.proxy.back_ends[0].kill()
        for _ in range(12):
            status, headers, page = self.proxy.ask("/x?token=1")
            self.assertEqual(status, 502)
            self.assertIn(headers["X-Request-Id"], page)
            text = why(self.socket, headers["X-Request-Id"]).ok().out
            self.assertRegex(text, rf"(?m)^asked     GET 127.0.0.1/x \(from 127.0.0.1\)\nroute     any /\nstatus    502\nwhy       upstream 127.0.0.1:{self.proxy.back_ends[0].port}: ")
            self.assertNotIn("token", text)

    def test_ids_that_are_not_known(self):
        status, headers, _ = self.proxy.ask("/")
        self.assertEqual(status, 200)
        for request_id in (headers["X-Request-Id"], "0" * 32):
            ran = foreign.built("stead-proxy").run("why", "--socket", self.socket, request_id)
            self.assertEqual((ran.status, ran.out), (1, ""))
            self.assertRegex(ran.err, rf"^request {request_id} is not among the last 256 .*: look for it in the access log\n$")
        for request_id in ("nonsense", "0" * 31, "0" * 33, "../../x?a=b&id=1"):
            ran = foreign.built("stead-proxy").run("why", "--socket", self.socket, request_id)
            self.assertEqual((ran.status, ran.err), (1, "a request id is 32 hexadecimal digits, as an error page shows it\n"))
        ran = foreign.built("stead-proxy").run("why", "--socket", "/nowhere/sock", "0" * 32)
        self.assertEqual((ran.status, ran.err), (1, "/nowhere/sock: no proxy can be asked there: No such file or directory\n"))
        self.assertEqual(foreign.built("stead-proxy").run("why").status, 2)

    def test_hostile_paths_end_no_line(self):
        status, headers, _ = self.proxy.ask("/%0astatus")
        self.assertEqual(status, 400)
        lines = why(self.socket, headers["X-Request-Id"]).ok().out.splitlines()
        self.assertEqual([line for line in lines if line.startswith("status")], ["status    400"])

    def test_the_admin_port_does_not_tell(self):
        with self.assertRaisesRegex(Exception, "404"):
            self.proxy.admin("/why?id=" + "0" * 32)


if __name__ == "__main__":
    unittest.main()
