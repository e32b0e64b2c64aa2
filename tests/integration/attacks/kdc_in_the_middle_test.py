"""Somebody between our programs and the KDC: who signs in is what the KDC sealed, and never what the path says."""

import datetime
import json
import types
import unittest

from impacket.krb5 import asn1
from impacket.krb5.crypto import Key, _enctype_table
from impacket.krb5.keytab import Keytab
from impacket.krb5.types import KerberosTime
from pyasn1.codec.der import decoder, encoder

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.kdc_in_the_middle import AES256, Forger, KdcInTheMiddle, edited, service_of
from tests.support.proxy import Proxy, route
from tests.support.raw_kdc_client import PRINCIPAL, RawKdc, _set_name

REALM = "ROOT.FABRIKAM.COM"
FRONT = "HTTP/frontend.root.fabrikam.com"
BACK = "HTTP/reports.root.fabrikam.com"
PASSWORD, CHOSEN = "Passw0rd!", "chosen by the attacker"


class Attacked(unittest.TestCase):
    """A forest whose DC of 2012 is reached through somebody."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        (cls.dc,) = [dc for dc in cls.forest.controllers(REALM) if dc["name"].startswith("dc12.")]
        cls.kdc = RawKdc(cls.dc["address"], cls.dc["kerberos_port"])

    def setUp(self):
        self.middle = self.enterContext(KdcInTheMiddle(self.dc["address"], self.dc["kerberos_port"]))

        file = self.forest.folder / f"{self.id()}.toml"
        file.write_text(f'[locator.realm."{REALM}"]\ncontrollers = [{{ name = "{self.dc["name"]}", address = "{self.dc["address"]}", '
                        f'kerberos_port = {self.middle.port}, ldap_port = {self.dc["ldap_port"]} }}]\n')
        # The forest, as programs see it through the middle.
        self.through = types.SimpleNamespace(stead_toml=file, env=self.forest.env, keytab=self.forest.keytab)
        self.keytab = self.forest.keytab(f"{FRONT}@{REALM}")

    def ticket(self, user):
        """The user's ticket to the front end, as the path once saw it."""
        return self.kdc.tgs(self.kdc.sign_in(user, REALM, PASSWORD), FRONT)

    def resealed(self, ticket, change):
        """The ticket with another content: what only the KDC can make, and what no client may take for good all the same."""
        (key,) = [Key(AES256, e.main_part["keyblock"]["keyvalue"]["data"]) for e in Keytab.loadFile(str(self.keytab)).entries
                  if e.main_part["keyblock"]["keytype"] == AES256][:1]
        cipher = _enctype_table[AES256]
        sealed = ticket.to_asn1(asn1.Ticket())["enc-part"]["cipher"].asOctets()
        part = decoder.decode(cipher.decrypt(key, 2, sealed), asn1Spec=asn1.EncTicketPart())[0]
        change(part)
        ticket.encrypted_part.ciphertext = cipher.encrypt(key, 2, encoder.encode(part), None)
        return ticket


class PasswordSignIn(Attacked):
    def sign_in(self, password):
        """The status of the form's POST, and the proxy's log."""
        routes = [route("/", "http://127.0.0.1:1", BACK, sign_in=["forms"])]
        with Proxy(self.through, routes) as proxy:
            status, _ = proxy.log_in("alice", password, proxy.folder / "jar")
            return status, proxy.log()

    def refused(self, why):
        status, log = self.sign_in(CHOSEN)
        self.assertNotEqual(status, 303, log)
        self.assertIn(why, log)
        self.assertGreater(self.middle.on_request.forged, 0, "the attack came to its end")

    def test_an_honest_path(self):
        self.assertEqual(self.sign_in(PASSWORD)[0], 303)
        self.assertNotEqual(self.sign_in(CHOSEN)[0], 303)

    def test_a_recorded_ticket_under_a_forged_reply(self):
        self.middle.on_request = Forger(REALM, "alice", FRONT, CHOSEN, self.ticket("alice").raw)
        self.refused("session key")

    def test_an_expired_ticket_whose_session_key_is_known(self):
        seen = self.ticket("alice")
        past = datetime.datetime.utcnow() - datetime.timedelta(minutes=6)

        def expire(part):
            part["endtime"] = KerberosTime.to_asn1(past)

        forger = Forger(REALM, "alice", FRONT, CHOSEN, self.resealed(seen.raw, expire))
        forger.session_key = seen.key
        self.middle.on_request = forger
        self.refused("expired")

    def test_another_users_ticket_whose_session_key_is_known(self):
        seen = self.ticket("bob")  # bob attacks, and knows his own ticket's
        forger = Forger(REALM, "alice", FRONT, CHOSEN, seen.raw)
        forger.session_key = seen.key
        self.middle.on_request = forger
        self.refused("bob")


class ProtocolTransition(Attacked):
    IDENTITY = ""  # of the [identity] table

    def s4u(self, user, status=0, service=BACK):
        config = self.forest.folder / "client.toml"
        config.write_text(f'[identity]\nprincipal = "{FRONT}@{REALM}"\nkeytab = "{self.keytab}"\n{self.IDENTITY}\n' + self.through.stead_toml.read_text())
        ran = foreign.built("stead").run("s4u", "--config", config, "--for", user, "--service", service, "--json", env=self.forest.env)
        self.assertEqual(ran.status, status, ran)
        return json.loads(ran.out)

    def on_evidence(self, change):
        """Changes the reply that has evidence for the user."""
        self.changed = 0

        def edit(_, reply):
            if service_of(reply) != FRONT:
                return reply
            self.changed += 1
            return edited(reply, change)

        self.middle.on_reply = edit

    def refused(self, user, why):
        answer = self.s4u(user, 1)
        self.assertFalse(answer["granted"])
        self.assertEqual(answer["steps"][-1]["exchange"], "S4U2Self", "no S4U2Proxy follows")
        self.assertIn(why, json.dumps(answer))
        self.assertGreater(self.changed, 0)

    def test_an_honest_path(self):
        for user in ("alice", "alice@root.fabrikam.com", "ROOT\\alice"):
            self.assertEqual(self.s4u(user)["client"], f"alice@{REALM}")

    def test_evidence_swapped_for_another_users_ticket(self):
        other = self.ticket("bob").raw
        self.on_evidence(lambda message: asn1.seq_set(message, "ticket", other.to_asn1))
        self.refused("alice", "session key")

    def test_evidence_swapped_for_a_recorded_ticket_of_the_same_user(self):
        recorded = self.ticket("alice").raw
        self.on_evidence(lambda message: asn1.seq_set(message, "ticket", recorded.to_asn1))
        self.refused("alice", "session key")

    def test_the_name_changed_on_the_way(self):
        def rename(message):
            _set_name(asn1.seq_set(message, "cname"), "alice", PRINCIPAL)

        self.on_evidence(rename)
        for user in ("bob", "bob@root.fabrikam.com"):
            with self.subTest(user):
                self.refused(user, "bob")

    def test_the_name_changed_on_the_way_and_the_echo_of_it_removed(self):
        def rename(message):
            _set_name(asn1.seq_set(message, "cname"), "alice", PRINCIPAL)
            if message["padata"].hasValue():
                rest = [p for p in message["padata"] if int(p["padata-type"]) != 130]
                message["padata"].clear()
                message["padata"].extend(rest)

        self.on_evidence(rename)
        for user in ("bob", "bob@root.fabrikam.com"):
            with self.subTest(user):
                self.refused(user, "bob")


class ProtocolTransitionByPaForUser(ProtocolTransition):
    IDENTITY = "pa_for_user = true"


if __name__ == "__main__":
    unittest.main()
