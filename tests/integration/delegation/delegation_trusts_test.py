"""delegation_cases.txt over trusts: a forest of two trees, two forests, and trusts of every kind, by `stead s4u` and a stock service."""

import unittest

from tests.support.delegation import Topology, read_table


class Trusts(unittest.TestCase):
    def run_topology(self, name):
        with Topology(name, [case for case in read_table() if case.topology == name]) as topology:
            for case, wrong in topology.run_all():
                with self.subTest(str(case)):
                    self.assertEqual(wrong, [], "\n".join(wrong))

    def test_a_forest_of_two_trees(self):
        self.run_topology("wood")

    def test_two_forests(self):
        self.run_topology("rivers")

    def test_one_way_external_and_forest_trusts_in_a_row(self):
        self.run_topology("peaks")


if __name__ == "__main__":
    unittest.main()
