"""`stead plan` says what a running stead-kdc then answers, and its command mends what it says is refused."""

import pathlib
import shlex
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import Forest

DEMO = foreign.TOP / "samples/forest.toml"
FRONT = "HTTP/frontend.root.fabrikam.com"
BACKS = ("HTTP/reports.root.fabrikam.com", "HTTP/ledger.emea.root.fabrikam.com", "HTTP/backend.corp.contoso.com",
         "HTTP/denied.corp.contoso.com", "HTTP/orders.sales.corp.contoso.com")


def plan(*args, user="alice", back=BACKS[0], front=FRONT, forest=DEMO):
    return foreign.built("stead").run("plan", "--forest", forest, "--user", user, "--front", front, "--back", back, *args)


class Plan(unittest.TestCase):
    maxDiff = None

    def test_agrees_with_a_kdc_and_mends(self):
        with tempfile.TemporaryDirectory(prefix="stead-plan-") as state, Forest(DEMO, state=pathlib.Path(state), free_ports=True) as forest:
            keytab = forest.keytab(f"{FRONT}@ROOT.FABRIKAM.COM")

            def asked(user, back):
                return foreign.built("stead").run("s4u", "--for", user, "--service", back, "--config", forest.stead_toml, "--keytab", keytab,
                                                  "--principal", f"{FRONT}@ROOT.FABRIKAM.COM", env=forest.env)

            refused = {}
            for user in ("alice", "bob", "carol", "dave", "erin@EMEA.ROOT.FABRIKAM.COM", "frank@CORP.CONTOSO.COM"):
                for back in BACKS:
                    with self.subTest(user=user, back=back):
                        planned = plan(user=user, back=back, forest=forest.file)
                        self.assertEqual(planned.status, asked(user, back).status, planned)
                        if planned.status:
                            refused[user, back] = planned.out.splitlines()[-1].strip()
            for user, back in (("alice", BACKS[3]), ("dave", BACKS[0]), ("carol", BACKS[0])):
                with self.subTest(mend=user, back=back):
                    forest.kdc("directory", "--state", forest.state, *shlex.split(refused[user, back])).ok()
                    asked(user, back).ok()

    def test_what_if_grants_and_takes_away(self):
        out = plan("--what-if", "Set-ADComputer 'CORP\\denied$' -PrincipalsAllowedToDelegateToAccount 'ROOT\\frontend$'",
                   "--what-if", "Set-ADComputer 'ROOT\\frontend$' -Clear msDS-AllowedToDelegateTo", back=BACKS[3]).ok().out
        grants, _, takes = out.partition("The change takes away:")
        self.assertIn(f"+ {FRONT} -> {BACKS[3]}: resource-based", grants)
        self.assertIn(f"- {FRONT} -> {BACKS[0]}: protocol transition", takes)

    def test_is_short(self):
        self.assertLessEqual(len(plan().ok().out.splitlines()), 20)

    def test_usage(self):
        for args in ({"user": "nobody"}, {"front": "HTTP/no.such"}, {"back": "reports"}, {"forest": "/no/such/file"}):
            self.assertEqual(plan(**args).status, 2, args)
        self.assertEqual(plan("--what-if", "Set-ADComputer nobody -TrustedForDelegation $true").status, 2)


if __name__ == "__main__":
    unittest.main()
