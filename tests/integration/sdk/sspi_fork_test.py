"""stead/sspi.h in a server that forks its workers after it has used the library (programs/sspi_fork.c has the cases)."""

import re
import unittest

from samples.support import foreign
from samples.support.forest import Forest

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"


class Forked(unittest.TestCase):
    def test_each_case(self):
        with Forest(foreign.TOP / "samples/forest.toml", free_ports=True) as forest:
            ran = foreign.built("sspi_fork").run(forest.stead_toml, forest.keytab(FRONT_END), FRONT_END, env=forest.env, timeout=200)
        self.assertEqual(ran.status, 0, ran)
        self.assertEqual(re.findall(r"^ok (\w+)$", ran.out, re.M).count("worker"), 4, ran)
        self.assertNotIn("not ok", ran.out)


if __name__ == "__main__":
    unittest.main()
