"""Seeded faults in a Samba domain: `stead doctor` finds the fault and no other, with the names that Samba's directory has."""
# ctest: TIMEOUT 400

import json
import re
import unittest

from samples.support import foreign
from tests.support import samba

WORD = "Passw0rd!1"
HALL = "HTTP/hall.smb.example"
BARN = "HTTP/barn.smb.example"
LONG_AGO = 133000000000000000  # a FILETIME, in 2022
T2A4D, NOT_DELEGATED, DISABLED = 0x1000000, 0x100000, 2


@unittest.skipUnless(samba.is_there(), "no Samba domain controller here, or no network namespaces")
class InSamba(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.domain = cls.enterClassContext(samba.Samba())
        for name in ("wanda", "greta", "otto", "svc-hall", "svc-barn", "gatesvc", "plainsvc"):
            cls.domain.tool("user", "create", name, WORD)
        for account, spn in (("gatesvc", "HTTP/gate.smb.example"), ("plainsvc", "HTTP/plain.smb.example"), ("svc-hall", HALL), ("svc-barn", BARN)):
            cls.domain.tool("spn", "add", spn, account)
            cls.domain.modify(account, msDS_SupportedEncryptionTypes=24)
        cls.domain.modify("gatesvc", uac={T2A4D: True}, msDS_AllowedToDelegateTo=[HALL])
        cls.keytabs = {name: cls.domain.keytab(f"{name}@SMB.EXAMPLE", name) for name in ("gatesvc", "plainsvc")}

    def act(self, front="gatesvc", user="wanda", service=HALL):
        config = self.domain.folder / "proxy.toml"
        config.write_text(f'[server]\nlisten = ["127.0.0.1:8443"]\n[identity]\nprincipal = "{front}@SMB.EXAMPLE"\nkeytab = "{self.keytabs[front]}"\n'
                          f'{self.domain.locator}[sign_in.kerberos]\n[sign_in.forms]\n[[route]]\nupstreams = ["http://127.0.0.1:9"]\ndelegation = "none"\n')
        stead = foreign.built("stead")
        ran = foreign.run(*self.domain.enter, stead.path, "doctor", "--config", config, "--for", user, "--service", service, "--json", timeout=60)
        return json.loads(ran.out)["checks"]

    def faults(self, **kw):
        return [check for check in self.act(**kw) if check["result"] == "fault"]

    def seeded(self, ids, account, change, back, says="", **kw):
        self.domain.modify(account, **change)
        try:
            faults = self.faults(**kw)
        finally:
            self.domain.modify(account, **back)
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(faults[0]["id"], ids.split(), faults)
        self.assertRegex(" ".join([faults[0]["symptom"], *faults[0]["fix"]]), re.compile(says, re.I))

    def test_faults(self):
        for name, ids, account, change, back, more in (
                ("the list is empty", "D2", "gatesvc", {"msDS_AllowedToDelegateTo": None}, {"msDS_AllowedToDelegateTo": [HALL]}, {"says": "Set-ADUser gatesvc -Add"}),
                ("the list has another", "D2", "gatesvc", {"msDS_AllowedToDelegateTo": [BARN]}, {"msDS_AllowedToDelegateTo": [HALL]}, {"says": "svc-hall"}),
                ("no protocol transition", "D1", "gatesvc", {"uac": {T2A4D: False}}, {"uac": {T2A4D: True}}, {"says": "TrustedToAuthForDelegation"}),
                ("the user is disabled", "U2", "otto", {"uac": {DISABLED: True}}, {"uac": {DISABLED: False}}, {"user": "otto", "says": "is disabled.*Enable-ADAccount otto"}),
                ("the user has expired", "U2", "wanda", {"accountExpires": LONG_AGO}, {"accountExpires": 0}, {"says": "has expired.*Clear-ADAccountExpiration"}),
                ("the user is sensitive", "U3", "greta", {"uac": {NOT_DELEGATED: True}}, {"uac": {NOT_DELEGATED: False}}, {"user": "greta", "says": "marked sensitive"}),
                ("nobody has that name", "U1", "wanda", {}, {}, {"user": "nobody"}),
                ("nobody has that suffix", "U1", "wanda", {}, {}, {"user": "wanda@nowhere.example"}),
                ("the front end is disabled", "A1", "gatesvc", {"uac": {DISABLED: True}}, {"uac": {DISABLED: False}}, {"says": "is disabled.*Enable-ADAccount gatesvc"}),
                ("the front end has expired", "A1", "gatesvc", {"accountExpires": LONG_AGO}, {"accountExpires": 0}, {"says": "has expired"}),
                ("the front end must change its password", "A1", "gatesvc", {"pwdLastSet": 0}, {"pwdLastSet": -1}, {"says": "must change"}),
                ("the front end has no SPN", "A4", "gatesvc", {"servicePrincipalName": None}, {"servicePrincipalName": ["HTTP/gate.smb.example"]}, {"says": "setspn -S HTTP/gatesvc.smb.example gatesvc"}),
                ("the front end has RC4 alone", "A3", "gatesvc", {"msDS_SupportedEncryptionTypes": 4}, {"msDS_SupportedEncryptionTypes": 24}, {"says": "AES128"}),
                ("the front end says nothing of AES", "A3", "gatesvc", {"msDS_SupportedEncryptionTypes": None}, {"msDS_SupportedEncryptionTypes": 24}, {"says": "AES128"}),
                ("no account has the SPN", "S1", "svc-hall", {"servicePrincipalName": None}, {"servicePrincipalName": [HALL]}, {"says": "setspn -S HTTP/hall.smb.example svc-hall"}),
                ("the user is in Protected Users", "U3", "Protected Users", {"member": ["CN=wanda,CN=Users,DC=smb,DC=example"]}, {"member": None}, {"says": "Remove-ADGroupMember 'Protected Users' -Members wanda"}),
                ("the back end is disabled", "S1", "svc-hall", {"uac": {DISABLED: True}}, {"uac": {DISABLED: False}}, {"says": "Enable-ADAccount svc-hall"}),
                ("the back end has RC4 alone", "S5", "svc-hall", {"msDS_SupportedEncryptionTypes": 4}, {"msDS_SupportedEncryptionTypes": 24}, {"says": "Set-ADUser svc-hall.*AES128"}),
                ("the front end may do nothing", "D2", "plainsvc", {}, {}, {"front": "plainsvc", "says": "Set-ADUser plainsvc -Add.*TrustedToAuthForDelegation"}),
                ("a list without the flag", "D1", "plainsvc", {"msDS_AllowedToDelegateTo": [HALL]}, {"msDS_AllowedToDelegateTo": None}, {"front": "plainsvc", "says": "TrustedToAuthForDelegation"}),
                ("a back end that the list lacks", "D2", "gatesvc", {}, {}, {"service": BARN, "says": "-Add.*barn"})):
            with self.subTest(name):
                self.seeded(ids, account, change, back, **more)

    def test_healthy(self):
        for name, options in (("alone", {}), ("by the UPN", {"user": "wanda@smb.example"}), ("by the NetBIOS name", {"user": "SMB\\wanda"}),
                              ("the SPN in another case", {"service": "http/HALL.smb.example"})):
            with self.subTest(name):
                self.assertEqual(self.faults(**options), [])
        self.assertEqual([check["result"] for check in self.act() if check["id"] == "N9"], ["ok"])


if __name__ == "__main__":
    unittest.main()
