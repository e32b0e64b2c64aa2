"""DCs that are told to misbehave, by the file and by `stead-kdc ctl` while they run."""

import pathlib
import tempfile
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest

REALM = "FAULTS.EXAMPLE"
DC = "dc.faults.example"
TEXT = f"""
[[domain]]
realm = "{REALM}"
sid = "S-1-5-21-1-1-1"

[[domain.controller]]
name = "{DC}"
address = "127.0.6.1"
faults = "udp_limit=0"

[[domain.account]]
name = "ann"
password = "Passw0rd!"

[[domain.account]]
name = "web$"
password = "a machine"
spns = ["HTTP/web.faults.example"]
"""


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.forest = cls.enterClassContext(Forest(TEXT, free_ports=True, state=cls.state))

    def ctl(self, *words):
        return self.forest.kdc("ctl", "--state", self.state, *words)

    def setUp(self):
        self.addCleanup(lambda: self.ctl(DC, "none").ok())

    def kinit(self):
        return foreign.kinit(self.forest.env, "ann", "Passw0rd!")

    def test_1_the_files_faults_count_until_others_are_set(self):
        self.assertEqual(self.ctl().ok().out, f"{DC} udp_limit=0\n")
        self.kinit().ok()
        self.assertIn("too big for a datagram", self.forest.log())
        self.assertEqual(self.ctl(DC, "none").ok().out, f"{DC} none\n")
        self.assertEqual(self.ctl().ok().out, f"{DC} none\n")

    def test_latency(self):
        self.ctl(DC, "latency=300ms").ok()
        begun = time.monotonic()
        self.kinit().ok()
        self.assertGreater(time.monotonic() - begun, 0.6)  # two exchanges

    def test_skew(self):
        self.ctl(DC, "skew=-10m").ok()
        env = {**self.forest.env, "KRB5_CONFIG": str(self.forest.folder / "no-sync.conf")}
        text = (self.forest.folder / "client/krb5.conf").read_text()
        (self.forest.folder / "no-sync.conf").write_text(text.replace("[libdefaults]", "[libdefaults]\n  kdc_timesync = 0"))
        ran = foreign.kinit(env, "ann", "Passw0rd!")
        self.assertNotEqual(ran.status, 0)
        self.assertIn("KRB_AP_ERR_SKEW", self.forest.log())

    def test_a_dc_that_answers_nothing(self):
        self.ctl(DC, "drop=100").ok()
        with self.assertRaises(Exception):
            foreign.mit("kinit").run("ann", env=self.forest.env, input="Passw0rd!\n", timeout=3)

    def test_a_dc_without_s4u(self):
        keytab = self.forest.keytab(f"web$@{REALM}")
        foreign.kinit(self.forest.env, "web$", keytab=keytab).ok()
        kvno = foreign.mit("kvno")
        kvno.run("-U", "ann", "web$", env=self.forest.env).ok()
        self.ctl(DC, "refuse_s4u=true").ok()
        foreign.kinit(self.forest.env, "web$", keytab=keytab).ok()
        self.assertNotEqual(kvno.run("-U", "ann", "web$", env=self.forest.env).status, 0)
        self.assertIn('why="a fault: this DC refuses S4U"', self.forest.log())

    def test_what_is_no_fault_is_refused(self):
        for words, status in (((DC, "delay=1s"), 2), (("dc.other.example", "drop=1"), 1)):
            ran = self.ctl(*words)
            self.assertEqual(ran.status, status, ran)


if __name__ == "__main__":
    unittest.main()
