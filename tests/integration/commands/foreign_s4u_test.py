"""`stead s4u` against KDCs of others: the tickets that it gets are taken by stock klist, kvno and Apache."""

import json
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from tests.support.heimdal_kdc import HeimdalKdc
from tests.support.mit_kdc import MitKdc
from tests.support.mit_ldap_kdc import MitLdapKdc

REALM = "EXAMPLE.ORG"
FRONT, BACK, OTHER = "HTTP/front.example.org", "HTTP/back.example.org", "HTTP/other.example.org"
USERS = {"alice": "Passw0rd!", "bob": "Passw0rd!"}


class Foreign:
    """What every foreign KDC must do with our client."""

    IDENTITY = ""  # more of the [identity] table

    @classmethod
    def setUpClass(cls):
        cls.kdc = cls.enterClassContext(cls.KDC(REALM, USERS, [FRONT, BACK, OTHER]))
        cls.keytab = cls.kdc.keytab(FRONT)
        cls.config = cls.kdc.folder / "stead.toml"
        cls.config.write_text(f'[identity]\nprincipal = "{FRONT}@{REALM}"\nkeytab = "{cls.keytab}"\n{cls.IDENTITY}\n'
                              f'[locator.realm."{REALM}"]\ncontrollers = [{{ name = "kdc.example.org", address = "{cls.kdc.host}", '
                              f"kerberos_port = {cls.kdc.port}, ldap_port = {foreign.free_port()} }}]\n")

    def setUp(self):
        self.ccache = self.kdc.folder / self.id()
        self.users = foreign.client_environment(self.kdc.folder / "krb5.conf", self.ccache)

    def s4u(self, user, service):
        return foreign.built("stead").run("s4u", "--for", user, "--service", service, "--config", self.config, "--json",
                                          "--ccache", self.ccache)

    def granted(self, user, service):
        ran = self.s4u(user, service).ok()
        answer = json.loads(ran.out)
        self.assertEqual((answer["client"], answer["service"], answer["granted"]),
                         (f"{user}@{REALM}", f"{service}@{REALM}", True))
        self.assertEqual(foreign.klist(self.users)[f"{service}@{REALM}"][0], f"{user}@{REALM}")
        # kvno finds the ticket in the cache (there is no TGT to get another) and opens it with the service's keytab.
        opened = foreign.mit("kvno").run("-k", self.kdc.keytab(service), f"{service}@{REALM}", env=self.users).ok()
        self.assertIn("keytab entry valid", opened.out)
        return answer

    def refused(self, user, service, answer):
        ran = self.s4u(user, service)
        self.assertEqual(ran.status, 1, ran)
        said = json.loads(ran.out)
        self.assertFalse(said["granted"])
        self.assertEqual([s["answer"] for s in said["steps"] if s["exchange"] in ("AS", "S4U2Self", "S4U2Proxy")][-1], answer)
        self.assertTrue(said["diagnosis"]["summary"])

    def test_ticket_to_itself_in_the_users_name(self):
        answer = self.granted("alice", FRONT)
        self.assertEqual({step["exchange"] for step in answer["steps"]}, {"AS", "S4U2Self"})

    def test_stock_apache_takes_it(self):
        self.granted("bob", FRONT)
        with Apache(self.keytab, self.kdc.folder / "krb5.conf") as back_end:
            self.assertEqual(seen(back_end.curl("front.example.org", env=self.users).ok().out)["REMOTE_USER"], f"bob@{REALM}")

    def test_unknown_user(self):
        self.refused("nobody", FRONT, "KDC_ERR_C_PRINCIPAL_UNKNOWN")


class Delegating(Foreign):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kdc.allow_to_delegate(FRONT, BACK)

    def test_delegates_where_allowed(self):
        answer = self.granted("alice", BACK)
        self.assertEqual(answer["steps"][-1]["exchange"], "S4U2Proxy")

    def test_stock_apache_takes_the_delegated_ticket(self):
        self.granted("alice", BACK)
        with Apache(self.kdc.keytab(BACK), self.kdc.folder / "krb5.conf") as back_end:
            self.assertEqual(seen(back_end.curl("back.example.org", env=self.users).ok().out)["REMOTE_USER"], f"alice@{REALM}")

    def test_is_refused_elsewhere(self):
        self.refused("alice", OTHER, "KDC_ERR_BADOPTION")


class Mit(Foreign, unittest.TestCase):
    KDC = MitKdc

    def test_never_delegates(self):
        self.refused("alice", BACK, "KDC_ERR_BADOPTION")


class MitOverLdap(Delegating, unittest.TestCase):
    KDC = MitLdapKdc


class Heimdal(Delegating, unittest.TestCase):
    """Knows PA-FOR-USER alone, as Samba's KDC does."""

    KDC = HeimdalKdc


class HeimdalByPaForUserAlone(Delegating, unittest.TestCase):
    KDC = HeimdalKdc
    IDENTITY = "pa_for_user = true"


if __name__ == "__main__":
    unittest.main()
