# ctest: TIMEOUT 400
# ctest: RUN_SERIAL
"""The demo's story holds for every system; without the DC that it depends on, it ends with the reason."""

import socket
import subprocess
import sys
import unittest

from samples.support import foreign

STORY = foreign.TOP / "samples" / "demo_story.py"
PORTS = [("127.0.0.1", port) for port in (8443, 9443, 9001, 9002, 9003, 9004)] + [("127.0.8.1", 8088)]


def taken():
    """The demo's addresses that are in use already."""
    found = []
    for address in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError:
                found.append(address)
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        if taken():
            self.skipTest(f"the demo's ports are taken, perhaps by a demo: {taken()}")

    def tell(self, *options):
        return subprocess.run([sys.executable, STORY, "--once", *options], env={**foreign.clean_environment()}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=110, check=False)

    def test_every_step_holds(self):
        ran = self.tell()
        self.assertEqual(ran.returncode, 0, ran.stdout)
        self.assertIn("every step held", ran.stdout)

    def test_without_the_2012_level_controller_it_fails_with_the_reason(self):
        ran = self.tell("--without", "dc12.corp.contoso.com")
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertRegex(ran.stdout, r"FAILED  /backend/.*No domain controller of CORP\.CONTOSO\.COM that is Windows Server 2012 or later")

    def test_an_unknown_controller_is_named(self):
        ran = self.tell("--without", "dc99.example")
        self.assertEqual(ran.returncode, 2, ran.stdout)
        self.assertIn("dc99.example", ran.stdout)


if __name__ == "__main__":
    unittest.main()
