"""stead/sspi.h in a server that forks its workers after it has used the library (programs/sspi_fork.c has the cases)."""

import os
import re
import unittest

from samples.support import foreign
from samples.support.forest import Forest

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"


def sanitizer():
    cache = foreign.BUILD / "CMakeCache.txt"
    return next((line.partition("=")[2] for line in cache.read_text().splitlines() if line.startswith("STEAD_SANITIZE")), "") if cache.is_file() else ""


@unittest.skipIf(sanitizer() == "thread", "the thread sanitizer ends a child that starts threads")
class Forked(unittest.TestCase):
    def test_each_case(self):
        # What the threads of a parent held looks lost in its child, which does not have their stacks.
        options = {"ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))}
        with Forest(foreign.TOP / "samples/forest.toml", free_ports=True) as forest:
            ran = foreign.built("sspi_fork").run(forest.stead_toml, forest.keytab(FRONT_END), FRONT_END, env={**forest.env, **options}, timeout=200)
        self.assertEqual(ran.status, 0, ran)
        self.assertEqual(re.findall(r"^ok (\w+)$", ran.out, re.M).count("worker"), 4, ran)
        self.assertNotIn("not ok", ran.out)


if __name__ == "__main__":
    unittest.main()
