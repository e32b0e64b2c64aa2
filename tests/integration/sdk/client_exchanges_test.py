"""How many requests one Client sends for many users, as the benchmark's program counts them (tests/bench/client_bench.cc)."""

import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support import bench_forest
from tests.support.bench_forest import FAR, FRONT_END, NEAR, REALM

USERS = 8


class Exchanges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = foreign.Program(str(foreign.BUILD / "tests/bench/client_bench"))
        if not (foreign.BUILD / "tests/bench/client_bench").exists():
            raise unittest.SkipTest("built without STEAD_BENCH")
        cls.forest = cls.enterClassContext(Forest(bench_forest.text(), free_ports=True))
        cls.keytab = cls.forest.keytab(FRONT_END)

    def exchanges(self, spn, way):
        return bench_forest.numbers(self.bench.run("s4u", self.forest.stead_toml, self.keytab, FRONT_END, spn, f"user@{REALM}", USERS, way, 1,
                                                   env=self.forest.env))["exchanges"]

    def test_one_for_evidence_in_hand_in_the_domain(self):
        self.assertEqual(self.exchanges(NEAR, "evidence"), 1)

    def test_two_across_a_trust_once_the_way_is_known(self):
        self.assertEqual(self.exchanges(FAR, "evidence"), 2)

    def test_one_more_for_a_user_who_brought_no_ticket(self):
        self.assertEqual(self.exchanges(NEAR, "self"), 2)
        self.assertEqual(self.exchanges(FAR, "self"), 3)


if __name__ == "__main__":
    unittest.main()
