"""delegation_cases.txt in domains without trusts, by `stead s4u`, a stock service and MIT's client."""

import unittest

from tests.support.delegation import Topology, read_table


class Cases(unittest.TestCase):
    def run_topology(self, name):
        with Topology(name, [case for case in read_table() if case.topology == name]) as topology:
            for case, wrong in topology.run_all():
                with self.subTest(str(case)):
                    self.assertEqual(wrong, [], "\n".join(wrong))

    def test_domains_on_their_own(self):
        self.run_topology("orchard")


class Table(unittest.TestCase):
    def test_is_as_large_as_it_has_to_be(self):
        cases = read_table()
        self.assertGreaterEqual(len(cases), 150)
        self.assertGreaterEqual(sum("proxy" in case.words for case in cases), 30)
        self.assertEqual({case.topology for case in cases}, {"orchard", "wood", "rivers", "peaks"})
        lines = [(case.topology, case.front_end, case.sign_in, case.user, case.back_end, case.dcs) for case in cases]
        self.assertEqual(sorted({line for line in lines if lines.count(line) > 1}), [])


if __name__ == "__main__":
    unittest.main()
