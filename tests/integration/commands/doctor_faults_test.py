"""Seeded faults, one at a time: `stead doctor` finds that one and no other, and its commands mend it. Harmless variations: it finds nothing."""
# ctest: TIMEOUT 400

import pathlib
import re
import shlex
import shutil
import socket
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.integration.commands import doctor_test
from tests.integration.commands.doctor_test import route, web
from tests.support import clock

WORD = "a word of the harbor"
HALL = "HTTP/hall.harbor.example"
BARN = "HTTP/barn.yard.example"


def front(name, *flags, spns=None, upn=True, lists=(HALL,), more=""):
    """An account that acts for users; its SPN is HTTP/NAME.harbor.example."""
    own = f"HTTP/{name}.harbor.example"
    upn = f'upn = "{own}@HARBOR.EXAMPLE", ' if upn else ""
    return (f'{{ name = "{name}$", {upn}password = "{WORD} {name}", flags = {list(flags)}, spns = {[own] if spns is None else spns}, '
            f'allowed_to_delegate_to = {list(lists)}, {more} }}').replace(", }", " }").replace(",  }", " }").replace("'", '"')


T = "trusted_to_auth_for_delegation"
FOREST = f"""
[[domain]]
realm   = "HARBOR.EXAMPLE"
netbios = "HARBOR"
sid     = "S-1-5-21-811-812-813"
forest  = "harbor.example"
account = [
  {{ name = "wanda", password = "{WORD}", upn = "w.weaver@harbor.example" }},
  {{ name = "otto.off", password = "{WORD}", flags = ["disabled"] }},
  {{ name = "lotte.locked", password = "{WORD}", flags = ["locked_out"] }},
  {{ name = "emil.ended", password = "{WORD}", flags = ["account_expired"] }},
  {{ name = "greta.grave", password = "{WORD}", flags = ["not_delegated"] }},
  {{ name = "paul.protected", password = "{WORD}", groups = ["Protected Users"] }},
  {{ name = "many", password = "{WORD}", groups = {[f"group {i}" for i in range(60)]} }},
  {front("gate", T)},
  {front("shut", T, "disabled")},
  {front("lock", T, "locked_out")},
  {front("past", T, "account_expired")},
  {front("stale", T, "password_expired")},
  {front("novel", T, "must_change_password")},
  {front("night", T, "logon_hours_denied")},
  {front("plain")},
  {front("bare", T, lists=())},
  {front("poor", lists=())},
  {front("noname", T, spns=[])},
  {front("away", T, spns=[])},
  {front("old4", T, more="supported_encryption_types = 0x04")},
  {front("aes128", T, more="supported_encryption_types = 0x08")},
  {front("upper", T, lists=["http/HALL.harbor.example"])},
  {front("member", lists=())},
  {{ name = "thief$", password = "{WORD} thief", spns = ["HTTP/away.harbor.example", "HTTP/door.harbor.example"] }},
  {{ name = "twin$", password = "{WORD} twin", spns = ["HTTP/twin.harbor.example"], allowed_to_act = ['HARBOR\\gate$'] }},
  {{ name = "hall$", password = "{WORD} hall", spns = ["{HALL}"] }},
  {{ name = "open$", password = "{WORD} open", spns = ["HTTP/open.harbor.example"], allowed_to_act = ['HARBOR\\front ends'] }},
  {{ name = "off$", password = "{WORD} off", spns = ["HTTP/off.harbor.example"], flags = ["disabled"], allowed_to_act = ['HARBOR\\gate$'] }},
  {{ name = "weak$", password = "{WORD} weak", spns = ["HTTP/weak.harbor.example"], supported_encryption_types = 0x04, allowed_to_act = ['HARBOR\\gate$'] }},
]
group = [{{ name = "front ends", scope = "universal" }}]
allow_rc4 = true

[[domain.controller]]
name    = "dc1.harbor.example"
address = "127.0.81.1"
level   = "2016"

[[domain.controller]]
name    = "dc2.harbor.example"
address = "127.0.81.2"
level   = "2012R2"

[[domain]]
realm   = "YARD.EXAMPLE"
netbios = "YARD"
sid     = "S-1-5-21-821-822-823"
forest  = "yard.example"
account = [
  {{ name = "yvonne", password = "{WORD}" }},
  {{ name = "barn$", password = "{WORD} barn", spns = ["{BARN}"], allowed_to_act = ['HARBOR\\gate$'] }},
  {{ name = "blog$", password = "{WORD} blog", spns = ["HTTP/blog.brand.example", "HTTP/twin.harbor.example"], allowed_to_act = ['HARBOR\\gate$'] }},
  {{ name = "crib$", password = "{WORD} crib", spns = ["HTTP/crib.yard.example"] }},
]

[[domain.controller]]
name    = "dc1.yard.example"
address = "127.0.81.3"
level   = "2019"

[[domain]]
realm   = "LONE.EXAMPLE"
netbios = "LONE"
sid     = "S-1-5-21-831-832-833"
forest  = "lone.example"
account = [{{ name = "lena", password = "{WORD}" }}, {{ name = "loft$", password = "{WORD} loft", spns = ["HTTP/loft.lone.example"] }}]

[[domain.controller]]
name    = "dc1.lone.example"
address = "127.0.81.4"
level   = "2019"

[[domain]]
realm   = "STRICT.EXAMPLE"
netbios = "STRICT"
sid     = "S-1-5-21-841-842-843"
forest  = "strict.example"
account = [{{ name = "safe$", password = "{WORD} safe", spns = ["HTTP/safe.strict.example"], allowed_to_act = ['HARBOR\\gate$'] }}]

[[domain.controller]]
name    = "dc1.strict.example"
address = "127.0.81.5"
level   = "2019"

[[domain]]
realm   = "OLD.EXAMPLE"
netbios = "OLD"
sid     = "S-1-5-21-851-852-853"
forest  = "old.example"
account = [{{ name = "barrel$", password = "{WORD} barrel", spns = ["HTTP/barrel.old.example"], allowed_to_act = ['HARBOR\\gate$'] }}]

[[domain.controller]]
name    = "dc1.old.example"
address = "127.0.81.6"
level   = "2008R2"

[[domain]]
realm   = "ONEWAY.EXAMPLE"
netbios = "ONEWAY"
sid     = "S-1-5-21-861-862-863"
forest  = "oneway.example"
account = [{{ name = "ship$", password = "{WORD} ship", spns = ["HTTP/ship.oneway.example"], allowed_to_act = ['HARBOR\\gate$'] }}]

[[domain.controller]]
name    = "dc1.oneway.example"
address = "127.0.81.7"
level   = "2019"

[[trust]]
domains  = ["HARBOR.EXAMPLE", "YARD.EXAMPLE"]
kind     = "forest"
password = "between harbor and yard"

[[trust]]
domains  = ["HARBOR.EXAMPLE", "STRICT.EXAMPLE"]
kind     = "forest"
password = "between harbor and strict"
selective_authentication = true

[[trust]]
domains  = ["HARBOR.EXAMPLE", "OLD.EXAMPLE"]
kind     = "forest"
password = "between harbor and old"

[[trust]]
domains   = ["HARBOR.EXAMPLE", "ONEWAY.EXAMPLE"]
kind      = "forest"
direction = "outbound"
password  = "from harbor to oneway"
"""


def setUpModule():
    doctor_test.setUpModule()


class Table(doctor_test.Case):
    """`one` runs the doctor in a set-up with one fault, and then with its own commands applied."""

    @classmethod
    def setUpClass(cls):
        state = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "state"
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True, state=state))

    def act(self, front="gate", user="wanda", service=HALL, forest=None, **kw):
        kw.setdefault("keytab", f"{front}$@HARBOR.EXAMPLE")
        kw.setdefault("principal", f"HTTP/{front}.harbor.example@HARBOR.EXAMPLE")
        return self.examine(forest or self.forest, "--for", user, "--service", service, **kw)

    def finding(self, out, *ids):
        """The one fault, which has one of these ids."""
        faults = [check for check in out["checks"] if check["result"] == "fault"]
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(faults[0]["id"], ids, faults[0])
        return faults[0]

    def apply(self, check):
        """Types the commands for a domain controller, as they are printed."""
        done = 0
        for step in check["steps"]:
            if step["place"] == "a domain controller" and step["kind"] == "change" and not step["text"].startswith("ktpass"):
                self.forest.kdc("directory", "--state", self.forest.state, *shlex.split(step["text"])).ok()
                done += 1
        self.assertGreater(done, 0, check)

    def keytab(self, text, name="made"):
        """A keytab by MIT's ktutil."""
        path = self.forest.folder / f"{name}.keytab"
        path.unlink(missing_ok=True)
        foreign.mit("ktutil").run(input=f"{text}\nwkt {path}\n", env=self.forest.env).ok()
        return path

    def entry(self, principal="HTTP/gate.harbor.example@HARBOR.EXAMPLE", kvno=1, etype="aes256-cts", salt="HARBOR.EXAMPLEhostgate.harbor.example", word=f"{WORD} gate"):
        return f"addent -password -p {principal} -k {kvno} -e {etype} -s {salt}\n{word}"

    def own_keytab(self, name):
        """A keytab with the name that an account signs on by, and its key."""
        return self.keytab(self.entry(f"HTTP/{name}.harbor.example@HARBOR.EXAMPLE", salt=f"HARBOR.EXAMPLEhost{name}.harbor.example", word=f"{WORD} {name}"), name)

    def one(self, ids, says="", mend=True, **kw):
        check = self.finding(self.act(**kw), *ids.split())
        self.assertRegex(" ".join([check["symptom"], check["proof"], *check["fix"]]), re.compile(says, re.I))
        if mend:
            self.apply(check)
            left = [c for c in self.act(**kw)["checks"] if c["result"] == "fault"]
            self.assertEqual(left, [], "after " + "; ".join(check["fix"]))
        return check

    def rows(self, rows):
        for name, ids, options in rows:
            with self.subTest(name):
                self.one(ids, **options)

    def healthy(self, rows):
        for name, options in rows:
            with self.subTest(name):
                out = self.act(**options)
                self.assertEqual(self.broken(out), set(), [c for c in out["checks"] if c["result"] == "fault"])


class Accounts(Table):
    def test_users(self):
        self.rows([
            ("disabled", "U2", {"user": "otto.off", "says": "disabled"}),
            ("locked", "U2", {"user": "lotte.locked", "says": "locked.*Unlock-ADAccount"}),
            ("expired", "U2", {"user": "emil.ended", "says": "has expired.*Clear-ADAccountExpiration"}),
            ("sensitive", "U3", {"user": "greta.grave", "says": "marked sensitive.*AccountNotDelegated"}),
            ("protected", "U3", {"user": "paul.protected", "says": "Protected Users.*Remove-ADGroupMember"}),
            ("unknown", "U1", {"user": "nobody", "mend": False}),
            ("unknown suffix", "U1", {"user": "wanda@nowhere.example", "mend": False}),
            ("of a forest without trust", "D6 D7 U1", {"user": "lena@lone.example", "mend": False}),
        ])

    def test_the_front_ends_account(self):
        self.rows([
            ("disabled", "A1", {"front": "shut", "says": "is disabled.*Enable-ADAccount"}),
            ("locked", "A1", {"front": "lock", "says": "is locked.*Unlock-ADAccount"}),
            ("expired", "A1", {"front": "past", "says": "has expired.*Clear-ADAccountExpiration"}),
            ("password expired", "A1", {"front": "stale", "says": "password that has expired.*PasswordNeverExpires"}),
            ("must change the password", "A1", {"front": "novel", "says": "must change.*ChangePasswordAtLogon"}),
            ("outside the hours", "A1", {"front": "night", "says": "at this time.*logonHours"}),
            ("without an SPN", "A4", {"front": "noname", "keytab": self.own_keytab("noname"), "says": "no SPN|No account has"}),
            ("RC4 only", "A3", {"front": "old4", "keytab": self.own_keytab("old4"), "says": "AES128"}),
        ])

    def test_an_spn_on_another_account(self):
        check = self.one("A5", front="away", keytab=self.own_keytab("away"), says="another account.*It is on thief")
        self.assertIn("setspn -Q HTTP/away.harbor.example", check["fix"])

    def test_delegation(self):
        self.rows([
            ("no protocol transition", "D1", {"front": "plain", "says": "TrustedToAuthForDelegation"}),
            ("no list", "D2", {"front": "bare", "says": "msDS-AllowedToDelegateTo"}),
            ("neither", "D3", {"front": "poor", "says": "PrincipalsAllowedToDelegateToAccount"}),
            ("a back end of another forest that allows nobody", "D3", {"service": "HTTP/crib.yard.example", "says": "STATUS_NOT_FOUND"}),
            ("no account has the SPN", "S1", {"service": "HTTP/nothere.harbor.example", "mend": False}),
            ("no account of the other forest has the SPN", "S1", {"service": "HTTP/nothere.yard.example", "mend": False}),
            ("the back end's account is disabled", "S1", {"service": "HTTP/off.harbor.example", "says": "Enable-ADAccount"}),
            ("the back end has RC4 alone", "S5", {"service": "HTTP/weak.harbor.example", "says": "AES128"}),
            ("selective authentication", "D7", {"service": "HTTP/safe.strict.example", "says": "Allowed.to.Authenticate", "mend": False}),
            ("old controllers alone", "D5", {"service": "HTTP/barrel.old.example", "says": "2012", "mend": False}),
            ("no trust, by the name alone", "D7", {"service": "HTTP/loft.lone.example", "says": "No trust leads.*LONE.EXAMPLE", "mend": False}),
            ("one-way, by the name alone", "D7", {"service": "HTTP/ship.oneway.example", "says": "No trust leads.*one-way", "mend": False}),
            ("a suffix that is not routed", "D7", {"service": "HTTP/blog.brand.example", "says": "suffix.*netdom trust", "mend": False}),
            ("two domains have the SPN", "S2", {"service": "HTTP/twin.harbor.example", "says": "two domains|2 accounts", "mend": False}),
            ("not trusted for delegation", "D8", {"routes": route(HALL, doctor_test.PUBLIC, host="gate.harbor.example", delegation="forwarded-tgt").replace(', "forms"', ""), "says": "OK-AS-DELEGATE.*TrustedForDelegation"}),
            ("no trust", "D7 S1", {"service": "HTTP/loft.lone.example@LONE.EXAMPLE", "says": "trust", "mend": False}),
            ("a trust of the wrong direction", "D7 S1", {"service": "HTTP/ship.oneway.example@ONEWAY.EXAMPLE", "says": "trust", "mend": False}),
        ])

    def test_harmless(self):
        self.healthy([
            ("by the UPN", {"user": "w.weaver@harbor.example"}),
            ("by the NetBIOS name", {"user": "HARBOR\\wanda"}),
            ("by the name in another case", {"user": "WANDA@harbor.example"}),
            ("a user of the other forest", {"user": "yvonne@yard.example"}),
            ("a user in many groups", {"user": "many"}),
            ("a list in another case", {"front": "upper"}),
            ("the SPN in another case", {"service": "http/HALL.harbor.example"}),
            ("a back end of another forest", {"service": BARN}),
            ("with its realm", {"service": BARN + "@YARD.EXAMPLE"}),
            ("AES128 alone", {"front": "aes128"}),
            ("the account as principal", {"principal": "gate$@HARBOR.EXAMPLE"}),
        ])


class Keytabs(Table):
    def test_faults(self):
        empty = self.forest.folder / "empty.keytab"
        empty.write_bytes(b"\x05\x02")
        nonsense = self.forest.folder / "nonsense.keytab"
        nonsense.write_bytes(b"nonsense")
        self.rows([
            ("of another password", "A2", {"keytab": self.keytab(self.entry(word="another"), "word"), "mend": False}),
            ("of a wrong salt", "A2", {"keytab": self.keytab(self.entry(salt="HARBOR.EXAMPLEgate"), "salt"), "says": "salt", "mend": False}),
            ("of another number", "A2", {"keytab": self.keytab(self.entry(kvno=7), "kvno"), "says": "kvno 7", "mend": False}),
            ("of another account", "A2", {"keytab": "thief$@HARBOR.EXAMPLE", "mend": False}),
            ("RC4 alone", "A3", {"keytab": self.keytab(self.entry(etype="arcfour-hmac"), "rc4"), "mend": False}),
            ("empty", "A2", {"keytab": empty, "mend": False}),
            ("malformed", "A2", {"keytab": nonsense, "mend": False}),
            ("readable by others", "A6", {"mode": 0o644, "says": "chmod 600", "mend": False}),
            ("writable by its group", "A6", {"mode": 0o620, "says": "chmod 600", "mend": False}),
            ("a principal that nobody has", "A2", {"principal": "HTTP/other.harbor.example@HARBOR.EXAMPLE", "mend": False}),
            ("a realm in lower case", "N7", {"principal": "HTTP/gate.harbor.example@harbor.example", "says": "upper case", "mend": False}),
            ("a keytab with a lower-case realm", "A2 N7", {"keytab": self.keytab(self.entry(principal="HTTP/gate.harbor.example@harbor.example"), "lower"), "says": "lower|upper", "mend": False}),
        ])

    def test_harmless(self):
        old = self.entry(kvno=1) + "\n" + self.entry(kvno=0, word="an old one")
        self.healthy([
            ("read-only", {"mode": 0o400}),
            ("kvno 0", {"keytab": self.keytab(self.entry(kvno=0), "zero")}),
            ("an old key too", {"keytab": self.keytab(old, "old")}),
            ("AES128 and RC4 too", {"keytab": self.keytab("\n".join(self.entry(etype=e) for e in ("aes256-cts", "aes128-cts", "arcfour-hmac")), "more")}),
        ])


class Files(Table):
    """What stead-proxy --check refuses or warns of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = cls.forest.folder / "files"
        cls.files.mkdir()
        for name in ("front", "other"):
            cls.make_certificate(name, "/CN=gate.harbor.example", "DNS:gate.harbor.example")
        cls.make_certificate("elsewhere", "/CN=elsewhere.example", "DNS:elsewhere.example")
        cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=users", "-days", "9")
        (cls.files / "ca.cnf").write_text("[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=1\n")
        (cls.files / "index.txt").write_text("")
        (cls.files / "number").write_text("01\n")
        for name, when in (("new", []), ("old", ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"])):
            cls.openssl("ca", "-gencrl", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "ca.crt", "-out", f"{name}.crl", *when)
        (cls.files / "empty.crl").write_text("")
        (cls.files / "short.key").write_bytes(b"short")
        (cls.files / "good.key").write_bytes(bytes(range(32)))
        (cls.files / "folder").mkdir()
        for path in cls.files.glob("*.key"):
            path.chmod(0o600)

    @classmethod
    def openssl(cls, *args):
        foreign.run("env", "-C", cls.files, "openssl", *args).ok()

    @classmethod
    def make_certificate(cls, name, subject, names, *more):
        cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt",
                    "-subj", subject, "-addext", f"subjectAltName={names}", "-days", "9", *more)

    def server(self, certificate="front", key=None, listen="127.0.0.1:8443", more=""):
        return f'listen = ["{listen}"]\ncertificate = "{self.files}/{certificate}.crt"\nkey = "{self.files}/{key or certificate}.key"\n{more}'

    def tables(self, ca="ca.crt", crl="new.crl", session="good.key"):
        return (f'[sign_in.certificate]\nca = "{self.files}/{ca}"\ncrl = ["{self.files}/{crl}"]\n'
                f'[session]\nkey_file = "{self.files}/{session}"\n')

    def test_faults(self):
        self.rows([(name, ids, {"mend": False, **options}) for name, ids, options in [
            ("certificate and key that do not match", "C2", {"server": self.server(key="other"), "says": "does not belong"}),
            ("no such certificate", "C2", {"server": self.server("nothere", key="front")}),
            ("no such key", "C2", {"server": self.server(key="nothere")}),
            ("a certificate of another name", "F5", {"server": self.server("elsewhere"), "routes": route(HALL, doctor_test.PUBLIC, host="gate.harbor.example", delegation="none"), "says": "gate.harbor.example"}),
            ("a short session key", "C2", {"server": self.server(), "tables": self.tables(session="short.key"), "says": "5 bytes"}),
            ("a session key that is a folder", "C2", {"server": self.server(), "tables": self.tables(session="folder")}),
            ("a session key in a folder that is not there", "C2", {"server": self.server(), "tables": self.tables(session="nothere/session.key")}),
            ("an old revocation list", "C2", {"server": self.server(), "tables": self.tables(crl="old.crl"), "says": "next update"}),
            ("an empty revocation list", "C2", {"server": self.server(), "tables": self.tables(crl="empty.crl")}),
            ("no such CA", "C2", {"server": self.server(), "tables": self.tables(ca="nothere.crt")}),
            ("a log in a folder that is not there", "C2", {"server": self.server(more='access_log = "/nowhere/access.log"\n'), "says": "access log"}),
            ("an address of another computer", "C2", {"server": self.server(listen="192.0.2.1:8443"), "says": "192.0.2.1"}),
        ]])
        self.healthy([("all of it", {"server": self.server(), "tables": self.tables()}),
                      ("no session key yet", {"server": self.server(), "tables": self.tables(session="new.key")})])

    def test_a_file_that_the_proxy_refuses(self):
        for name, options, says in (
                ("plain HTTP to the world", {"server": 'listen = ["0.0.0.0:8080"]\n'}, "plain HTTP"),
                ("a key that nobody knows", {"server": 'listen = ["127.0.0.1:8443"]\nlisten_to = "x"\n'}, "listen_to"),
                ("no route", {"routes": "\n"}, "route")):
            with self.subTest(name):
                check = self.finding(self.act(status=2, **options), "C1")
                self.assertIn(says, check["proof"])


class Network(Table):
    def edited(self, *pairs):
        text = self.forest.stead_toml.read_text()
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        return text

    def test_faults(self):
        dc1, dc2 = self.forest.controllers("HARBOR.EXAMPLE")
        yard = self.forest.controllers("YARD.EXAMPLE")[0]
        closed, = foreign.free_ports(1, dc1["address"])
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket()
        self.addCleanup(silent.close)
        self.addCleanup(tcp.close)
        port, = foreign.free_ports(1, "127.0.81.9")
        silent.bind(("127.0.81.9", port))
        tcp.bind(("127.0.81.9", port))
        tcp.listen()
        kerberos = lambda dc: f'kerberos_port = {dc["kerberos_port"]}'  # noqa: E731
        place = lambda dc: f'address = "{dc["address"]}", {kerberos(dc)}'  # noqa: E731
        self.rows([(name, ids, {"mend": False, **options}) for name, ids, options in [
            ("one controller is down", "N2", {"locator": self.edited((place(dc2), f'address = "{dc2["address"]}", kerberos_port = {closed}')), "says": "refused"}),
            ("one controller is silent", "N2", {"locator": self.edited((f'{place(dc2)}, ldap_port = {dc2["ldap_port"]}', f'address = "127.0.81.9", kerberos_port = {port}, ldap_port = {port}')), "says": "silent|does not answer"}),
            ("the ping is blocked", "N2", {"locator": self.edited((f'ldap_port = {dc2["ldap_port"]}', f"ldap_port = {closed}")), "says": "LDAP ping"}),
            ("a controller of another domain", "N7", {"locator": self.edited((place(dc2), place(yard)), (f'ldap_port = {dc2["ldap_port"]}', f'ldap_port = {yard["ldap_port"]}')), "says": "another domain"}),
            ("the other forest's controllers are down", "N2", {"service": BARN, "locator": self.edited((place(yard), f'address = "{yard["address"]}", kerberos_port = {closed}'))}),
            ("this computer's clock is slow", "N3", {"env": clock.off_by(-1200, self.forest.env), "says": "This computer's clock"}),
            ("this computer's clock is fast", "N3", {"env": clock.off_by(1200, self.forest.env), "service": BARN, "says": "This computer's clock"}),
        ]])

    def test_a_paused_controller(self):
        self.forest.kdc("directory", "--state", self.forest.state, "Suspend-Service", "Netlogon", "-ComputerName", "dc2.harbor.example").ok()
        self.one("N2", says="paused.*Resume-Service Netlogon")

    def test_harmless(self):
        lone = self.forest.controllers("LONE.EXAMPLE")[0]
        closed, = foreign.free_ports(1, lone["address"])
        self.healthy([
            ("a realm off the way is down", {"locator": self.edited((f'kerberos_port = {lone["kerberos_port"]}', f"kerberos_port = {closed}"))}),
            ("a clock that is off by two minutes", {"env": clock.off_by(120, self.forest.env)}),
        ])

    def test_names(self):
        def by(edit=lambda text: text, more=""):
            return f'[locator]\nnameservers = ["{self.enterContext(self.forest.nameserver(edit=edit, more=more))}"]\n'

        def without(pattern):
            def edit(text):
                kept = [line for line in text.splitlines() if not re.search(pattern, line)]
                self.assertLess(len(kept), len(text.splitlines()), pattern)
                return "\n".join(kept)
            return edit
        self.healthy([("all records", {"locator": by()}), ("all records, two forests", {"locator": by(), "service": BARN})])
        self.rows([(name, ids, {"mend": False, **options}) for name, ids, options in [
            ("no Kerberos records", "N1", {"locator": by(without(r"_kerberos\._(tcp|udp).*harbor\.example")), "says": "service records", "status": 3}),
            ("no LDAP records", "N1", {"locator": by(without(r"_ldap\._tcp.*_msdcs\.harbor\.example")), "says": "_ldap"}),
            ("no address of one controller", "N1", {"locator": by(without(r"^(host-record|address)=.*dc2\.harbor\.example")), "says": "no address for: dc2"}),
            ("no addresses of the controllers", "N1", {"locator": by(without(r"^(host-record|address)=.*dc[12]\.harbor\.example")), "says": "address", "status": 3}),
        ]])


class BackEnds(Table):
    def test_faults(self):
        def page(answer):
            return {"routes": route(HALL, self.enterContext(web(answer))), "mend": False}

        def ask(status, **headers):
            return lambda request: (status, {name.replace("_", "-"): value for name, value in headers.items()})

        def signed(answer):
            return lambda request: answer if "Authorization" in request.headers else (401, {"WWW-Authenticate": "Negotiate"})
        self.rows([
            ("down", "B1", {"routes": route(HALL, f"http://127.0.0.1:{foreign.free_port()}"), "says": "refused", "mend": False}),
            ("no address", "B1", {"routes": route(HALL, "http://nowhere.invalid"), "says": "DNS", "mend": False}),
            ("NTLM alone", "B1", page(ask(401, WWW_Authenticate="NTLM"))),
            ("Basic alone", "B1", page(ask(401, WWW_Authenticate='Basic realm="x"'))),
            ("refuses the ticket", "S4", page(ask(401, WWW_Authenticate="Negotiate"))),
            ("forbids the user", "B9", page(signed((403, {})))),
            ("a token that is too long", "U4", page(signed((431, {})))),
            ("another Host", "B7", page(ask(421))),
            ("a proof that does not hold", "B8", page(signed((200, {"WWW-Authenticate": "Negotiate bm9uc2Vuc2U="})))),
        ])
        required = page(signed((200, {})))
        required["routes"] += 'mutual = "required"\n'
        self.rows([("no proof where one is required", "B8", required)])

    def test_harmless(self):
        def page(answer):
            return {"routes": route(HALL, self.enterContext(web(answer)))}
        self.healthy([
            ("a page for everybody", page(lambda request: (200, {}))),
            ("a page that is not there", page(lambda request: (404, {}))),
            ("a redirect", page(lambda request: (302, {"Location": "/x"}))),
            ("a route without delegation", {"routes": route(HALL, self.enterContext(web(lambda request: (200, {}))), delegation="none")}),
        ])


def tearDownModule():
    clock.remove()


if __name__ == "__main__":
    unittest.main()
