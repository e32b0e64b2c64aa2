"""Tickets that were exported (`stead s4u --ccache`, ShimExportCCache), used by stock clients while every domain controller is down."""

import ctypes
import os
import stat
import unittest

from samples.support import app_server, foreign
from samples.support.apache import Apache, seen
from samples.support.app_server import Services
from samples.support.forest import Forest
from tests.support.sspi import Stead, is_sanitized

TOP = foreign.TOP
FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
BACKEND = "backend.corp.contoso.com"


class WithoutADomainController(unittest.TestCase):
    def test_kvno_and_curl(self):
        with Forest(TOP / "samples/forest.toml", free_ports=True) as forest:
            ccache = forest.folder / "alice"
            keytab = forest.keytab("backend$@CORP.CONTOSO.COM")
            foreign.built("stead").run("s4u", "--for", "alice", "--service", "HTTP/Backend.Corp.CONTOSO.com", "--keytab", forest.keytab(FRONT_END),
                                       "--principal", FRONT_END, "--config", forest.stead_toml, "--ccache", ccache, env=forest.env).ok()
            self.assertEqual(stat.S_IMODE(os.stat(ccache).st_mode), 0o600)
            env = {**forest.env, "KRB5CCNAME": f"FILE:{ccache}"}
            self.assertEqual({name.partition("/")[0] for name in foreign.klist(env)}, {"HTTP"})
            with Apache(keytab, forest.folder / "client" / "krb5.conf") as apache:
                self.assertEqual(forest.stop(), 0)
                try:
                    foreign.mit("kvno").run("-S", "HTTP", BACKEND, env=env).ok()
                    foreign.mit("kvno").run(f"HTTP/{BACKEND}@CORP.CONTOSO.COM", env=env).ok()
                    self.assertEqual(seen(apache.curl(BACKEND, env=env).ok().out)["REMOTE_USER"], "alice@ROOT.FABRIKAM.COM")
                    other = foreign.mit("kvno").run("-S", "HTTP", "denied.corp.contoso.com", env=env)
                    self.assertNotEqual(other.status, 0, "the ticket is good for its service alone")
                finally:
                    forest.start()

    @unittest.skipIf(is_sanitized(), "a library with a sanitizer cannot be loaded into Python")
    def test_psql_and_ldapsearch_by_one_ccache(self):
        with Services() as services:
            os.environ.update(services.forest.env)  # libkrb5 reads them when it starts
            stead = Stead(foreign.BUILD / "sspi_shim/libstead.so")
            for key, value in {"config": services.forest.stead_toml, "principal": app_server.PRINCIPAL, "keytab": services.keytab}.items():
                self.assertEqual(stead.call("ShimSetDefaultConfig", key.encode(), str(value).encode()), 0)
            status, token = stead.log_on("bob")
            self.assertEqual(status, 0, stead.detail().text)
            ccache = app_server.ccache_folder(services) / "bob"
            spns = (ctypes.c_char_p * 2)(f"postgres/{app_server.DATABASE}".encode(), f"ldap/{app_server.DIRECTORY}".encode())
            name = f"FILE:{ccache}".encode()
            self.assertEqual(stead.call("ShimExportCCache", token, spns, 2, name, 1), 0x8009035D, "a proxy credential is for no service in particular")
            self.assertEqual(stead.call("ShimExportCCache", token, None, 0, name, 1), 0x80090302, "nor is one made by default")
            self.assertFalse(ccache.exists())
            self.assertEqual(stead.call("ShimExportCCache", token, spns, 2, name, 0), 0, stead.detail().text)
            self.assertEqual(stead.call("CloseHandle", token), 1)
            self.assertEqual(stat.S_IMODE(os.stat(ccache).st_mode), 0o600)
            env = {**services.forest.env, "KRB5CCNAME": f"FILE:{ccache}"}
            self.assertEqual(services.forest.stop(), 0)
            try:
                self.assertEqual(services.database.psql("SELECT current_user", "bob", env).ok().out, "bob\n")
                self.assertNotEqual(services.database.psql("SELECT current_user", "alice", env).status, 0, "bob's ticket is not alice's")
                found = services.directory.client("ldapsearch", "-Q", "-LLL", "-b", "dc=directory", "(cn=printer)", "description", env=env).ok()
                self.assertIn("description: second floor", found.out)
            finally:
                services.forest.start()

    @unittest.skipIf(is_sanitized(), "a library with a sanitizer cannot be loaded into Python")
    def test_a_proxy_credential_lets_stock_gssapi_delegate_by_itself(self):
        with Forest(TOP / "samples/forest.toml", free_ports=True) as forest:
            os.environ.update(forest.env)
            stead = Stead(foreign.BUILD / "sspi_shim/libstead.so")
            settings = {"config": forest.stead_toml, "principal": FRONT_END, "keytab": forest.keytab(FRONT_END), "allow_proxy_credentials": "true"}
            for key, value in settings.items():
                self.assertEqual(stead.call("ShimSetDefaultConfig", key.encode(), str(value).encode()), 0)
            status, token = stead.log_on("alice")
            self.assertEqual(status, 0, stead.detail().text)
            ccache = forest.folder / "alice.proxy"
            self.assertEqual(stead.call("ShimExportCCache", token, None, 0, f"FILE:{ccache}".encode(), 1), 0, stead.detail().text)
            self.assertEqual(stead.call("ShimSetDefaultConfig", b"allow_proxy_credentials", b"false"), 0)
            self.assertEqual(stat.S_IMODE(os.stat(ccache).st_mode), 0o600)
            env = {**forest.env, "KRB5CCNAME": f"FILE:{ccache}"}
            listed = foreign.mit("klist").run("-C", env=env).ok().out
            self.assertIn("Default principal: alice@ROOT.FABRIKAM.COM", listed)
            self.assertIn("config:proxy_impersonator=" + FRONT_END, "".join(listed.split()), "klist breaks the line")
            keytab = forest.keytab("reports$@ROOT.FABRIKAM.COM")
            with Apache(keytab, forest.folder / "client" / "krb5.conf") as apache:
                got = seen(apache.curl("reports.root.fabrikam.com", env=env).ok().out)
                self.assertEqual(got["REMOTE_USER"], "alice@ROOT.FABRIKAM.COM")


if __name__ == "__main__":
    unittest.main()
