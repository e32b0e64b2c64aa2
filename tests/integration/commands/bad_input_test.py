"""Wrong files, wrong keys, wrong clocks and wrong bytes: each gets one clear answer and the right exit status, nothing hangs,
and the KDC serves on."""

import datetime
import signal
import socket
import struct
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support import clock
from tests.support.raw_kdc_client import RawKdc, Ticket

DEMO = foreign.TOP / "samples/forest.toml"
REALM = "ROOT.FABRIKAM.COM"
FRONT = f"frontend$@{REALM}"
REPORTS = "HTTP/reports.root.fabrikam.com"
HOUR = 3600
NONSENSE = [b"", b"\0", b"\x6a", b"\x6a\x84\xff\xff\xff\xff", b"\x6a\x80\x30\x80", b"\x7e\x03\x02\x01\x05", b"\x6c\x00",
            b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 1400, b"\x30" * 60000, b"\x6a" + b"\x30\x80" * 500]


def tearDownModule():
    clock.remove()


def one_line(ran):
    """Its output on standard error, which must be one line."""
    lines = ran.err.splitlines()
    assert len(lines) == 1 and lines[0].strip(), ran
    return lines[0]


class ForestFiles(unittest.TestCase):
    def setUp(self):
        self.forest = self.enterContext(Forest(DEMO, free_ports=True))
        self.text = self.forest.file.read_text()
        self.bad = self.forest.folder / "bad.toml"

    def fault(self, command, *args):
        ran = foreign.built("stead-kdc").run(command, "--forest", self.bad, *args)
        self.assertEqual((ran.status, ran.out), (2, ""), ran)
        return one_line(ran)

    def test_unknown_key_is_named_with_its_place_by_every_command(self):
        lines = self.text.splitlines()
        at = lines.index('name     = "bob"') + 1
        self.bad.write_text("\n".join([*lines[:at], '  colour = "blue"', *lines[at:]]) + "\n")
        for command, *args in (["check"], ["serve"], ["dns"], ["keytab", "--principal", FRONT, "--out", self.bad.with_suffix(".keytab")],
                               ["client-config", "--out", self.bad.with_suffix(".d")]):
            with self.subTest(command=command):
                said = self.fault(command, *args)
                self.assertTrue(said.startswith(f"{self.bad}:{at + 1}:3: "), said)
                self.assertIn("colour", said)

    def test_a_file_that_is_no_toml(self):
        self.bad.write_text(self.text + "\n= 5\n")
        self.assertRegex(self.fault("check"), rf"^{self.bad}:\d+:\d+: ")

    def test_wrong_values(self):
        for old, new in (('level   = "2012"', 'level   = "2013"'), ("rid      = 1104", 'rid      = "x"'),
                         ('sid     = "S-1-5-21-1004336348', 'sid     = "S-1-5-22-1004336348'),
                         ("allowed_to_act = ['ROOT\\frontend$']", "allowed_to_act = ['ROOT\\nobody$']"),
                         ('flags    = ["disabled"]', 'flags    = ["invisible"]'),
                         ('domains  = ["ROOT.FABRIKAM.COM", "CORP.CONTOSO.COM"]', 'domains  = ["ROOT.FABRIKAM.COM", "NO.WHERE"]')):
            with self.subTest(new=new):
                self.assertIn(old, self.text)
                self.bad.write_text(self.text.replace(old, new, 1))
                self.assertRegex(self.fault("check"), rf"^{self.bad}:\d+:\d+: ")

    def test_no_such_file(self):
        self.assertIn(str(self.bad), self.fault("serve"))

    def test_unknown_controller(self):
        ran = self.forest.kdc("serve", "--dc", "dc99.root.fabrikam.com")
        self.assertEqual((ran.status, ran.out), (2, ""), ran)
        self.assertIn("dc99.root.fabrikam.com", one_line(ran))

    def test_port_taken(self):
        ran = self.forest.kdc("serve")
        self.assertEqual((ran.status, ran.out), (1, ""), ran)
        self.assertIn("in use", one_line(ran))

    def test_unknown_principal(self):
        out = self.forest.folder / "none.keytab"
        ran = self.forest.kdc("keytab", "--principal", f"nobody$@{REALM}", "--out", out)
        self.assertNotEqual(ran.status, 0, ran)
        self.assertIn("nobody$", one_line(ran))
        self.assertFalse(out.exists())

    def test_ends_orderly_on_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.forest.process.send_signal(number)
            self.assertEqual(self.forest.process.wait(10), 0)
            self.assertEqual((self.forest.folder / "kdc.out").read_text(), "ready\n")
            self.forest.start()

    def test_usage(self):
        for args in ([], ["serve"], ["bogus"], ["keytab", "--forest", DEMO]):
            with self.subTest(args=args):
                self.assertEqual(foreign.built("stead-kdc").run(*args).status, 2)


class Clients(unittest.TestCase):
    """`stead s4u` with wrong arguments and files."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(DEMO, free_ports=True))
        cls.keytab = cls.forest.keytab(FRONT)

    def s4u(self, env=None, **changed):
        options = {"for": "alice", "service": REPORTS, "keytab": self.keytab, "principal": FRONT, "config": self.forest.stead_toml,
                   **changed}
        began = time.monotonic()
        ran = foreign.built("stead").run("s4u", *[o for name, value in options.items() for o in (f"--{name}", value)], env=env)
        self.assertLess(time.monotonic() - began, 25, "took too long")
        return ran

    def refused(self, ran, status, *words):
        self.assertEqual((ran.status, ran.out), (status, ""), ran)
        for word in words:
            self.assertIn(word, ran.err.splitlines()[0])

    def test_keytab_without_the_principal(self):
        reports = self.forest.keytab(f"reports$@{REALM}")
        ran = self.s4u(keytab=reports)
        self.refused(ran, 2, str(reports), FRONT)
        one_line(ran)

    def test_a_file_that_is_no_keytab(self):
        for path in (self.forest.file, self.forest.folder / "none"):
            self.refused(self.s4u(keytab=path), 2, str(path))

    def test_wrong_key(self):
        other = DEMO.read_text().replace("front end of root.fabrikam.com", "another password")
        path = self.forest.folder / "other.toml"
        path.write_text(other)
        keytab = self.forest.folder / "other.keytab"
        foreign.built("stead-kdc").run("keytab", "--forest", path, "--principal", FRONT, "--out", keytab).ok()
        self.refused(self.s4u(keytab=keytab), 1, "KDC_ERR_PREAUTH_FAILED")

    def test_unknown_key_in_the_configuration(self):
        path = self.forest.folder / "bad.toml"
        path.write_text("[locator]\ncolour = 1\n")
        ran = self.s4u(config=path)
        self.refused(ran, 2, f"{path}:2:1: ", "colour")
        one_line(ran)

    def test_unknown_user_and_service(self):
        self.refused(self.s4u(**{"for": "nobody"}), 1, "KDC_ERR_C_PRINCIPAL_UNKNOWN")
        self.refused(self.s4u(service="HTTP/no.where"), 1, "KDC_ERR_S_PRINCIPAL_UNKNOWN")

    def test_unreachable(self):
        path = self.forest.folder / "nowhere.toml"
        port = foreign.free_port()
        path.write_text(f'[locator.realm."{REALM}"]\ncontrollers = [{{ name = "dc", address = "127.0.0.1", kerberos_port = {port}, '
                        f"ldap_port = {port} }}]\n")
        self.refused(self.s4u(config=path), 3, REALM)

    def test_a_kdc_that_never_answers(self):
        path = self.forest.folder / "silent.toml"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            port = foreign.free_port()  # for both
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
            tcp.listen()
            path.write_text(f'[locator.realm."{REALM}"]\ncontrollers = [{{ name = "dc", address = "127.0.0.1", '
                            f"kerberos_port = {port}, ldap_port = {port} }}]\n")
            self.refused(self.s4u(config=path), 3, REALM)

    def test_clock_off_by_an_hour(self):
        for offset in (HOUR, -HOUR):
            with self.subTest(offset=offset):
                self.s4u(env=clock.off_by(offset)).ok()  # by the KDC's own clock, which the refusal tells

    def test_stock_kinit_with_a_clock_off_by_an_hour(self):
        conf = self.forest.folder / "client/krb5.conf"
        strict = self.forest.folder / "strict.conf"
        strict.write_text(conf.read_text().replace("[libdefaults]", "[libdefaults]\n    kdc_timesync = 0"))
        env = foreign.client_environment(strict, self.forest.folder / "late")
        ran = foreign.kinit(clock.off_by(HOUR, env), "alice", "Passw0rd!")
        self.assertEqual(ran.status, 1, ran)
        self.assertIn("Clock skew too great", ran.err)


class Bytes(unittest.TestCase):
    """Bytes that no client sends; the KDC answers as before afterwards."""

    def setUp(self):
        self.forest = self.enterContext(Forest(DEMO, free_ports=True))
        dc = self.forest.controllers()[0]
        self.host, self.port, self.ldap = dc["address"], dc["kerberos_port"], dc["ldap_port"]
        self.kpasswd = dc["kpasswd_port"]
        self.kdc = RawKdc(self.host, self.port)

    def tearDown(self):
        self.assertIsInstance(self.kdc.sign_in("alice", REALM, "Passw0rd!"), Ticket)

    def messages(self):
        """An AS-REQ and a TGS-REQ as they should be."""
        sent = []

        class Listening(RawKdc):
            def exchange(self, message):
                sent.append(message)
                return super().exchange(message)

        kdc = Listening(self.host, self.port)
        kdc.tgs(kdc.sign_in("alice", REALM, "Passw0rd!"), REPORTS)
        return sent

    def test_truncated_messages(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for message in self.messages():
                for size in range(0, len(message), 7):
                    s.sendto(message[:size], (self.host, self.port))
                    s.sendto(message[:size] + b"\xff" + message[size + 1:], (self.host, self.port))

    def test_datagrams(self):
        for port in (self.port, self.ldap, self.kpasswd):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                for data in NONSENSE:
                    s.sendto(data, (self.host, port))

    def test_tcp_frames(self):
        for port in (self.port, self.kpasswd):
            for data in NONSENSE:
                for frame in (struct.pack("!I", len(data)) + data, struct.pack("!I", len(data) + 5) + data):
                    with socket.create_connection((self.host, port), 5) as s:
                        s.sendall(frame)
                        s.shutdown(socket.SHUT_WR)
                        s.settimeout(5)
                        while s.recv(65536):
                            pass

    def test_huge_length_is_refused_at_once(self):
        for length in (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 100_000_000):
            with self.subTest(length=hex(length)), socket.create_connection((self.host, self.port), 5) as s:
                s.sendall(struct.pack("!I", length) + b"x" * 1000)
                s.settimeout(10)
                answer = b""
                try:
                    while more := s.recv(65536):
                        answer += more
                except ConnectionResetError:
                    pass
                self.assertIn(answer[4:5], (b"", b"\x7e"))  # a KRB-ERROR or nothing, then the end

    def test_many_silent_connections(self):
        held = [socket.create_connection((self.host, self.port), 5) for _ in range(200)]
        try:
            for s in held:
                s.sendall(b"\0\0")
            self.assertIsInstance(self.kdc.sign_in("bob", REALM, "Passw0rd!"), Ticket)
        finally:
            for s in held:
                s.close()

    def test_a_request_in_single_bytes(self):
        message = struct.pack("!I", 4) + b"\x6a\x02\x30\x00"
        with socket.create_connection((self.host, self.port), 5) as s:
            for i in range(len(message)):
                s.sendall(message[i:i + 1])
                time.sleep(0.01)
            s.settimeout(10)
            self.assertNotEqual(s.recv(65536), None)

    def test_clock_off_by_an_hour(self):
        now = datetime.datetime.utcnow()
        tgt = self.kdc.sign_in("alice", REALM, "Passw0rd!")
        for offset in (datetime.timedelta(hours=1), datetime.timedelta(hours=-1)):
            with self.subTest(offset=offset):
                self.assertEqual(self.kdc.sign_in("alice", REALM, "Passw0rd!", at=now + offset).code, "KRB_AP_ERR_SKEW")
                self.assertEqual(self.kdc.tgs(tgt, REPORTS, at=now + offset).code, "KRB_AP_ERR_SKEW")


if __name__ == "__main__":
    unittest.main()
