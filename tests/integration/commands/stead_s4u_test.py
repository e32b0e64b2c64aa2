"""`stead s4u`, `locate`, `explain` and `err` against the demo forest, as an administrator runs them."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from samples.support import foreign
from samples.support.forest import Forest

TOP = foreign.TOP
DEMO = TOP / "samples/forest.toml"
FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
REPORTS = "HTTP/reports.root.fabrikam.com"
BACKEND = "HTTP/backend.corp.contoso.com"
ORDERS = "HTTP/orders.sales.corp.contoso.com"
DENIED = "HTTP/denied.corp.contoso.com"


def short(steps):
    """The steps in a few words each, without own TGTs and users' realms."""
    return [f"{s['exchange']} {(s['controller'] or '-').split('.')[0]}.{s['realm'].split('.')[0].lower()} {s['answer']}"
            for s in steps if s["exchange"] != "AS"]


class Demo(unittest.TestCase):
    dcs = None

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(DEMO, dcs=cls.dcs, free_ports=True))
        cls.keytab = cls.forest.keytab(FRONT_END)
        cls.stead = foreign.built("stead")

    def s4u(self, *args, status=0):
        ran = self.stead.run("s4u", "--config", self.forest.stead_toml, "--keytab", self.keytab, "--principal", FRONT_END, "--json",
                             *args, env=self.forest.env)
        self.assertEqual(ran.status, status, ran)
        return json.loads(ran.out)

    def refused(self, code, *args, status=1):
        out = self.s4u(*args, status=status)
        self.assertFalse(out["granted"])
        self.assertIsNone(out["end_time"])
        self.assertEqual(out["diagnosis"]["code"], code)
        return out


class ByCertificate(Demo):
    """A certificate that is mapped to two users, and one that is mapped to no user."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stead-s4u-")))
        for name in ("shared", "strange"):
            foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt").ok()
        text = re.sub(r'^(name\s*=\s*"(alice|bob)")$', r'\1\ncertificates = ["shared.crt"]', DEMO.read_text(), flags=re.M)
        (folder / "forest.toml").write_text(text)
        cls.forest = cls.enterClassContext(Forest(folder / "forest.toml", free_ports=True))
        cls.keytab = cls.forest.keytab(FRONT_END)
        cls.stead = foreign.built("stead")
        cls.shared, cls.strange = folder / "shared.crt", folder / "strange.crt"

    def test_of_two_users_is_refused_without_a_name(self):
        out = self.refused("user_account_refused", "--certificate", self.shared, "--service", BACKEND)
        self.assertEqual(out["steps"][-1]["answer"], "KDC_ERR_PRINCIPAL_NOT_UNIQUE")
        self.assertIn("more than one account of ROOT.FABRIKAM.COM", out["diagnosis"]["summary"])

    def test_is_that_of_the_user_named(self):
        for name in ("bob", "bob@root.fabrikam.com", "ROOT\\bob"):
            out = self.s4u("--certificate", self.shared, "--for", name, "--service", BACKEND)
            self.assertEqual(out["client"], "bob@ROOT.FABRIKAM.COM", name)

    def test_of_another_does_not_make_one_the_user_named(self):
        for certificate in (self.strange, self.shared):
            out = self.refused("user_account_refused", "--certificate", certificate, "--for", "carol", "--service", BACKEND)
            self.assertEqual(out["steps"][-1]["answer"], "KDC_ERR_CLIENT_NAME_MISMATCH")
            self.assertIn("not that of carol@ROOT.FABRIKAM.COM", out["diagnosis"]["summary"])


class Granted(Demo):
    def test_in_the_domain_by_the_front_ends_list(self):
        out = self.s4u("--for", "alice", "--service", REPORTS)
        self.assertEqual(set(out), {"client", "service", "granted", "end_time", "steps", "diagnosis"})
        self.assertEqual(out["client"], "alice@ROOT.FABRIKAM.COM")
        self.assertEqual(out["service"], REPORTS + "@ROOT.FABRIKAM.COM")
        self.assertIsNone(out["diagnosis"])
        self.assertRegex(out["end_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual([s["step"] for s in out["steps"]], list(range(1, len(out["steps"]) + 1)))
        self.assertEqual({s["level"] for s in out["steps"]}, {"2008"})
        self.assertEqual(short(out["steps"]), ["S4U2Self dc08.root ticket", "S4U2Proxy dc08.root ticket"])

    def test_in_another_forest_by_the_ten_steps(self):
        out = self.s4u("--for", "alice", "--service", BACKEND)
        self.assertEqual(out["service"], BACKEND + "@CORP.CONTOSO.COM")
        self.assertEqual(short(out["steps"]), [
            "S4U2Self dc08.root ticket", "S4U2Proxy dc08.root KDC_ERR_POLICY", "locate dc12.root found",
            "S4U2Proxy dc12.root referral to CORP.CONTOSO.COM", "TGS dc12.root referral to CORP.CONTOSO.COM",
            "locate dc12.corp found", "S4U2Proxy dc12.corp ticket"])
        refusal = next(s for s in out["steps"] if s["answer"] == "KDC_ERR_POLICY")
        self.assertEqual(refusal["status"], "STATUS_CROSSREALM_DELEGATION_FAILURE")
        self.assertEqual(refusal["level"], "2008")

    def test_with_a_ticket_as_itself_where_asked_to(self):
        out = self.s4u("--for", "alice", "--service", BACKEND, "--own-service-ticket")
        self.assertTrue(any(re.fullmatch(r"TGS dc\d\d.corp ticket", s) for s in short(out["steps"])), short(out["steps"]))

    def test_two_hops_away_past_a_dc_that_refuses_the_referral_ticket(self):
        out = self.s4u("--for", "alice", "--service", ORDERS)
        steps = short(out["steps"])
        self.assertEqual([s for s in steps if s.startswith("S4U2Proxy")][-1], "S4U2Proxy dc22.sales ticket")
        self.assertFalse([s for s in steps if s.startswith("S4U2Proxy") and ".corp" in s])
        self.assertIn("TGS dc08.corp KDC_ERR_POLICY", steps)
        self.assertIn("TGS dc12.corp referral to SALES.CORP.CONTOSO.COM", steps)

    def test_for_users_as_people_write_them(self):
        for name, client in {"ALICE@Root.Fabrikam.com": "alice@ROOT.FABRIKAM.COM", "ROOT\\alice": "alice@ROOT.FABRIKAM.COM",
                             "erin@emea.root.fabrikam.com": "erin@EMEA.ROOT.FABRIKAM.COM", "emea\\erin": "erin@EMEA.ROOT.FABRIKAM.COM",
                             "frank@corp.contoso.com": "frank@CORP.CONTOSO.COM"}.items():
            with self.subTest(name):
                self.assertEqual(self.s4u("--for", name, "--service", REPORTS)["client"], client)

    def test_by_the_users_own_ticket(self):
        env = self.forest.client("alice.ccache")
        foreign.kinit(env, "alice", "Passw0rd!").ok()
        foreign.mit("kvno").run(FRONT_END, env=env).ok()
        out = self.s4u("--evidence", self.forest.folder / "alice.ccache", "--service", BACKEND)
        self.assertEqual(out["client"], "alice@ROOT.FABRIKAM.COM")
        self.assertFalse([s for s in out["steps"] if s["exchange"] == "S4U2Self"])

    def test_into_a_ccache_that_stock_tools_read(self):
        path = self.forest.folder / "out.ccache"
        self.s4u("--for", "alice", "--service", BACKEND, "--ccache", path)
        listed = foreign.mit("klist").run("-c", path, env=self.forest.env).ok().out
        self.assertIn("Default principal: alice@ROOT.FABRIKAM.COM", listed)
        self.assertIn(BACKEND, listed)

    def test_trace_and_explanation(self):
        ran = self.stead.run("s4u", "--config", self.forest.stead_toml, "--keytab", self.keytab, "--principal", FRONT_END, "--trace",
                             "--for", "alice", "--service", DENIED, "--json", env=self.forest.env)
        self.assertEqual(ran.status, 1, ran)
        self.assertIn("S4U2Proxy CORP.CONTOSO.COM  dc12.corp.contoso.com (2012)  KDC_ERR_BADOPTION + STATUS_NOT_FOUND", ran.err)
        path = self.forest.folder / "trace.json"
        path.write_text(ran.out)
        told = self.stead.run("explain", path).ok().out
        self.assertLessEqual(max(len(line) for line in told.splitlines()), 100)
        for word in ("dc08.root.fabrikam.com", "level 2008", "dc12.corp.contoso.com", "STATUS_NOT_FOUND", "Set-ADComputer", "step"):
            self.assertIn(word, told)


    def test_a_terminal_gets_colours_and_a_hundred_columns(self):
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        argv = self.stead.argv("s4u", "--config", self.forest.stead_toml, "--keytab", self.keytab, "--principal", FRONT_END, "--trace",
                               "--for", "alice", "--service", BACKEND)
        with subprocess.Popen(argv, env=self.stead.environment(self.forest.env), stdout=subprocess.DEVNULL, stderr=theirs) as process:
            os.close(theirs)
            shown = b""
            with contextlib.suppress(OSError):  # of a terminal that the program has closed
                while part := os.read(ours, 65536):
                    shown += part
        self.assertEqual(process.returncode, 0)
        text = shown.decode().replace("\r\n", "\n")
        self.assertIn("\x1b[32mticket", text)
        self.assertIn("\x1b[31mKDC_ERR_POLICY + STATUS_CROSSREALM_DELEGATION_FAILURE", text)
        plain = re.sub(r"\x1b\[\d*m", "", text)
        self.assertLessEqual(max(map(len, plain.splitlines())), 100)

    def test_a_picture(self):
        path = self.forest.folder / "picture.json"
        path.write_text(json.dumps(self.s4u("--for", "alice", "--service", BACKEND)))
        svg = xml.etree.ElementTree.fromstring(self.stead.run("explain", "--svg", path).ok().out)
        self.assertLessEqual(int(svg.get("width")), 480, "a phone's width, with its margins")
        self.assertEqual(len(svg.findall("{http://www.w3.org/2000/svg}circle")), 5, "front end, three controllers, back end")
        page = self.stead.run("explain", "--html", path).ok().out
        self.assertIn("<svg", page)
        self.assertNotRegex(page, r"(?i)<script|src=|href=")
        self.assertEqual(self.stead.run("explain", "--svg", "--html", path).status, 2)


class Refused(Demo):
    def test_a_back_end_that_allows_no_front_end(self):
        out = self.refused("rbcd_denied_on_target", "--for", "alice", "--service", DENIED)
        self.assertEqual(out["service"], DENIED + "@CORP.CONTOSO.COM")
        self.assertEqual(out["diagnosis"]["fix"][0],
                         "Set-ADComputer denied$ -PrincipalsAllowedToDelegateToAccount frontend$ -Server CORP.CONTOSO.COM")
        self.assertEqual(short(out["steps"])[-1], "S4U2Proxy dc12.corp KDC_ERR_BADOPTION")

    def test_for_users_who_may_not(self):
        self.refused("user_is_sensitive", "--for", "carol", "--service", REPORTS)
        self.refused("user_account_refused", "--for", "dave", "--service", REPORTS)
        self.refused("user_account_refused", "--for", "nobody", "--service", REPORTS)
        self.refused("user_account_refused", "--for", "nobody@nowhere.example", "--service", REPORTS)

    def test_for_an_unknown_service(self):
        self.refused("spn_unknown", "--for", "alice", "--service", "HTTP/nothere.root.fabrikam.com")

    def test_usage_and_files(self):
        for args in ((), ("--for", "alice"), ("--for", "alice", "--service", REPORTS, "--nonsense"),
                     ("--for", "alice", "--service", REPORTS, "--principal", FRONT_END, "--keytab", "/nonexistent"),
                     ("--for", "alice", "--service", REPORTS, "--principal", "HTTP/other@ROOT.FABRIKAM.COM", "--keytab", self.keytab),
                     ("--for", "alice", "--service", REPORTS, "--principal", FRONT_END, "--keytab", self.keytab, "--config", "/nonexistent")):
            with self.subTest(args):
                ran = self.stead.run("s4u", *args, env=self.forest.env)
                self.assertEqual(ran.status, 2, ran)
                self.assertNotEqual(ran.err, "")

    def test_a_key_that_is_not_the_accounts(self):
        keytab = self.forest.keytab("HTTP/reports.root.fabrikam.com@ROOT.FABRIKAM.COM")
        ran = self.stead.run("s4u", "--config", self.forest.stead_toml, "--keytab", keytab, "--principal", FRONT_END, "--for", "alice",
                             "--service", REPORTS, env=self.forest.env)
        self.assertEqual(ran.status, 2, ran)
        self.assertIn(str(keytab), ran.err)


class WithoutNewDcInCorp(Demo):
    """The DC of 2012 is silent: that is no word on what it would say."""

    dcs = ["dc08.root.fabrikam.com", "dc12.root.fabrikam.com", "dc08.corp.contoso.com"]

    def test_names_the_domain_and_its_controllers(self):
        out = self.refused("dc_unreachable", "--for", "alice", "--service", BACKEND, status=3)
        self.assertIn("CORP.CONTOSO.COM", out["diagnosis"]["summary"])
        for controller in ("dc08.corp.contoso.com (level 2008", "dc12.corp.contoso.com (level unknown"):
            self.assertIn(controller, out["diagnosis"]["summary"])
        self.assertIn("locate -.corp none", short(out["steps"]))


class OldDcsOnly(Demo):
    dcs = ["dc08.root.fabrikam.com", "dc08.corp.contoso.com"]

    def test_cannot_leave_the_domain_while_the_newer_dc_is_silent(self):
        out = self.refused("dc_unreachable", "--for", "alice", "--service", BACKEND, status=3)
        self.assertIn("ROOT.FABRIKAM.COM", out["diagnosis"]["summary"])
        self.s4u("--for", "alice", "--service", REPORTS)
        self.refused("user_is_sensitive", "--for", "carol", "--service", REPORTS)


class NobodyThere(unittest.TestCase):
    def test_is_status_3_with_the_object(self):
        with Forest(DEMO, free_ports=True) as forest:
            keytab = forest.keytab(FRONT_END)
            forest.stop()
            try:
                ran = foreign.built("stead").run("s4u", "--config", forest.stead_toml, "--keytab", keytab, "--principal", FRONT_END,
                                                 "--for", "alice", "--service", REPORTS, "--json", env=forest.env)
            finally:
                forest.start()
            self.assertEqual(ran.status, 3, ran)
            out = json.loads(ran.out)
            self.assertEqual(out["diagnosis"]["code"], "dc_unreachable")
            self.assertEqual({s["answer"] for s in out["steps"]}, {"timeout"})


class Locate(Demo):
    def locate(self, *args, status=0):
        ran = self.stead.run("locate", *args, "--config", self.forest.stead_toml, "--json", env=self.forest.env)
        self.assertEqual(ran.status, status, ran)
        return json.loads(ran.out)

    def test_says_which_and_why(self):
        out = self.locate("ROOT.FABRIKAM.COM", "--level", "2012")
        self.assertEqual(set(out), {"realm", "controller", "address", "ldap_address", "level", "site", "flags", "why", "seen"})
        self.assertEqual((out["controller"], out["level"]), ("dc12.root.fabrikam.com", "2012"))
        self.assertEqual({(s["controller"], s["level"]) for s in out["seen"]},
                         {("dc08.root.fabrikam.com", "2008"), ("dc12.root.fabrikam.com", "2012")})
        self.assertEqual(self.locate("root.fabrikam.com")["controller"], "dc08.root.fabrikam.com")

    def test_says_when_there_is_none(self):
        out = self.locate("ROOT.FABRIKAM.COM", "--level", "2022", status=1)
        self.assertIsNone(out["controller"])
        self.assertEqual(len(out["seen"]), 2)

    def test_refuses_an_unknown_level(self):
        self.assertEqual(self.stead.run("locate", "ROOT.FABRIKAM.COM", "--level", "1999").status, 2)


class Codes(unittest.TestCase):
    def test_are_explained_however_they_are_written(self):
        stead = foreign.built("stead")
        for code, name in {"0xc000040b": "STATUS_CROSSREALM_DELEGATION_FAILURE", "3221226507": "STATUS_CROSSREALM_DELEGATION_FAILURE",
                           "-1073740789": "STATUS_CROSSREALM_DELEGATION_FAILURE", "status_not_found": "STATUS_NOT_FOUND", "13": "KDC_ERR_BADOPTION",
                           "KDC_ERR_BADOPTION": "KDC_ERR_BADOPTION", "-1765328371": "KDC_ERR_BADOPTION", "0x80090357": "SEC_E_CROSSREALM_DELEGATION_FAILURE",
                           "SEC_E_WRONG_PRINCIPAL": "SEC_E_WRONG_PRINCIPAL", "0x25": "KRB_AP_ERR_SKEW",
                           "1326": "ERROR_LOGON_FAILURE", "0x8007052e": "ERROR_LOGON_FAILURE", "-2147023570": "ERROR_LOGON_FAILURE",
                           "KRB5KDC_ERR_KEY_EXP": "KDC_ERR_KEY_EXPIRED", "KRB5KRB_AP_ERR_SKEW": "KRB_AP_ERR_SKEW", "KRB5_KDC_UNREACH": "KRB5_KDC_UNREACH",
                           "-1765328228": "KRB5_KDC_UNREACH", "-1765328203": "KRB5_KT_NOTFOUND", "KDC_ERR_ETYPE_NOTSUPP": "KDC_ERR_ETYPE_NOSUPP",
                           "NT_STATUS_ACCOUNT_LOCKED_OUT": "STATUS_ACCOUNT_LOCKED_OUT", "KRB5KRB_AP_WRONG_PRINC": "KRB5KRB_AP_WRONG_PRINC",
                           "4769": "service ticket", "event 14": "no suitable key", "Event ID: 13022": "Entra", "39": "strong mapping"}.items():
            with self.subTest(code):
                out = stead.run("err", code).ok().out
                self.assertIn(name, out)
                self.assertIn("What to do:", out)
        header = (foreign.TOP / "sspi_shim/include/stead/s4u.h").read_text()
        diagnoses = re.findall(r"^//   ([a-z0-9_]+) {2,}\S", header.partition("struct Diagnosis")[0], re.M)
        self.assertGreater(len(diagnoses), 15)
        for code in diagnoses:
            with self.subTest(code):
                self.assertIn("What to do:", stead.run("err", code).ok().out)
                told, = json.loads(stead.run("err", code, "--json").ok().out)
                self.assertEqual((told["kind"], told["name"]), ("diagnosis", code))
        for code in ("nonsense", "0x12345678", "99999999999", "0x"):
            ran = stead.run("err", code)
            self.assertIn(ran.status, (1, 2))
            self.assertIn(code, ran.err)


if __name__ == "__main__":
    unittest.main()
