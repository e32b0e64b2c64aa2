"""Stock MIT and Heimdal clients and KDCs work with each other here, so that a failure with ours is ours."""

import pathlib
import tempfile
import unittest

from samples.support import foreign
from tests.support.heimdal_kdc import HeimdalKdc
from tests.support.mit_kdc import MitKdc
from tests.support.mit_ldap_kdc import MitLdapKdc

USERS = {"alice": "Passw0rd!"}
SERVICES = ["HTTP/front.example.org", "HTTP/back.example.org", "HTTP/other.example.org"]


class Db2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kdc = cls.enterClassContext(MitKdc("EXAMPLE.ORG", USERS, SERVICES))

    def test_mit_client_gets_a_service_ticket(self):
        foreign.kinit(self.kdc.env, "alice", "Passw0rd!").ok()
        foreign.mit("kvno").run("HTTP/front.example.org", env=self.kdc.env).ok()
        self.assertIn("HTTP/front.example.org@EXAMPLE.ORG", foreign.klist(self.kdc.env))

    def test_wrong_password_is_refused(self):
        ran = foreign.kinit(self.kdc.env, "alice", "wrong")
        self.assertEqual(ran.status, 1)
        self.assertIn("Password incorrect", ran.err)

    def test_heimdal_client_gets_a_service_ticket(self):
        with tempfile.TemporaryDirectory() as folder:
            env = foreign.krb5_environment(folder, {"EXAMPLE.ORG": [self.kdc.address]})
            foreign.kinit(env, "alice@EXAMPLE.ORG", "Passw0rd!", program=foreign.heimdal("kinit")).ok()
            foreign.heimdal("kgetcred").run("HTTP/front.example.org@EXAMPLE.ORG", env=env).ok()
            self.assertIn("HTTP/front.example.org@EXAMPLE.ORG", foreign.heimdal("klist").run(env=env).ok().out)

    def test_front_end_gets_a_ticket_to_itself_for_a_user_but_none_to_a_back_end(self):
        env = as_front_end(self, self.kdc)
        foreign.mit("kvno").run("-U", "alice", "HTTP/front.example.org", env=env).ok()
        self.assertEqual(foreign.klist(env)["HTTP/front.example.org@EXAMPLE.ORG"][0], "alice@EXAMPLE.ORG")
        self.assertEqual(delegate(self.kdc, env, "HTTP/back.example.org").status, 1)


class Delegation:
    """Both KDCs that answer S4U2Proxy, with both clients."""

    @classmethod
    def setUpClass(cls):
        cls.kdc = cls.enterClassContext(cls.KDC("EXAMPLE.ORG", USERS, SERVICES))
        cls.kdc.allow_to_delegate("HTTP/front.example.org", "HTTP/back.example.org")

    def test_mit_client_delegates_where_allowed(self):
        delegate(self.kdc, as_front_end(self, self.kdc), "HTTP/back.example.org").ok()

    def test_mit_client_is_refused_elsewhere(self):
        self.assertEqual(delegate(self.kdc, as_front_end(self, self.kdc), "HTTP/other.example.org").status, 1)

    def test_heimdal_client_delegates_where_allowed(self):
        self.heimdal_delegate("HTTP/back.example.org").ok()

    def test_heimdal_client_is_refused_elsewhere(self):
        self.assertEqual(self.heimdal_delegate("HTTP/other.example.org").status, 1)

    def heimdal_delegate(self, target):
        env = as_front_end(self, self.kdc)
        evidence = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "evidence"
        return foreign.heimdal_delegate(env, "alice@EXAMPLE.ORG", "HTTP/front.example.org@EXAMPLE.ORG",
                                        f"{target}@EXAMPLE.ORG", evidence)


class MitOverLdap(Delegation, unittest.TestCase):
    KDC = MitLdapKdc


class Heimdal(Delegation, unittest.TestCase):
    KDC = HeimdalKdc


def as_front_end(test, kdc):
    """The environment of the front end, signed in by keytab with a credential cache of its own."""
    folder = pathlib.Path(test.enterContext(tempfile.TemporaryDirectory()))
    env = foreign.client_environment(kdc.folder / "krb5.conf", folder / "ccache")
    foreign.kinit(env, "HTTP/front.example.org", keytab=kdc.keytab("HTTP/front.example.org"), options=["-f"]).ok()
    return env


def delegate(kdc, env, target):
    return foreign.mit("kvno").run("-U", "alice", "-k", kdc.keytab("HTTP/front.example.org"), "-P", target, env=env)


if __name__ == "__main__":
    unittest.main()
