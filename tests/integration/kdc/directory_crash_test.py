# ctest: TIMEOUT 400
"""No acknowledged change of the directory is lost: 2,000 changes by 4 writers, with kill -9 among them."""

import random
import re
import signal
import subprocess
import threading
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest

WRITERS, CHANGES = 4, 500
KILLED = 0.15  # this share of the writers' processes is killed before it may end

FOREST = """
[[domain]]
realm = "CRASH.EXAMPLE"
netbios = "CRASH"
sid = "S-1-5-21-7-8-9"
forest = "crash.example"
[[domain.controller]]
name = "dc.crash.example"
address = "127.0.23.1"
level = "2016"
[[domain.account]]
name = "alice"
password = "alice of crash 1"
""" + "".join(f'[[domain.account]]\nname = "app{i}$"\npassword = "app {i} of crash"\n' for i in range(WRITERS))


class Writer(threading.Thread):
    """Adds SPNs to an account of its own, one process a change, and remembers those that were acknowledged."""

    def __init__(self, forest, state, number):
        super().__init__()
        self.forest, self.state, self.number = forest, state, number
        self.random = random.Random(number)
        self.acknowledged, self.faults, self.killed = [], [], 0

    def run(self):
        program = foreign.built("stead-kdc")
        for i in range(CHANGES):
            spn = f"HTTP/w{self.number}-{i}"
            process = subprocess.Popen(program.argv("directory", "--forest", self.forest.file, "--state", self.state, "setspn", "-S", spn,
                                                    f"app{self.number}$"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, env=program.environment())
            if self.random.random() < KILLED:
                time.sleep(self.random.random() * 0.03)
                process.kill()
            out, _ = process.communicate()
            if process.returncode == 0:
                self.acknowledged.append(spn)
            elif process.returncode == -signal.SIGKILL:
                self.killed += 1
            else:
                self.faults.append(f"{spn}: exit {process.returncode}: {out}")


class DirectoryCrash(unittest.TestCase):
    def test_no_acknowledged_change_is_lost(self):
        with Forest(FOREST, free_ports=True) as forest:
            forest.stop()
            state = forest.folder / "state"
            state.mkdir()
            forest.state = state
            forest.start()
            writers = [Writer(forest, state, i) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            crashes = 0
            while any(writer.is_alive() for writer in writers):  # the KDC goes down hard as well, again and again
                time.sleep(0.7)
                forest.process.kill()
                forest.process.wait()
                crashes += 1
                forest.start()
            for writer in writers:
                writer.join()
                self.assertEqual(writer.faults, [])
                listing = forest.kdc("directory", "--state", state, "setspn", "-L", f"app{writer.number}$").ok().out
                lost = set(writer.acknowledged) - set(re.findall(r"HTTP/\S+", listing))
                self.assertEqual(lost, set())
            self.assertGreater(sum(writer.killed for writer in writers), 50, "few writers were killed in time: the test shows little")
            self.assertGreater(crashes, 3)
            # And the running KDC sees the last of them.
            foreign.kinit(forest.env, "alice@CRASH.EXAMPLE", "alice of crash 1").ok()
            foreign.mit("kvno").run(writers[0].acknowledged[-1], env=forest.env).ok()


if __name__ == "__main__":
    unittest.main()
