"""What stead-kdc logs of the requests it answers: nothing, unless the log level is debug."""

import unittest

from samples.support import foreign
from samples.support.forest import Forest

DEMO = foreign.TOP / "samples/forest.toml"


class Log(unittest.TestCase):
    def signed_in(self, level):
        """The log after alice signed in, and then with a wrong password."""
        with Forest(DEMO, dcs=["dc08.root.fabrikam.com"], free_ports=True, log_level=level) as forest:
            foreign.kinit(forest.env, "alice", "Passw0rd!").ok()
            self.assertNotEqual(foreign.kinit(forest.env, "alice", "wrong").status, 0)
            return forest.log()

    def test_is_quiet_by_default(self):
        self.assertEqual(self.signed_in(None), "")

    def test_has_a_line_for_each_request_at_debug_level(self):
        log = self.signed_in("debug")
        self.assertIn('dc08.root.fabrikam.com AS client=alice@ROOT.FABRIKAM.COM target=krbtgt/ROOT.FABRIKAM.COM@ROOT.FABRIKAM.COM answer="ticket"', log)
        self.assertIn('answer="KDC_ERR_PREAUTH_FAILED" why="wrong password or key"', log)
        for line in log.splitlines():  # the events of a DC's Security log; a request for preauthentication has none
            for answer, event in (('answer="ticket"', "audit=4768"), ("KDC_ERR_PREAUTH_FAILED", "audit=4771")):
                if answer in line:
                    self.assertIn(event, line)
            if "KDC_ERR_PREAUTH_REQUIRED" in line:
                self.assertNotIn("audit=", line)
        self.assertNotIn("Passw0rd!", log)

    def test_an_unknown_level_is_an_error(self):
        ran = foreign.built("stead-kdc").run("serve", "--forest", DEMO, "--log-level", "loud")
        self.assertEqual(ran.status, 2, ran)
        self.assertIn("--log-level", ran.err)


if __name__ == "__main__":
    unittest.main()
