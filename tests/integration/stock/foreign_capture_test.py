"""tshark accepts a capture of stock programs and rejects one of nonsense, so its judgement of our programs can be trusted."""

import socket
import unittest

from samples.support import foreign
from tests.support.capture import Capture
from tests.support.mit_kdc import MitKdc


class CaptureTest(unittest.TestCase):
    def test_stock_exchange_has_no_fault_and_its_signatures_are_verified(self):
        with MitKdc("EXAMPLE.ORG", {"alice": "Passw0rd!"}, ["HTTP/web.example.org"]) as kdc:
            keytab = kdc.folder / "all.keytab"
            kdc.kadmin(f"ktadd -norandkey -k {keytab} alice krbtgt/EXAMPLE.ORG HTTP/web.example.org")
            with Capture(kerberos=[kdc.port], keytab=keytab) as capture:
                foreign.kinit(kdc.env, "alice", "Passw0rd!").ok()
                foreign.mit("kvno").run("HTTP/web.example.org", env=kdc.env).ok()
                self.assertEqual(capture.faults(), [])
                self.assertEqual([types[0] for types in capture.message_types()], [10, 11, 12, 13])
                self.assertLessEqual({"Server", "KDC"}, capture.verified())

    def test_truncated_message_is_a_fault(self):
        self.assertTrue(self.faults_of(bytes.fromhex("6a819d30819aa103020105a20302010aa481")))

    def test_nonsense_is_a_fault(self):
        self.assertTrue(self.faults_of(b"not a message at all"))

    def faults_of(self, datagram):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", foreign.free_port()))
            with Capture(kerberos=[receiver.getsockname()[1]]) as capture:
                receiver.sendto(datagram, receiver.getsockname())
                return capture.faults()


if __name__ == "__main__":
    unittest.main()
