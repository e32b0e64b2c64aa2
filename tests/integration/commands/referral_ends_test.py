"""Forest files whose referrals lead in circles or nowhere: our client ends, soon, and says why."""

import json
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest, with_free_ports

ROOT, CHILD, OTHER, THIRD = "ROOT.TEST", "CHILD.ROOT.TEST", "OTHER.TEST", "THIRD.TEST"


def domain(number, realm, forest, accounts=""):
    return (f'[[domain]]\nrealm = "{realm}"\nsid = "S-1-5-21-{number}-{number}-{number}"\nforest = "{forest}"\n'
            f'[[domain.controller]]\nname = "dc.{realm.lower()}"\naddress = "127.0.{number}.1"\nlevel = "2016"\n{accounts}')


def account(name, spn=None, more=""):
    return f"[[domain.account]]\nname = '{name}'\npassword = 'Passw0rd!'\n" + (f"spns = ['{spn}']\n" if spn else "") + more


def trust(first, second, kind, more=""):
    return f'[[trust]]\ndomains = ["{first}", "{second}"]\nkind = "{kind}"\npassword = "between {first} and {second}"\n{more}'


WEB = account("hal") + account("web$", "HTTP/web.root.test", f"upn = 'HTTP/web.root.test@{ROOT}'\nflags = ['trusted_to_auth_for_delegation']\n")
FRONT_END = f"HTTP/web.root.test@{ROOT}"
PATIENCE = 5  # seconds
LOST = 'name_suffixes = ["lost.example"]\n'


APP = r"allowed_to_act = ['ROOT\web$']" + "\n"


class Ends(unittest.TestCase):
    def s4u(self, forest, service, status=1):
        """What `stead s4u` printed, for hal."""
        begun = time.monotonic()
        ran = foreign.built("stead").run("s4u", "--config", forest.stead_toml, "--keytab", forest.keytab(FRONT_END), "--principal", FRONT_END,
                                         "--for", "hal", "--service", service, "--json", env=forest.env)
        self.assertLess(time.monotonic() - begun, PATIENCE)
        self.assertEqual(ran.status, status, ran)
        out = json.loads(ran.out)
        # However it ends, no KDC is asked the same thing twice.
        asked = [(s["exchange"], s["realm"]) for s in out["steps"] if s["exchange"] != "AS" and s["answer"] != "timeout"]
        self.assertEqual(len(asked), len(set(asked)), asked)
        return out

    def refused(self, forest_file, service, code, realm):
        """The diagnosis has this code, and its sentence names the realm's DC or the realm."""
        with Forest(forest_file, free_ports=True) as forest:
            out = self.s4u(forest, service)
        self.assertFalse(out["granted"])
        self.assertEqual(out["diagnosis"]["code"], code, out)
        self.assertIn(realm.lower(), out["diagnosis"]["summary"].lower())
        self.assertTrue(out["diagnosis"]["fix"])
        self.assertNotIn("/domain: ", out["diagnosis"]["fix"][0])
        return out


class Loops(Ends):
    def test_two_domains_that_refer_to_each_other(self):
        # Each is served from a file of its own: as two global catalogs that have not heard of a move yet.
        here, there = account("app$", "HTTP/app.test", APP), account("other$", None)
        one = with_free_ports(domain(73, ROOT, "root.test", WEB + there) + domain(74, CHILD, "root.test", here) + trust(ROOT, CHILD, "parent-child"))
        other = one.replace(here, "%SWAPPED%").replace(there, here).replace("%SWAPPED%", there)
        with Forest(one, dcs=["dc.root.test"]) as forest, Forest(other, dcs=["dc.child.root.test"]):
            out = self.s4u(forest, "HTTP/app.test")
        self.assertFalse(out["granted"])
        answers = [f'{s["exchange"]} {s["realm"]}: {s["answer"]}' for s in out["steps"]]
        self.assertIn(f"S4U2Proxy {ROOT}: referral to {CHILD}", answers)
        self.assertIn(f"TGS {CHILD}: referral to {ROOT}", answers)
        self.assertIn(f"the referrals go in a circle or too far: {CHILD} refers to {ROOT}", out["diagnosis"]["summary"])

    def test_two_forests_that_refer_to_each_other(self):
        self.refused(domain(73, ROOT, "root.test", WEB) + domain(74, CHILD, "root.test") + domain(75, OTHER, "other.test")
                     + trust(ROOT, CHILD, "parent-child") + trust(ROOT, OTHER, "forest", LOST) + trust(OTHER, CHILD, "forest", LOST),
                     "HTTP/app.lost.example", "foreign_user_needs_trust", CHILD)

    def test_three_forests_that_refer_in_a_circle(self):
        self.refused(domain(73, ROOT, "root.test", WEB) + domain(74, OTHER, "other.test") + domain(75, THIRD, "third.test")
                     + trust(ROOT, OTHER, "forest", LOST) + trust(OTHER, THIRD, "forest", LOST) + trust(THIRD, ROOT, "forest", LOST),
                     "HTTP/app.lost.example", "spn_unknown", OTHER)

    def test_a_ring_of_trusts_is_walked_the_short_way(self):
        leaf = "LEAF." + CHILD
        with Forest(domain(73, ROOT, "root.test", WEB) + domain(74, CHILD, "root.test")
                    + domain(75, leaf, "root.test", account("app$", "HTTP/app.test", APP)) + trust(ROOT, CHILD, "parent-child")
                    + trust(CHILD, leaf, "parent-child") + trust(leaf, ROOT, "parent-child"), free_ports=True) as forest:
            out = self.s4u(forest, "HTTP/app.test", status=0)
        self.assertTrue(out["granted"])
        self.assertEqual({s["realm"] for s in out["steps"]}, {ROOT, leaf})


class DeadEnds(Ends):
    def test_a_suffix_of_a_forest_that_does_not_have_the_name(self):
        self.refused(domain(73, ROOT, "root.test", WEB) + domain(74, OTHER, "other.test") + trust(ROOT, OTHER, "forest", LOST),
                     "HTTP/app.lost.example", "spn_unknown", OTHER)

    def test_a_trust_the_other_way_only(self):
        self.refused(domain(73, ROOT, "root.test", WEB) + domain(74, OTHER, "other.test", account("app$", "HTTP/app.other.test", APP))
                     + trust(ROOT, OTHER, "forest", 'direction = "outbound"\n'), "HTTP/app.other.test", "spn_unknown", ROOT)

    def test_a_forest_behind_a_forest(self):
        # Forest trusts are not transitive from forest to forest, whatever the suffixes say.
        self.refused(domain(73, ROOT, "root.test", WEB) + domain(74, OTHER, "other.test")
                     + domain(75, THIRD, "third.test", account("app$", "HTTP/app.third.test", APP))
                     + trust(ROOT, OTHER, "forest", 'name_suffixes = ["third.test"]\n') + trust(OTHER, THIRD, "forest"),
                     "HTTP/app.third.test", "spn_unknown", OTHER)

    def test_a_domain_whose_dcs_are_all_down(self):
        with Forest(domain(73, ROOT, "root.test", WEB) + domain(74, OTHER, "other.test", account("app$", "HTTP/app.other.test", APP))
                    + trust(ROOT, OTHER, "forest"), dcs=["dc.root.test"], free_ports=True) as forest:
            out = self.s4u(forest, "HTTP/app.other.test", status=3)
        self.assertEqual(out["diagnosis"]["code"], "dc_unreachable")
        self.assertIn(OTHER, out["diagnosis"]["summary"])


if __name__ == "__main__":
    unittest.main()
