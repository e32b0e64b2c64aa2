"""No change that LDAP acknowledged is lost: 4 writers, and kill -9 of the server among their changes."""

import subprocess
import time
import unittest

from samples.support import foreign
from tests.support.ldap_forest import BASE, LdapForest

WRITERS, CHANGES, CRASHES = 4, 40, 5

# Adds SPNs to one account; connects again after each failure. Prints what was acknowledged.
WRITER = """
import ldap, ldap.sasl, sys, time
uri, entry, name, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
connection, done, end = None, 0, time.time() + 100
while done < count and time.time() < end:
    try:
        if connection is None:
            connection = ldap.initialize(uri)
            connection.set_option(ldap.OPT_X_SASL_NOCANON, 1)
            connection.set_option(ldap.OPT_TIMEOUT, 20)
            connection.sasl_interactive_bind_s("", ldap.sasl.gssapi())
        spn = f"HTTP/{name}-{done}"
        done += 1
        connection.modify_s(entry, [(ldap.MOD_ADD, "servicePrincipalName", [spn.encode()])])
        print(spn, flush=True)
    except (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.LOCAL_ERROR, ldap.TIMEOUT, ldap.UNAVAILABLE):
        connection = None
        time.sleep(0.05)
"""

MORE = "".join(f'\n[[domain.account]]\nname = "app{i}$"\npassword = "app {i}"\n' for i in range(WRITERS))


class Crash(unittest.TestCase):
    def test_no_acknowledged_change_is_lost(self):
        with LdapForest(free_ports=True, more=MORE) as forest:
            forest.stop()
            forest.state = forest.folder / "state"
            forest.start()
            env = forest.sign_in("admin", "Adm1n!pass")
            foreign.mit("kvno").run(f"ldap/{forest.dc['name']}", env=env).ok()
            writers = [subprocess.Popen(["/usr/bin/python3", "-c", WRITER, forest.uri, f"CN=app{i},CN=Computers,{BASE}", f"w{i}", str(CHANGES)],
                                        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(WRITERS)]
            for _ in range(CRASHES):
                time.sleep(1)
                forest.process.kill()
                forest.process.wait()
                forest.start()
            acknowledged = {}
            for i, writer in enumerate(writers):
                out, err = writer.communicate(timeout=120)
                self.assertEqual((writer.returncode, err), (0, ""))
                acknowledged[i] = set(out.split())
            self.assertGreater(sum(map(len, acknowledged.values())), WRITERS * CHANGES // 4, acknowledged)
            for i, spns in acknowledged.items():
                listed = forest.kdc("directory", "--state", forest.state, "setspn", "-L", f"app{i}$").ok().out
                self.assertEqual({spn for spn in spns if spn not in listed}, set())


if __name__ == "__main__":
    unittest.main()
