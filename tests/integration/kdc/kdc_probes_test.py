# ctest: TIMEOUT 300
"""Probes of stead-kdc byte by byte: each answer is the one that Active Directory gives (kdc_probes.txt)."""

import pathlib
import re
import sys
import unittest

from samples.support import foreign
from samples.support.forest import Forest

HERE = pathlib.Path(__file__).resolve().parent


def probes():
    """(title, arguments, lines expected) of each probe."""
    for block in re.split(r"^### ", (HERE / "kdc_probes.txt").read_text(), flags=re.M)[1:]:
        title, command, *lines = block.strip().split("\n")
        yield title, command.removeprefix("$ ").split(), [line.strip() for line in lines]


class Probes(unittest.TestCase):
    def test_every_probe_gets_the_answer_of_a_dc(self):
        with Forest(HERE / "kdc_probes.toml", free_ports=True) as forest:
            controller = forest.controllers()[0]
            kdc = f"{controller['address']}:{controller['kerberos_port']}"
            for title, arguments, expected in probes():
                with self.subTest(title):
                    ran = foreign.run(sys.executable, foreign.TOP / "tests/support/kprobe.py", kdc, "SUITE.WINGTIP.TEST", *arguments, timeout=60)
                    got = [re.sub(r"20\d{12}Z", "TIME", line.strip()) for line in (ran.out + ran.err).split("\n")]
                    self.assertEqual([line for line in expected if line not in got], [], "\n".join(got))


if __name__ == "__main__":
    unittest.main()
