"""stead/sspi.h from a C11 program, as code that was written for Windows uses it (programs/sspi_cases.c has the cases)."""

import pathlib
import re
import shutil
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"


class FromC(unittest.TestCase):
    def test_each_case(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="sspi-c-")))
        for name in ("alice", "shared"):
            foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt").ok()
            foreign.run("openssl", "x509", "-in", folder / f"{name}.crt", "-outform", "DER", "-out", folder / f"{name}.der").ok()
        text = (foreign.TOP / "samples/forest.toml").read_text()
        for user, certificates in {"alice": '"alice.crt", "shared.crt"', "bob": '"shared.crt"', "erin": '"shared.crt"'}.items():
            text, found = re.subn(rf'^(name\s*=\s*"{user}")$', rf'\1\ncertificates = [{certificates}]', text, flags=re.M)
            self.assertEqual(found, 1)
        night = '[[domain.account]]\nname = "night"\npassword = "Passw0rd!"\nflags = ["logon_hours_denied"]\n\n'
        first = text.index("[[domain.account]]")
        text = text[:first] + night + text[first:]
        (folder / "forest.toml").write_text(text)
        # The front end's keytab from before its password was changed.
        strange = folder / "strange"
        strange.mkdir()
        shutil.copy(folder / "alice.crt", strange)
        shutil.copy(folder / "shared.crt", strange)
        front = re.search(r'^name\s*=\s*"frontend\$".*?^password\s*=\s*"([^"]*)"$', text, re.M | re.S)
        (strange / "forest.toml").write_text(text[:front.start(1)] + "another password" + text[front.end(1):])
        foreign.built("stead-kdc").run("keytab", "--forest", strange / "forest.toml", "--principal", FRONT_END, "--out", folder / "strange.keytab").ok()
        # No KDC is named here: only the configuration's [locator] says which DCs there are.
        (folder / "krb5.conf").write_text("[libdefaults]\ndefault_realm = ROOT.FABRIKAM.COM\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
                                          "rdns = false\ndns_canonicalize_hostname = false\n")
        with Forest(folder / "forest.toml", free_ports=True) as forest:
            ran = foreign.built("sspi_cases").run(forest.stead_toml, forest.keytab(FRONT_END), FRONT_END, folder / "alice.der", folder / "shared.der", folder / "strange.keytab",
                                                      env={**forest.env, "KRB5_CONFIG": str(folder / "krb5.conf")}, timeout=100)
            self.assertEqual(ran.status, 0, ran)
            self.assertEqual(len(re.findall(r"^ok \w+$", ran.out, re.M)), 16, ran)


if __name__ == "__main__":
    unittest.main()
