"""stead/s4u.h on an executor that several threads run (programs/sdk_threads.cc)."""

import unittest

from samples.support import foreign
from samples.support.forest import Forest

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"


class SeveralThreads(unittest.TestCase):
    def test_one_client(self):
        with Forest(foreign.TOP / "samples/forest.toml", free_ports=True) as forest:
            for _ in range(3):
                ran = foreign.built("sdk_threads").run(forest.stead_toml, forest.keytab(FRONT_END), FRONT_END, env=forest.env, timeout=100)
                self.assertEqual((ran.status, ran.out), (0, "410 of 410\n"), ran)


if __name__ == "__main__":
    unittest.main()
