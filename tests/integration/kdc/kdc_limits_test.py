"""Lock-out, password policy and other limits of accounts, met by stock MIT programs over sockets."""

import pathlib
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

TEXT = """
[[domain]]
realm = "LIMITS.EXAMPLE"
netbios = "LIMITS"
sid = "S-1-5-21-1-1-1"
lockout_threshold = 3
password_min_length = 7
password_history = 24
password_complexity = true
password_min_age = "1d"

[[domain.controller]]
name = "dc.limits.example"
address = "127.0.5.1"
level = "2016"

[[domain.account]]
name = "ann"
password = "Passw0rd!"

[[domain.account]]
name = "old"
password = "Passw0rd!"
expires = 2020-01-01

[[domain.account]]
name = "desk"
password = "Passw0rd!"
workstations = ["DESK1"]
"""


class Limits(unittest.TestCase):
    def setUp(self):
        self.state = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.forest = self.enterContext(Forest(TEXT, free_ports=True, state=self.state))

    def kinit(self, user, password="Passw0rd!"):
        return foreign.kinit(self.forest.env, user, password)

    def directory(self, *words):
        return self.forest.kdc("directory", "--state", self.state, *words).ok().out

    def locked_out(self):
        shown = self.directory("Get-ADUser", "ann", "-Properties", "LockedOut")
        return "LockedOut         : True" in shown

    def test_wrong_passwords_lock_out_until_an_administrator_unlocks(self):
        self.kinit("ann").ok()
        for _ in range(3):
            self.assertIn("Password incorrect", self.kinit("ann", "wrong").err)
        self.assertIn("revoked", self.kinit("ann").err)
        self.assertIn("STATUS_ACCOUNT_LOCKED_OUT", self.forest.log())
        self.forest._server.wait_until(self.locked_out, "writes the lock-out")
        self.forest.stop()  # the state folder keeps it
        self.forest.start()
        self.assertIn("revoked", self.kinit("ann").err)
        self.directory("Unlock-ADAccount", "ann")
        self.kinit("ann").ok()
        self.assertFalse(self.locked_out())
        self.assertIn("Password incorrect", self.kinit("ann", "wrong").err)
        self.kinit("ann").ok()

    def test_kpasswd_shows_the_policy(self):
        kpasswd = foreign.mit("kpasswd")
        ran = kpasswd.run("ann", env=self.forest.env, input="Passw0rd!\nshort\nshort\n")
        self.assertNotEqual(ran.status, 0)
        self.assertIn("at least 7 characters", ran.out + ran.err)
        self.assertIn("previous 24 passwords", (ran.out + ran.err).replace("\n", " "))
        kpasswd.run("ann", env=self.forest.env, input="Passw0rd!\nN3w-secret\nN3w-secret\n").ok()
        self.kinit("ann", "N3w-secret").ok()
        ran = kpasswd.run("ann", env=self.forest.env, input="N3w-secret\nN3wer-secret\nN3wer-secret\n")
        self.assertIn("once a day", (ran.out + ran.err).replace("\n", " "))

    def test_expiry_and_workstations(self):
        self.assertIn("revoked", self.kinit("old").err)
        self.assertIn("policy rejects request", self.kinit("desk").err)
        self.directory("Clear-ADAccountExpiration", "old")
        self.directory("Set-ADUser", "desk", "-LogonWorkstations", "$null")
        for user in ("old", "desk"):
            self.kinit(user).ok()


if __name__ == "__main__":
    unittest.main()
