"""Sign-in by client certificate through real TLS handshakes: each way a certificate can be good or bad, with its page and its line in the log."""

import http.client
import json
import pathlib
import re
import socket
import ssl
import tempfile
import time
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest
from tests.support.authority import UPN, Authority, sid_extension
from tests.support.proxy import FRONT, Proxy, make_certificate, route

REALM = "ROOT.FABRIKAM.COM"
ALICE = [f"subjectAltName = {UPN}alice@{REALM.lower()}", sid_extension("S-1-5-21-1004336348-1177238915-682003330-1104")]
REVOCATION_NONE = 'revocation = "none"'


def forest_text():
    """The demo's forest, in which bob has a certificate, and carol and dave share one."""
    text = (foreign.TOP / "samples/forest.toml").read_text()
    for account, certificates in (("bob", '["bob.crt"]'), ("carol", '["X509:<S>CN=shared"]'), ("dave", '["X509:<S>CN=shared"]')):
        text, found = re.subn(rf'^(\s*name\s*=\s*"{account}")$', rf"\1\ncertificates = {certificates}", text, flags=re.M)
        if found != 1:
            raise AssertionError(f"{account} is there {found} times")
    return text


class ClientCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.root = Authority(folder, "root")
        cls.issuing = Authority(folder, "issuing", cls.root)
        cls.issuing_2 = Authority(folder, "issuing2", cls.root)
        cls.stranger = Authority(folder, "stranger")
        cls.certificates = {
            "alice": cls.issuing.issue("alice", "Alice", ALICE),
            "upn": cls.issuing.issue("upn", "Upn", [f"subjectAltName = {UPN}alice@{REALM.lower()}"]),
            "bob": cls.issuing.issue("bob", "Robert"),
            "shared": cls.issuing.issue("shared", "shared"),
            "nobody": cls.issuing.issue("nobody", "Nobody", [f"subjectAltName = {UPN}nobody@{REALM.lower()}"]),
            "nameless": cls.issuing.issue("nameless", "Nameless"),
            "expired": cls.issuing.issue("expired", "Alice", ALICE, begins=-3, ends=-1),
            "early": cls.issuing.issue("early", "Alice", ALICE, begins=1, ends=3),
            "server": cls.issuing.issue("server", "Alice", ALICE, usage="serverAuth"),
            "revoked": cls.issuing.issue("revoked", "Alice", ALICE),
            "second": cls.issuing_2.issue("second", "Alice", ALICE),
            "foreign": cls.stranger.issue("foreign", "Alice", ALICE),
        }
        cls.issuing.revoke(cls.certificates["revoked"][0])
        file = folder / "forest" / "forest.toml"
        file.parent.mkdir()
        file.write_text(forest_text())
        (file.parent / "bob.crt").write_bytes(cls.certificates["bob"][0].read_bytes())
        cls.state = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="state-"))
        cls.forest = cls.enterClassContext(Forest(file, state=cls.state, free_ports=True))
        cls.reports = cls.enterClassContext(Apache(cls.forest.keytab(f"reports$@{REALM}"), cls.forest.env["KRB5_CONFIG"]))

    def proxy(self, crl="", routes=None):
        """A proxy that trusts the root; `crl` are the configuration's words for the lists."""
        routes = routes or [route("/", self.reports.url, "HTTP/reports.root.fabrikam.com", ["certificate"]),
                            route("/either/", self.reports.url, "HTTP/reports.root.fabrikam.com", ["certificate", "forms"])]
        return self.enterContext(Proxy(self.forest, routes, sign_in='[sign_in.forms]\n[sign_in.certificate]\n'
                                       f'ca = "{self.root.certificate}"\n{crl or REVOCATION_NONE}\n'))

    def lists(self, *texts):
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "lists.pem"
        file.write_text("".join(texts))
        return file

    def get(self, proxy, who, path="/", *options):
        """curl with that certificate, or none; its answer with the status in front."""
        certificate, key = self.certificates[who] if who else (None, None)
        with_certificate = ["--cert", certificate, "--key", key] if who else []
        out = proxy.curl(path, *with_certificate, "-w", "\n%{http_code}", *options).ok().out
        body, status = out.rsplit("\n", 1)
        return int(status), body

    def refused(self, proxy, who, title, *words, status=403):
        """That page, and the one line in the log with the words; the page's request id is the line's."""
        got, page = self.get(proxy, who)
        self.assertEqual(got, status, page)
        self.assertIn(f"<h1>{title}</h1>", page)
        self.assertNotIn("KRB", page)
        lines = [line for line in proxy.log().splitlines() if '"sign-in refused"' in line]
        event = json.loads(lines[-1][lines[-1].index("{"):])
        self.assertIn(event["request"], page)
        for word in words:
            self.assertIn(word, event["detail"])
        return event

    def test_the_upn_in_the_certificate_says_whose_it_is(self):
        proxy = self.proxy()
        status, page = self.get(proxy, "alice")
        self.assertEqual((status, seen(page)["REMOTE_USER"]), (200, f"alice@{REALM}"))
        proxy.must_log(r'"sign-in".*"alice@ROOT.FABRIKAM.COM".*CN=Alice serial 10')

    def test_the_directory_says_whose_it_is(self):
        status, page = self.get(self.proxy(), "bob")
        self.assertEqual((status, seen(page)["REMOTE_USER"]), (200, f"bob@{REALM}"))

    def test_each_fault_has_its_page_and_its_line(self):
        proxy = self.proxy(f'crl = "{self.lists(self.issuing.revocation_list())}"')
        self.refused(proxy, None, "Certificate needed", "no client certificate")
        self.refused(proxy, "foreign", "Certificate not trusted", "local issuer", "CN=Alice")
        self.refused(proxy, "expired", "Certificate expired", "expired", "CN=Alice")
        self.refused(proxy, "early", "Certificate not yet valid", "not yet valid")
        self.refused(proxy, "revoked", "Certificate revoked", "revoked", "serial")
        self.refused(proxy, "server", "Certificate not accepted", "purpose")
        self.refused(proxy, "nobody", "No account matches this certificate", "KDC_ERR_C_PRINCIPAL_UNKNOWN")
        self.refused(proxy, "upn", "Certificate not bound to an account", "KDC_ERR_CERTIFICATE_MISMATCH")
        self.refused(proxy, "nameless", "No account matches this certificate", "CN=Nameless")
        self.refused(proxy, "shared", "Several accounts match this certificate", "KDC_ERR_PRINCIPAL_NOT_UNIQUE")
        self.assertEqual(self.get(proxy, "alice")[0], 200)
        # None of them reached the back end.
        self.wait_for(lambda: any(line["status"] == 200 for line in proxy.access_log()))
        self.assertEqual({line["user"] for line in proxy.access_log() if line["status"] == 200}, {f"alice@{REALM}"})

    def test_a_upn_is_believed_in_the_realms_that_the_file_names(self):
        by_upn = lambda realm: self.proxy(f'{REVOCATION_NONE}\nmapping = "upn"\nupn_realms = ["{realm}"]')
        proxy = by_upn(REALM)
        self.assertEqual(self.get(proxy, "upn")[0], 200)
        self.refused(proxy, "nobody", "No account matches this certificate")
        self.refused(by_upn("EMEA.ROOT.FABRIKAM.COM"), "upn", "Certificate of another account", "upn_realms")

    def test_an_account_that_is_disabled_is_out_at_once(self):
        proxy = self.proxy()
        self.assertEqual(self.get(proxy, "alice")[0], 200)
        change = lambda command: self.forest.kdc("directory", "--state", self.state, command, "alice").ok()
        change("Disable-ADAccount")
        self.addCleanup(change, "Enable-ADAccount")
        self.refused(proxy, "alice", "Sign-in refused", "CLIENT_REVOKED")

    def test_a_session_is_served_where_its_certificate_is_shown(self):
        proxy = self.proxy()
        jar = self.folder / "jar"
        self.assertEqual(self.get(proxy, "alice", "/", "-c", jar)[0], 200)
        self.assertEqual(self.get(proxy, "alice", "/", "-b", jar)[0], 200)
        self.assertEqual(self.get(proxy, None, "/", "-b", jar)[0], 403)
        self.assertEqual(self.get(proxy, "nameless", "/", "-b", jar)[0], 403)

    def test_a_bad_certificate_leaves_the_other_ways_to_sign_in(self):
        proxy = self.proxy()
        status, page = self.get(proxy, "expired", "/either/", "-H", "Accept: text/html")
        self.assertEqual(status, 303)
        self.assertEqual(self.get(proxy, "alice", "/either/")[0], 200)

    def test_without_lists_none_is_asked_for(self):
        self.assertEqual(self.get(self.proxy(), "revoked")[0], 200)

    def test_a_list_of_another_authority_or_past_its_time_is_none(self):
        proxy = self.proxy(f'crl = "{self.lists(self.issuing_2.revocation_list())}"')
        self.refused(proxy, "alice", "Certificate cannot be checked", "unable to get certificate CRL")
        proxy = self.proxy(f'crl = "{self.lists(self.issuing.revocation_list(ends=-1))}"')
        self.refused(proxy, "alice", "Certificate cannot be checked", "CRL has expired")
        proxy.must_log("past its next update")

    def test_an_issuing_authority_is_checked_where_its_list_is_given(self):
        root = Authority(self.folder, "root-of-revoked")
        issuing = Authority(self.folder, "issuing-that-ends", root)
        certificate = issuing.issue("alice", "Alice", ALICE)
        self.certificates["below"] = certificate
        before, leaf = root.revocation_list(), issuing.revocation_list()
        root.revoke(issuing.certificate)
        after = root.revocation_list()
        trusting = lambda text: self.enterContext(Proxy(
            self.forest, [route("/", self.reports.url, "HTTP/reports.root.fabrikam.com", ["certificate"])],
            sign_in=f'[sign_in.certificate]\nca = "{root.certificate}"\ncrl = "{self.lists(text)}"\n'))
        self.assertEqual(self.get(trusting(leaf), "below")[0], 200)
        self.assertEqual(self.get(trusting(leaf + before), "below")[0], 200)
        self.refused(trusting(leaf + after), "below", "Certificate revoked", "revoked")

    def test_lists_come_in_der_and_in_several_files(self):
        der = self.folder / "issuing.crl"
        der.write_bytes(self.issuing.revocation_list(der=True))
        second = self.lists(self.issuing_2.revocation_list())
        proxy = self.proxy(f'crl = ["{der}", "{second}"]')
        self.assertEqual((self.get(proxy, "alice")[0], self.get(proxy, "second")[0]), (200, 200))
        self.refused(proxy, "revoked", "Certificate revoked")

    def test_a_file_that_is_no_list_is_named(self):
        for content in ("nothing\n", self.issuing.revocation_list() + "-----BEGIN X509 CRL-----\nbm8=\n-----END X509 CRL-----\n"):
            file = self.lists(content)
            good = self.proxy()
            good.file.write_text(good.file.read_text().replace(REVOCATION_NONE, f'crl = "{file}"'))
            ran = good.check()
            self.assertEqual(ran.status, 2)
            self.assertIn(str(file), ran.err)

    def connection(self, proxy, who, ciphers=None):
        context = ssl.create_default_context(cafile=proxy.ca)
        if ciphers:
            context.set_ciphers(ciphers)
        context.load_cert_chain(*self.certificates[who])
        connection = http.client.HTTPSConnection(FRONT, proxy.port, context=context, timeout=20)
        connection._create_connection = lambda address, *rest: socket.create_connection(("127.0.0.1", address[1]), *rest)
        return connection

    def test_a_list_that_changes_is_read_again_and_holds_for_open_connections(self):
        leaving = self.issuing.issue("leaving", "Alice", ALICE)
        self.certificates["leaving"] = leaving
        lists = self.lists(self.issuing.revocation_list())
        proxy = self.proxy(f'crl = "{lists}"')
        connection = self.connection(proxy, "leaving")
        self.addCleanup(connection.close)

        def status(headers=()):
            connection.request("GET", "/", headers=dict(headers))
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Set-Cookie")

        code, cookie = status()
        self.assertEqual(code, 200)
        session = {"Cookie": cookie.split(";")[0]}
        wire = connection.sock
        # A file that cannot be read changes nothing, and is reported.
        lists.write_text("half a li")
        self.wait_for(lambda: "stay in use" in proxy.log())
        self.assertEqual(status(session)[0], 200)
        self.issuing.revoke(leaving[0])
        lists.write_text(self.issuing.revocation_list())
        self.wait_for(lambda: "were read again" in proxy.log())
        self.assertEqual(status()[0], 403)
        self.assertEqual(status(session)[0], 403, "a session that the certificate began")
        self.assertIs(connection.sock, wire)
        self.refused(proxy, "leaving", "Certificate revoked")
        self.assertEqual(self.get(proxy, "alice")[0], 200)

    def test_a_weak_key_is_refused_when_it_is_judged_again_too(self):
        self.certificates["weak"] = self.issuing.issue("weak", "Alice", ALICE, key=("rsa:1024",))
        lists = self.lists(self.issuing.revocation_list())
        proxy = self.proxy(f'crl = "{lists}"')
        connection = self.connection(proxy, "weak", "DEFAULT@SECLEVEL=0")
        self.addCleanup(connection.close)

        def status():
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            return answer.status

        self.assertEqual(status(), 403)
        wire = connection.sock
        lists.write_text(self.issuing.revocation_list() + "\n")
        self.wait_for(lambda: "were read again" in proxy.log())
        self.assertEqual(status(), 403)
        self.assertIs(connection.sock, wire)
        weak = lambda: [line for line in proxy.log().splitlines() if '"sign-in refused"' in line and "key too weak" in line]
        self.wait_for(lambda: len(weak()) == 2)

    def test_a_servers_certificate_that_changes_is_served_without_a_restart(self):
        proxy = self.proxy()
        before = ssl.get_server_certificate(("127.0.0.1", proxy.port))
        connection = self.connection(proxy, "alice")
        self.addCleanup(connection.close)
        connection.connect()
        make_certificate(proxy.folder, [FRONT])
        self.wait_for(lambda: "were read again" in proxy.log())
        self.assertNotEqual(ssl.get_server_certificate(("127.0.0.1", proxy.port)), before)
        connection.request("GET", "/")
        self.assertEqual(connection.getresponse().status, 200)
        self.assertEqual(self.get(proxy, "alice")[0], 200)

    def wait_for(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
