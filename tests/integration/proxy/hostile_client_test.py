# ctest: TIMEOUT 300
# ctest: RUN_SERIAL
"""The attacks of hostile_client.py, one test each."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import hostile_client  # noqa: E402


class HostileClient(unittest.TestCase):
    maxDiff = None


def add(attack):
    def test(self):
        self.assertEqual(hostile_client.run(attack), [])
    test.__doc__ = attack.__doc__
    setattr(HostileClient, f"test_{attack.__name__}", test)


for each in hostile_client.WITH_A_TARGET + hostile_client.ALONE:
    add(each)

if __name__ == "__main__":
    unittest.main()
