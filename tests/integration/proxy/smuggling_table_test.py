# ctest: TIMEOUT 300
# ctest: RUN_SERIAL
"""No message on which two of nginx, Apache httpd and HAProxy disagree is passed on, and what is passed on all read alike."""
import pathlib
import sys
import unittest

from samples.support import foreign

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import smuggling_table  # noqa: E402
from smuggling_messages import PLAIN, SUSPECT  # noqa: E402
from smuggling_table import OTHERS, agree, part_of  # noqa: E402


class SmugglingTable(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        try:
            cls.table = smuggling_table.Table({**PLAIN, **SUSPECT})
        except foreign.Missing as missing:
            raise unittest.SkipTest(str(missing)) from None

    def test_plain_messages_pass_everywhere(self):
        table = self.table
        for name in PLAIN:
            for reading in (*(table.read[server][name] for server in OTHERS), *(table.behind[server][name] for server in OTHERS),
                            *(table.before[server][name] for server in OTHERS)):
                self.assertEqual(reading, table.read["stead"][name], name)
            self.assertEqual([request.path for request in table.read["stead"][name]], ["/a", "/end"], name)

    def test_that_on_which_two_disagree_is_refused(self):
        wrong, apart = [], 0
        for name in SUSPECT:
            if agree([self.table.read[server][name] for server in OTHERS]):
                continue
            apart += 1
            if self.table.read["stead"][name]:
                wrong.append(f"{name}: {self.table.read['stead'][name]}")
        self.assertEqual(wrong, [])
        self.assertGreater(apart, 30, "the table has messages on which servers disagree")

    def test_back_ends_read_what_is_passed_on_as_the_proxy_does(self):
        for name in SUSPECT:
            for server in OTHERS:
                with self.subTest(name, server=server):
                    self.assertEqual(self.table.behind[server][name], self.table.read["stead"][name])

    def test_the_proxy_reads_what_others_pass_on_as_they_do(self):
        for name in SUSPECT:
            for server in OTHERS:
                with self.subTest(name, server=server):
                    before, read = self.table.before[server][name], self.table.read[server][name]
                    self.assertTrue(part_of(before, read), f"{before} of {read}")

    def test_a_smuggled_request_is_never_passed_on(self):
        passed = [name for name in SUSPECT if any(request.path == "/smuggled" for request in self.table.read["stead"][name])]
        self.assertEqual(passed, ["a GET whose length is 0"], "behind that one it is a request of its own")

    def test_what_is_passed_on_is_strict(self):
        self.assertEqual(self.table.faults, [])


if __name__ == "__main__":
    unittest.main()
