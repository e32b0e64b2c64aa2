"""Stock LDAP tools administer a running forest: OpenLDAP's, python-ldap, impacket's."""

import base64
import re
import socket
import sys
import tempfile
import time
import unittest

from samples.support import foreign
from tests.support import impacket_at
from tests.support.ldap_forest import BASE, DC, REALM, LdapForest

WEB = f"CN=web,CN=Computers,{BASE}"
ALICE = f"CN=alice,CN=Users,{BASE}"
WEB_PASSWORD = "web of ldap.example"


def ntlm(password):
    """Arguments for NTLM with the password's hash: ldap3 cannot make it where OpenSSL has no MD4."""
    from impacket.ntlm import compute_nthash  # where impacket is
    return "-hashes", f"{'0' * 32}:{compute_nthash(password).hex()}"


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(LdapForest(free_ports=True))

    def search(self, env, *args, **kw):
        return self.forest.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", *args, env=env, **kw)

    def values(self, env, entry, attribute):
        out = self.search(env, "-b", entry, "-s", "base", "(objectClass=*)", attribute).ok().out
        return re.findall(rf"^{attribute}:: ?(.*)$|^{attribute}: (.*)$", out, re.M | re.I)

    def texts(self, env, entry, attribute):
        return sorted(text for _, text in self.values(env, entry, attribute))

    def modify(self, env, ldif, **kw):
        return self.forest.tool("ldapmodify", env=env, input=ldif, **kw)


class OpenLdap(Running):
    def test_anybody_reads_the_root(self):
        out = self.search(self.forest.tool_environment(), "-x", "-s", "base", "-b", "").ok().out
        for line in (f"defaultNamingContext: {BASE}", "supportedSASLMechanisms: GSSAPI", "supportedSASLMechanisms: GSS-SPNEGO",
                     "domainControllerFunctionality: 7", "supportedLDAPVersion: 3", f"dnsHostName: {DC}",
                     "supportedExtension: 1.3.6.1.4.1.1466.20037"):
            self.assertIn(line, out)

    def test_nobody_reads_more_unbound(self):
        ran = self.search(self.forest.tool_environment(), "-x", "-b", BASE, "(cn=alice)")
        self.assertIn("successful bind must be completed", ran.err + ran.out)

    def test_gssapi_with_every_layer(self):
        env = self.forest.sign_in("alice", "Passw0rd!")
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            for ssf in ("minssf=0,maxssf=0", "minssf=1,maxssf=1", "minssf=56"):
                with self.subTest(mechanism=mechanism, layer=ssf):
                    ran = self.search(env, "-Q", "-Y", mechanism, "-O", ssf, "-b", BASE, "(sAMAccountName=alice)", "memberOf").ok()
                    self.assertIn(f"dn: {ALICE}\nmemberOf: CN=staff,CN=Users,{BASE}\n", ran.out)

    def test_who_am_i(self):
        env = self.forest.sign_in("alice", "Passw0rd!")
        self.assertEqual(self.forest.tool("ldapwhoami", env=env).ok().out.strip(), "u:LDAP\\alice")

    def test_simple_binds_need_tls(self):
        env = self.forest.tool_environment()
        for name in (ALICE, "LDAP\\alice", "alice@ldap.example"):
            with self.subTest(name=name):
                plain = self.forest.tool("ldapwhoami", "-x", "-D", name, "-w", "Passw0rd!", env=env)
                self.assertIn("(8)", plain.err)
                wrong = self.forest.tool("ldapwhoami", "-x", "-D", name, "-w", "wrong", env=env, uri=self.forest.ldaps_uri)
                self.assertIn("data 52e", wrong.err)
                for how in ({"uri": self.forest.ldaps_uri}, {}):
                    more = () if how else ("-ZZ",)
                    right = self.forest.tool("ldapwhoami", "-x", *more, "-D", name, "-w", "Passw0rd!", env=env, **how)
                    self.assertEqual(right.ok().out.strip(), "u:LDAP\\alice")
        disabled = self.forest.tool("ldapwhoami", "-x", "-D", "bob@ldap.example", "-w", "Passw0rd!", env=env, uri=self.forest.ldaps_uri)
        self.assertIn("data 533", disabled.err)

    def test_pages(self):
        env = self.forest.sign_in("alice", "Passw0rd!")
        ran = self.search(env, "-E", "pr=2/noprompt", "-b", BASE, "(objectClass=user)", "sAMAccountName").ok()
        names = re.findall(r"^sAMAccountName: (.*)$", ran.out, re.M)
        self.assertLessEqual({"admin", "alice", "bob", "frontend$", "web$", "krbtgt", "DC1$"}, set(names))
        self.assertEqual(len(names), len(set(names)))

    def test_bit_rules_and_chains(self):
        env = self.forest.sign_in("alice", "Passw0rd!")
        for text, found in (("(userAccountControl:1.2.840.113556.1.4.803:=2)", {"CN=bob"}),
                            (f"(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=CN=everybody here,CN=Users,{BASE}))", {"CN=alice"})):
            out = self.search(env, "-b", BASE, text, "1.1").ok().out
            self.assertEqual(set(re.findall(r"^dn: ([^,]*),", out, re.M)), found, text)

    def test_spns_and_delegation_lists(self):
        admin = self.forest.sign_in("admin", "Adm1n!pass")
        self.modify(admin, f"dn: {WEB}\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: HTTP/www.ldap.example\n-\n"
                           f"replace: msDS-AllowedToDelegateTo\nmsDS-AllowedToDelegateTo: HTTP/frontend.ldap.example\n").ok()
        self.assertEqual(self.texts(admin, WEB, "servicePrincipalName"), ["HTTP/web.ldap.example", "HTTP/www.ldap.example"])
        foreign.mit("kvno").run("HTTP/www.ldap.example", env=admin).ok()  # the KDC sees it at the next request
        alice = self.forest.sign_in("alice", "Passw0rd!")
        refused = self.modify(alice, f"dn: {WEB}\nchangetype: modify\ndelete: servicePrincipalName\n")
        self.assertIn("Insufficient access (50)", refused.err)

    def test_a_password_needs_a_sealed_connection(self):
        admin = self.forest.sign_in("admin", "Adm1n!pass")
        value = base64.b64encode('"N3xt!pass"'.encode("utf-16-le")).decode()
        ldif = f"dn: CN=temp,CN=Users,{BASE}\nchangetype: add\nobjectClass: user\nuserAccountControl: 512\nunicodePwd:: {value}\n"
        signed = self.forest.tool("ldapmodify", "-Q", "-Y", "GSSAPI", "-O", "minssf=1,maxssf=1", env=admin, input=ldif)
        self.assertIn("(53)", signed.err)
        self.modify(admin, ldif).ok()
        foreign.kinit(self.forest.client("temp"), f"temp@{REALM}", "N3xt!pass").ok()
        self.forest.tool("ldapdelete", f"CN=temp,CN=Users,{BASE}", env=admin).ok()
        self.assertNotEqual(foreign.kinit(self.forest.client("temp"), f"temp@{REALM}", "N3xt!pass").status, 0)


class Lockout(unittest.TestCase):
    def test_wrong_passwords_of_simple_binds_count(self):
        with LdapForest(policy="lockout_threshold = 3\n", free_ports=True) as forest:
            def bind(password):
                return forest.tool("ldapwhoami", "-x", "-D", "alice@ldap.example", "-w", password, env=forest.tool_environment(), uri=forest.ldaps_uri)
            for _ in range(2):
                self.assertIn("data 52e", bind("wrong").err)
            bind("Passw0rd!").ok()
            for _ in range(3):
                self.assertIn("data 52e", bind("wrong").err)
            self.assertIn("data 775", bind("Passw0rd!").err)
            self.assertIn("revoked", foreign.kinit(forest.client("alice"), f"alice@{REALM}", "Passw0rd!").err)
            admin = forest.sign_in("admin", "Adm1n!pass")
            forest.tool("ldapmodify", env=admin, input=f"dn: {ALICE}\nchangetype: modify\nreplace: lockoutTime\nlockoutTime: 0\n").ok()
            bind("Passw0rd!").ok()
            foreign.kinit(forest.client("alice"), f"alice@{REALM}", "Passw0rd!").ok()


class HostileBytes(Running):
    NOTICE = b"1.3.6.1.4.1.1466.20036"
    START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
    ANONYMOUS_BIND = bytes.fromhex("300c020102600702010304008000")

    def answer(self, *parts, pause=0.0):
        with socket.create_connection((self.forest.dc["address"], self.forest.dc["ldap_port"]), timeout=10) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            connection.settimeout(3)
            out = b""
            while part := connection.recv(65536):
                out += part
            return out

    def tearDown(self):
        self.search(self.forest.tool_environment(), "-x", "-s", "base", "-b", "").ok()

    def test_what_is_no_message_ends_the_connection_with_a_notice(self):
        for name, sent in (("HTTP", b"GET / HTTP/1.1\r\n\r\n"), ("TLS", bytes.fromhex("16030100")), ("an indefinite length", bytes.fromhex("3080")),
                           ("a message of 4 GB", bytes.fromhex("3084ffffffff")), ("an unknown operation", bytes.fromhex("30050201017000")),
                           ("a filter of depth 17", self.deep_filter(17))):
            with self.subTest(name):
                self.assertIn(self.NOTICE, self.answer(sent))

    def test_a_message_may_come_byte_by_byte(self):
        unbind = bytes.fromhex("30050201034200")
        self.assertEqual(self.answer(*(bytes([b]) for b in self.ANONYMOUS_BIND + unbind), pause=0.002), bytes.fromhex("300c02010261070a010004000400"))

    def test_what_comes_with_starttls_is_not_heard(self):
        """Words in the clear would be taken for the client's within TLS."""
        self.assertEqual(self.answer(self.START_TLS + self.ANONYMOUS_BIND), b"")

    def deep_filter(self, depth):
        text = b"\x87\x02cn"
        for _ in range(depth - 1):
            text = bytes([0xa2, len(text)]) + text
        body = bytes.fromhex("04000a01000a0100020100020100010100") + text + b"\x30\x00"
        search = bytes([0x63, len(body)]) + body
        return bytes([0x30, len(search) + 3]) + b"\x02\x01\x01" + search


PYTHON_LDAP = """
import ldap, ldap.modlist, ldap.sasl, sys
uri, base = sys.argv[1:]
connection = ldap.initialize(uri)
connection.set_option(ldap.OPT_X_SASL_NOCANON, 1)
connection.set_option(ldap.OPT_REFERRALS, 0)
connection.sasl_interactive_bind_s("", ldap.sasl.gssapi())
group = f"CN=team,CN=Users,{base}"
member = f"CN=alice,CN=Users,{base}"
connection.add_s(group, [("objectClass", [b"group"]), ("sAMAccountName", [b"team"])])
connection.modify_s(group, [(ldap.MOD_ADD, "member", [member.encode()])])
[(_, attributes)] = connection.search_s(member, ldap.SCOPE_BASE, "(objectClass=*)", ["memberOf", "objectSid"])
assert group.encode() in attributes["memberOf"], attributes
assert attributes["objectSid"][0][:2] == b"\\x01\\x05", attributes
connection.delete_s(group)
print("done")
"""


class PythonLdap(Running):
    def test_makes_a_group_with_a_member(self):
        env = self.forest.sign_in("admin", "Adm1n!pass")
        ran = foreign.run("/usr/bin/python3", "-c", PYTHON_LDAP, self.forest.uri, BASE, env=env)
        self.assertEqual(ran.ok().out, "done\n")


class Impacket(Running):
    @classmethod
    def setUpClass(cls):
        if not impacket_at.EXAMPLES.is_dir():
            raise unittest.SkipTest(f"impacket's programs are not in {impacket_at.EXAMPLES}")
        super().setUpClass()

    def program(self, name, *args):
        dc = self.forest.dc
        ports = f"88={dc['kerberos_port']},389={dc['ldap_port']},636={dc['ldaps_port']}"
        with tempfile.TemporaryDirectory() as folder:
            env = {**foreign.clean_environment(), **self.forest.names(), "PYTHONWARNINGS": "ignore", "IMPACKET_DC_NAME": "DC1"}
            return foreign.run("sh", "-c", f'cd "{folder}" && exec "$@"', "sh", sys.executable, impacket_at.__file__, ports, name, *args,
                               env=env, timeout=60)

    def test_rbcd_py_writes_reads_and_removes(self):
        for how in (("-k",), ntlm(WEB_PASSWORD), ("-use-ldaps", *ntlm(WEB_PASSWORD))):
            with self.subTest(how=how):
                self.use_rbcd_py(*how)

    def use_rbcd_py(self, *how):
        def rbcd(*args):
            return self.program("rbcd.py", *how, "-dc-ip", self.forest.dc["address"], "-delegate-to", "web$", *args,
                                f"ldap.example/web$:{WEB_PASSWORD}")
        written = rbcd("-delegate-from", "frontend$", "-action", "write")
        self.assertIn("Delegation rights modified successfully!", written.out, written)
        self.assertRegex(rbcd("-action", "read").out, r"frontend\$ +\(S-1-5-21-1-2-3-")
        removed = rbcd("-delegate-from", "frontend$", "-action", "remove")
        self.assertIn("Delegation rights modified successfully!", removed.out, removed)
        self.assertIn("is empty", rbcd("-action", "read").out)

    def test_addcomputer_py_makes_a_computer_over_ldaps(self):
        for name, how in (("made", ("-k",)), ("other", ntlm("Passw0rd!"))):
            with self.subTest(how=how):
                ran = self.program("addcomputer.py", "-method", "LDAPS", *how, "-dc-ip", self.forest.dc["address"], "-dc-host", DC,
                                   "-computer-name", f"{name}$", "-computer-pass", "M4de!pass", "ldap.example/alice:Passw0rd!")
                self.assertIn(f"Successfully added machine account {name}$", ran.out, ran)
                env = self.forest.sign_in(f"{name}$", "M4de!pass")
                self.assertEqual(self.texts(env, f"CN={name},CN=Computers,{BASE}", "dNSHostName"), [f"{name}.ldap.example"])

    def test_queries(self):
        admin = self.forest.sign_in("admin", "Adm1n!pass")
        self.modify(admin, f"dn: CN=frontend,CN=Computers,{BASE}\nchangetype: modify\nreplace: msDS-AllowedToDelegateTo\n"
                           "msDS-AllowedToDelegateTo: HTTP/web.ldap.example\n").ok()
        for program, more, found in (("GetADUsers.py", ("-all",), r"(?m)^admin "),
                                     ("findDelegation.py", (), r"frontend\$ +Computer +Constrained +HTTP/web")):
            with self.subTest(program):
                ran = self.program(program, *more, "-dc-ip", self.forest.dc["address"], "ldap.example/alice:Passw0rd!")
                self.assertRegex(ran.out, found, ran)

    def test_a_wrong_password_is_refused(self):
        ran = self.program("rbcd.py", *ntlm("wrong"), "-dc-ip", self.forest.dc["address"], "-delegate-to", "web$", "ldap.example/alice:wrong")
        self.assertIn("invalidCredentials", ran.out, ran)


if __name__ == "__main__":
    unittest.main()
