"""stead/sspi.h in a program that knows nothing of Stead: the user's ccache, else the keytab; STEAD_CONFIG (programs/sspi_user.c)."""

import pathlib
import tempfile
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
REPORTS = "HTTP/reports.root.fabrikam.com"
BACKEND = "HTTP/backend.corp.contoso.com"


class OfTheUser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sspi-user-")))
        # Only the configuration's [locator] says where KDCs are.
        cls.krb5_conf = cls.folder / "krb5.conf"
        cls.krb5_conf.write_text("[libdefaults]\ndefault_realm = ROOT.FABRIKAM.COM\ndns_lookup_kdc = false\ndns_canonicalize_hostname = false\n"
                                 f"default_keytab_name = {cls.folder}/none.keytab\n")
        cls.ccache = f"FILE:{cls.folder}/alice.ccache"
        foreign.kinit({**cls.forest.env, "KRB5CCNAME": cls.ccache}, "alice", "Passw0rd!").ok()

    def ask(self, how="null", target=REPORTS, *principal, ccache=None, **env):
        return foreign.built("sspi_user").run(how, target, *principal, env={
            **self.forest.env, "KRB5_CONFIG": str(self.krb5_conf), "KRB5CCNAME": ccache or f"FILE:{self.folder}/no.ccache",
            "STEAD_CONFIG": str(self.forest.stead_toml), **env})

    def test_the_default_ccache(self):
        for how in ("null", "zeros", "blank"):
            for target in (REPORTS, BACKEND):
                self.assertEqual(self.ask(how, target, ccache=self.ccache).ok().out, "alice@ROOT.FABRIKAM.COM until\n")

    def test_the_ccache_goes_before_the_keytab(self):
        keytab = str(self.forest.keytab(FRONT_END))
        self.assertEqual(self.ask(ccache=self.ccache, KRB5_KTNAME=keytab).ok().out, "alice@ROOT.FABRIKAM.COM until\n")

    def test_else_the_keytab(self):
        for how in ("null", "zeros", "blank"):
            self.assertEqual(self.ask(how, KRB5_KTNAME=str(self.forest.keytab(FRONT_END))).ok().out, "frontend$@ROOT.FABRIKAM.COM for ever\n")

    def test_no_credentials_at_all_is_said_at_once(self):
        for how in ("null", "zeros", "blank"):
            ran = self.ask(how)
            self.assertRegex(ran.out, r"^AcquireCredentialsHandle: 8009030e .*no\.ccache.*none\.keytab")

    def test_a_named_principal(self):
        self.assertEqual(self.ask("null", REPORTS, "alice@ROOT.FABRIKAM.COM", ccache=self.ccache).ok().out, "alice@ROOT.FABRIKAM.COM until\n")
        self.assertRegex(self.ask("null", REPORTS, "bob@ROOT.FABRIKAM.COM", ccache=self.ccache).out, "^AcquireCredentialsHandle: 8009030e")
        self.assertEqual(self.ask("null", REPORTS, FRONT_END, ccache=self.ccache, KRB5_KTNAME=str(self.forest.keytab(FRONT_END))).ok().out,
                         FRONT_END + " for ever\n")

    def test_an_expired_or_broken_ccache(self):
        broken = self.folder / "broken.ccache"
        broken.write_bytes(b"\x05\x04nothing")
        self.assertRegex(self.ask(ccache=f"FILE:{broken}").out, r"^AcquireCredentialsHandle: 8009030e .*broken\.ccache")
        expired = f"FILE:{self.folder}/expired.ccache"
        foreign.run("kinit", "-l", "5s", "alice", env={**self.forest.env, "KRB5CCNAME": expired}, input="Passw0rd!\n").ok()
        end = time.monotonic() + 20
        while foreign.run("klist", "-s", env={**self.forest.env, "KRB5CCNAME": expired}).status == 0 and time.monotonic() < end:
            pass
        self.assertRegex(self.ask(ccache=expired).out, r"^AcquireCredentialsHandle: 8009030e .*alice@ROOT\.FABRIKAM\.COM have ended")

    def test_a_ccache_of_service_tickets(self):
        own = f"{self.folder}/service.ccache"
        foreign.built("stead").run("s4u", "--config", self.forest.stead_toml, "--for", "alice", "--service", BACKEND, "--ccache", own, "--principal", FRONT_END,
                                   "--keytab", self.forest.keytab(FRONT_END), env=self.forest.env).ok()
        self.assertEqual(self.ask("null", BACKEND, ccache=own).ok().out, "alice@ROOT.FABRIKAM.COM until\n")
        self.assertIn("InitializeSecurityContext", self.ask("null", REPORTS, ccache=own).out)

    def test_a_configuration_with_an_error_is_named(self):
        wrong = self.folder / "wrong.toml"
        wrong.write_text("[locator]\nsite = 7\n")
        self.assertRegex(self.ask(ccache=self.ccache, STEAD_CONFIG=str(wrong)).out, r"^AcquireCredentialsHandle: \w+ .*wrong\.toml:2:\d+: ")
        self.assertRegex(self.ask(ccache=self.ccache, STEAD_CONFIG=str(self.folder / "absent.toml")).out, r"^AcquireCredentialsHandle: \w+ .*absent\.toml")

    def test_identity_of_the_configuration(self):
        config = self.folder / "identity.toml"
        config.write_text(self.forest.stead_toml.read_text() + f'\n[identity]\nprincipal = "{FRONT_END}"\nkeytab = "{self.forest.keytab(FRONT_END)}"\n')
        self.assertEqual(self.ask(STEAD_CONFIG=str(config)).ok().out, FRONT_END + " for ever\n")


if __name__ == "__main__":
    unittest.main()
