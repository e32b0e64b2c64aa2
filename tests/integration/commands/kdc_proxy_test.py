"""`stead s4u` where the KDCs are behind FreeIPA's kdcproxy (MS-KKDCP), which judges our messages."""

import json
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.kdc_relay import KdcRelay
from tests.support.proxy import make_certificate

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
REPORTS = "HTTP/reports.root.fabrikam.com"
BACKEND = "HTTP/backend.corp.contoso.com"
DENIED = "HTTP/denied.corp.contoso.com"


class BehindARelay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.keytab = cls.forest.keytab(FRONT_END)
        cls.certificate, key = make_certificate(cls.forest.folder, ["localhost"], "relay")
        # It asks one KDC of each realm, and knows no levels: it is given those that can do everything.
        able = {realm: [dc for dc in cls.forest.controllers(realm) if not dc["level"].startswith("2008")]
                for realm in (domain["realm"] for domain in cls.forest.forest["domain"])}
        try:
            cls.relay = cls.enterClassContext(KdcRelay(cls.forest.folder, cls.certificate, key, able))
        except foreign.Missing as missing:
            raise unittest.SkipTest(str(missing)) from None

    def s4u(self, locator, *args, status=0):
        config = self.forest.folder / "relay.toml"
        config.write_text(locator)
        ran = foreign.built("stead").run("s4u", "--config", config, "--keytab", self.keytab, "--principal", FRONT_END, "--json", *args,
                                         env=self.forest.env)
        self.assertEqual(ran.status, status, f"{ran}\n{(self.forest.folder / 'relay.log').read_text()[-2000:]}")
        return json.loads(ran.out)

    def everywhere(self, url=None, ca=None):
        return f'[locator]\nkdc_proxy = "{url or self.relay.url}"\nca = "{ca or self.certificate}"\n'

    def test_a_ticket_in_the_domain(self):
        out = self.s4u(self.everywhere(), "--for", "alice", "--service", REPORTS)
        self.assertTrue(out["granted"])
        self.assertEqual({step["controller"] for step in out["steps"]}, {"localhost"})
        self.assertEqual({step["level"] for step in out["steps"]}, {"unknown"})

    def test_a_ticket_in_another_forest(self):
        out = self.s4u(self.everywhere(), "--for", "alice", "--service", BACKEND)
        self.assertTrue(out["granted"])
        self.assertEqual(out["service"], BACKEND + "@CORP.CONTOSO.COM")

    def test_a_refusal_is_the_kdcs(self):
        out = self.s4u(self.everywhere(), "--for", "alice", "--service", DENIED, status=1)
        self.assertFalse(out["granted"])
        self.assertEqual(out["steps"][-1]["answer"], "KDC_ERR_BADOPTION")

    def test_a_realm_alone_is_behind_it(self):
        known = self.forest.stead_toml.read_text()
        self.assertIn('[locator.realm."CORP.CONTOSO.COM"]', known)
        head, tail = known.split('[locator.realm."CORP.CONTOSO.COM"]\n', 1)
        behind = head + f'[locator.realm."CORP.CONTOSO.COM"]\nkdc_proxy = "{self.relay.url}"\nca = "{self.certificate}"\n'
        behind += tail[tail.index("[", tail.index("]\n")):] if "\n[" in tail else ""
        out = self.s4u(behind, "--for", "alice", "--service", BACKEND)
        self.assertTrue(out["granted"])
        self.assertEqual({step["controller"] for step in out["steps"] if step["realm"] == "CORP.CONTOSO.COM" and step["controller"]}, {"localhost"})

    def doctor(self, locator, service):
        config = self.forest.folder / "doctor.toml"
        config.write_text(f'[server]\nlisten = ["127.0.0.1:8443"]\n[identity]\nprincipal = "{FRONT_END}"\nkeytab = "{self.keytab}"\n{locator}'
                          '[sign_in.kerberos]\n[sign_in.forms]\n[[route]]\nupstreams = ["http://127.0.0.1:9"]\ndelegation = "none"\n')
        self.keytab.chmod(0o600)
        ran = foreign.built("stead").run("doctor", "--config", config, "--for", "alice", "--service", service, "--json", env=self.forest.env)
        return ran.status, [check for check in json.loads(ran.out)["checks"] if check["result"] == "fault"]

    def test_the_doctor_asks_through_it(self):
        for service in (REPORTS, BACKEND):
            with self.subTest(service):
                self.assertEqual(self.doctor(self.everywhere(), service), (0, []))
        status, faults = self.doctor(self.everywhere(), DENIED)
        self.assertEqual((status, [check["id"] for check in faults]), (1, ["D3"]))
        status, faults = self.doctor(self.everywhere("https://127.0.0.1:9/KdcProxy"), REPORTS)
        self.assertEqual((status, [check["id"] for check in faults]), (3, ["N2"]), faults)
        self.assertIn("127.0.0.1:9", faults[0]["proof"] + faults[0]["symptom"])

    def test_a_certificate_that_does_not_hold_is_nobody(self):
        other, _ = make_certificate(self.forest.folder, ["localhost"], "other")
        for locator in (self.everywhere(ca=other), f'[locator]\nkdc_proxy = "{self.relay.url}"\n'):
            self.assertFalse(self.s4u(locator, "--for", "alice", "--service", REPORTS, status=3)["granted"])
        folder = self.forest.folder / "elsewhere"
        folder.mkdir()
        with KdcRelay(folder, *make_certificate(folder, ["elsewhere.example"], "named"), self.relay.controllers) as named:
            self.s4u(self.everywhere(named.url, named.certificate), "--for", "alice", "--service", REPORTS, status=3)
            by_address = named.url.replace("localhost", "127.0.0.1")
            self.assertTrue(self.s4u(self.everywhere(by_address, named.certificate), "--for", "alice", "--service", REPORTS)["granted"])

    def test_nobody_listens(self):
        self.s4u(self.everywhere("https://127.0.0.1:9/KdcProxy"), "--for", "alice", "--service", REPORTS, status=3)

    def test_locate_names_the_relay(self):
        config = self.forest.folder / "relay.toml"
        config.write_text(self.everywhere())
        ran = foreign.built("stead").run("locate", "ROOT.FABRIKAM.COM", "--config", config, "--json").ok()
        self.assertIn("are behind https://localhost", json.loads(ran.out)["why"])


if __name__ == "__main__":
    unittest.main()
