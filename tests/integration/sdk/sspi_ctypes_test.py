"""libstead.so by its C functions, from a language other than C++: a user's token, their ticket to a back end, and DsGetDcName."""

import ctypes
import os
import subprocess
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.sspi import Handle, Stead, is_sanitized, u32

TOP = foreign.TOP
FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
BACKEND = "HTTP/backend.corp.contoso.com"

@unittest.skipIf(is_sanitized(), "a library with a sanitizer cannot be loaded into Python")
class FromPython(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(TOP / "samples/forest.toml", free_ports=True))
        os.environ.update(cls.forest.env)  # libkrb5 reads them when it starts
        cls.stead = Stead(foreign.BUILD / "sspi_shim/libstead.so")
        for key, value in {"config": cls.forest.stead_toml, "principal": FRONT_END, "keytab": cls.forest.keytab(FRONT_END)}.items():
            assert cls.stead.call("ShimSetDefaultConfig", key.encode(), str(value).encode()) == 0

    def test_a_user_who_logged_on_by_name_reaches_a_back_end_in_another_forest(self):
        status, token = self.stead.log_on("alice@root.fabrikam.com")
        self.assertEqual(status, 0, self.stead.detail().text)
        self.assertEqual(self.stead.call("ImpersonateLoggedOnUser", token), 1)
        status, negotiate = self.stead.first_token(BACKEND)
        self.assertEqual(status, 0x90312, self.stead.detail().text)
        self.assertEqual(negotiate[0], 0x60)
        status, _ = self.stead.first_token("HTTP/denied.corp.contoso.com")
        detail = self.stead.detail()
        self.assertEqual(status, 0x8009035E, detail.text)
        self.assertEqual((detail.diagnosis, detail.kerberos, detail.nt_status), (b"rbcd_denied_on_target", 13, 0xC0000225))
        self.assertEqual((detail.realm, detail.stage), (b"CORP.CONTOSO.COM", b"S4U2Proxy"))
        status, _ = self.stead.first_token("HTTP/nowhere.corp.contoso.com")
        self.assertEqual(status, 0x80090303)
        self.assertEqual(self.stead.call("RevertToSelf"), 1)
        self.assertEqual(self.stead.call("CloseHandle", token), 1)
        self.assertEqual(self.stead.call("CloseHandle", token), 0)

    def test_an_unknown_user_is_reported(self):
        status, _ = self.stead.log_on("nobody@root.fabrikam.com")
        self.assertEqual(status, 0xC0000064, self.stead.detail().text)

    def test_oneself_without_impersonation(self):
        status, negotiate = self.stead.first_token("HTTP/reports.root.fabrikam.com")
        self.assertEqual(status, 0x90312, self.stead.detail().text)
        self.assertEqual(negotiate[0], 0x60)

    def test_tickets_are_exported_for_stock_tools(self):
        status, token = self.stead.log_on("alice")
        self.assertEqual(status, 0, self.stead.detail().text)
        path = str(self.forest.folder / "exported.ccache")
        spns = (ctypes.c_char_p * 2)(BACKEND.encode(), b"HTTP/reports.root.fabrikam.com")
        self.assertEqual(self.stead.call("ShimExportCCache", token, spns, 2, ("FILE:" + path).encode(), 0), 0, self.stead.detail().text)
        listed = subprocess.run(["klist", "-c", path], capture_output=True, text=True, check=True).stdout
        for name in ("Default principal: alice@ROOT.FABRIKAM.COM", BACKEND, "HTTP/reports.root.fabrikam.com"):
            self.assertIn(name, listed)
        self.assertNotIn("krbtgt", listed)

    def test_the_tickets_arrival_is_an_event(self):
        status, token = self.stead.log_on("bob")
        self.assertEqual(status, 0, self.stead.detail().text)
        self.assertEqual(self.stead.call("ShimImpersonateToken", token), 0)
        credential, result, event = Handle(), u32(0xFFFFFFFF), os.eventfd(0)
        self.assertEqual(self.stead.call("AcquireCredentialsHandleA", None, b"Kerberos", 2, None, None, None, None, ctypes.byref(credential), None), 0)
        self.assertEqual(self.stead.call("ShimInitializeSecurityContextEvent", ctypes.byref(credential), BACKEND.encode(), event, ctypes.byref(result)), 0)
        self.assertEqual(os.eventfd_read(event), 1)
        self.assertEqual(result.value, 0)
        os.close(event)
        self.assertEqual(self.stead.call("ShimRevert"), 0)

    def test_a_token_that_only_identifies_bootstraps_delegation_too(self):
        status, token = self.stead.log_on("alice@root.fabrikam.com", flags=0x8)
        self.assertEqual(status, 0, self.stead.detail().text)
        self.assertEqual(self.stead.call("ImpersonateLoggedOnUser", token), 1)
        status, negotiate = self.stead.first_token(BACKEND)
        self.assertEqual((status, negotiate[:1]), (0x90312, b"\x60"), self.stead.detail().text)
        self.assertEqual(self.stead.call("RevertToSelf"), 1)
        self.assertEqual(self.stead.call("CloseHandle", token), 1)

    def test_realms_are_compared_without_case(self):
        service, realm = FRONT_END.split("@")
        self.assertEqual(self.stead.call("ShimSetDefaultConfig", b"principal", f"{service}@{realm.lower()}".encode()), 0)
        self.addCleanup(self.stead.call, "ShimSetDefaultConfig", b"principal", FRONT_END.encode())
        for user in ("alice", "erin@emea.root.FABRIKAM.com", "root\\alice"):
            status, token = self.stead.log_on(user)
            self.assertEqual(status, 0, self.stead.detail().text)
            self.assertEqual(self.stead.call("ImpersonateLoggedOnUser", token), 1)
            for spn in ("http/Reports.root.fabrikam.com@root.fabrikam.com", "HTTP/ledger.emea.root.fabrikam.com@emea.root.fabrikam.com"):
                self.assertEqual(self.stead.first_token(spn)[0], 0x90312, self.stead.detail().text)
            self.assertEqual(self.stead.call("RevertToSelf"), 1)
            self.assertEqual(self.stead.call("CloseHandle", token), 1)

    def test_the_ticket_that_a_client_brought_is_the_evidence(self):
        status, negotiate = self.stead.first_token(FRONT_END.partition("@")[0], "bob", "Passw0rd!")
        self.assertEqual(status, 0x90312, self.stead.detail().text)
        context = self.stead.accept(negotiate)
        before = len(self.forest.log())
        self.assertEqual(self.stead.call("ImpersonateSecurityContext", ctypes.byref(context)), 0)
        status, _ = self.stead.first_token("HTTP/ledger.emea.root.fabrikam.com")
        self.assertEqual(status, 0x90312, self.stead.detail().text)
        self.assertEqual(self.stead.call("RevertSecurityContext", ctypes.byref(context)), 0)
        self.assertEqual(self.stead.call("DeleteSecurityContext", ctypes.byref(context)), 0)
        log = self.forest.log()[before:]
        self.assertIn("S4U2Proxy", log)
        self.assertNotIn("S4U2Self", log)

    def test_facts_about_a_domain_controller(self):
        dc = self.stead.controller("emea.root.fabrikam.com")
        flags = dc.pop("flags")
        self.assertTrue(any(dc.pop("guid")))
        self.assertEqual(dc, {"name": b"\\\\dc16.emea.root.fabrikam.com", "address": b"\\\\127.0.8.3", "address_type": 1,
                              "domain": b"emea.root.fabrikam.com", "forest": b"root.fabrikam.com", "site": b"Default-First-Site-Name",
                              "client_site": b"Default-First-Site-Name"})
        self.assertEqual(flags & 0x1F3FD, 0x1F3FD)

    def locate(self, domain, flags, site=None):
        return self.stead.locate(domain, flags, site)

    def test_domain_controllers_by_what_they_must_have(self):
        name, address, domain, forest, flags = self.locate("corp.contoso.com", 0x200 | 0x400 | 0x200000)
        self.assertEqual((name, address, domain, forest), (b"\\\\dc12.corp.contoso.com", b"\\\\127.0.8.5", b"corp.contoso.com", b"corp.contoso.com"))
        self.assertTrue(flags & 0x4000)
        self.assertEqual(flags & 0xE0000000, 0xE0000000)
        self.assertEqual(self.locate("CORP", 0x10000 | 0x40000000)[2], b"corp.contoso.com")
        self.assertEqual(self.locate(None, 0x80000000)[2], b"ROOT")
        self.assertEqual(self.locate("corp.contoso.com", 0x400000), 1355)
        self.assertEqual(self.locate("sales.corp.contoso.com", 0x800000 | 1)[0], b"\\\\dc22.sales.corp.contoso.com")
        self.assertEqual(self.locate("corp.contoso.com", 0, "Elsewhere"), 1355)
        self.assertEqual(self.locate("NOWHERE", 0x10000), 1355)


if __name__ == "__main__":
    unittest.main()
