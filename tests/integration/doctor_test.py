"""`stead doctor` in forests with one fault each: it names the check that is broken and what mends it; a healthy forest it leaves alone."""
# ctest: TIMEOUT 400

import json
import os
import pathlib
import shutil
import socket
import unittest

from support import clock, foreign
from support.forest import Forest

PASSWORD = "grist for 1 mill"
FRONT = "HTTP/gate.mill.example"
FLOUR = "HTTP/flour.mill.example"
BREAD = "HTTP/bread.bakery.example"

FOREST = f"""
[[domain]]
realm   = "MILL.EXAMPLE"
netbios = "MILL"
sid     = "S-1-5-21-711-712-713"
forest  = "mill.example"
account = [
  {{ name = "wanda", password = "{PASSWORD}" }},
  {{ name = "greta", password = "{PASSWORD}", flags = ["not_delegated"] }},
  {{ name = "otto", password = "{PASSWORD}", flags = ["disabled"] }},
  {{ name = "gate$", password = "{PASSWORD} gate", flags = ["trusted_to_auth_for_delegation"], spns = ["{FRONT}"], allowed_to_delegate_to = ["{FLOUR}"] }},
  {{ name = "flour$", password = "{PASSWORD} flour", spns = ["{FLOUR}"] }},
  {{ name = "sieve$", password = "{PASSWORD} sieve", spns = ["HTTP/sieve.mill.example"] }},
]

[[domain.controller]]
name    = "dc1.mill.example"
address = "127.0.71.1"
level   = "2016"

[[domain]]
realm   = "BAKERY.EXAMPLE"
netbios = "BAKERY"
sid     = "S-1-5-21-721-722-723"
forest  = "bakery.example"
account = [
  {{ name = "bread$", password = "{PASSWORD} bread", spns = ["{BREAD}"], allowed_to_act = ['MILL\\gate$'] }},
  {{ name = "crumb$", password = "{PASSWORD} crumb", spns = ["HTTP/crumb.bakery.example"] }},
]

[[domain.controller]]
name    = "dc1.bakery.example"
address = "127.0.71.2"
level   = "2019"

[[trust]]
domains  = ["MILL.EXAMPLE", "BAKERY.EXAMPLE"]
kind     = "forest"
password = "between mill and bakery"
"""


def route(spn, upstream="http://127.0.0.1:9", path="/", **more):
    lines = ["[[route]]", f'path = "{path}"', 'sign_in = ["kerberos", "forms"]', f'upstreams = ["{upstream}"]', f'spn = "{spn}"']
    return "\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in more.items()]) + "\n"


class Case(unittest.TestCase):
    """`examine` runs the doctor and returns its JSON; `broken` is the set of ids that it found at fault."""

    maxDiff = None

    def examine(self, forest, *args, routes="", keytab="gate$@MILL.EXAMPLE", principal=f"{FRONT}@MILL.EXAMPLE", locator=None, status=None, mode=0o600, env=None):
        folder = forest.folder / "proxy"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        source = keytab if isinstance(keytab, pathlib.Path) else forest.keytab(keytab)
        shutil.copy(source, folder / "gate.keytab")
        os.chmod(folder / "gate.keytab", mode)
        config = folder / "proxy.toml"
        config.write_text(f'[server]\nlisten = ["127.0.0.1:8443"]\n[identity]\nprincipal = "{principal}"\nkeytab = "gate.keytab"\n'
                          f'{locator or forest.stead_toml.read_text()}\n[sign_in.kerberos]\n[sign_in.forms]\n{routes}')
        ran = foreign.built("stead").run("doctor", "--config", config, "--json", *args, env=env or forest.env, timeout=60)
        out = json.loads(ran.out)
        self.assertEqual(set(out), {"checks", "healthy"})
        for check in out["checks"]:
            self.assertLessEqual({"id", "name", "result", "symptom", "proof", "fix"}, set(check))
            self.assertIn(check["result"], ("ok", "fault", "unjudged", "skipped"))
            if check["result"] == "fault":
                self.assertTrue(check["symptom"] and check["proof"] and check["fix"], check)
            elif check["result"] != "ok":
                self.assertTrue(check["symptom"], check)
        self.assertEqual(out["healthy"], not self.broken(out))
        self.assertEqual(ran.status, status if status is not None else 0 if out["healthy"] else 1, ran)
        return out

    def broken(self, out):
        return {check["id"] for check in out["checks"] if check["result"] == "fault"}

    def fault(self, out, check_id):
        found = [check for check in out["checks"] if check["id"] == check_id and check["result"] == "fault"]
        self.assertTrue(found, [c for c in out["checks"] if c["result"] == "fault"])
        return found[0]

    def result(self, out, check_id):
        return {check["result"] for check in out["checks"] if check["id"] == check_id}

    def only(self, out, *ids):
        """These checks are broken and no other; returns the first."""
        self.assertEqual(self.broken(out), set(ids), [c for c in out["checks"] if c["result"] == "fault"])
        return self.fault(out, ids[0])


class Domain(Case):
    """Faults of the network and of the front end's account, and the SPNs of what it publishes."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True))

    def test_healthy(self):
        out = self.examine(self.forest)
        self.assertEqual(self.broken(out), set())
        for check_id in ("N2", "N3", "N4", "N7", "N8", "A1", "A2", "A3", "A4", "A5", "A6", "A8"):
            self.assertEqual(self.result(out, check_id), {"ok"}, check_id)
        self.assertEqual(self.result(out, "N1"), {"skipped"})

    def test_a_keytab_that_others_may_read(self):
        check = self.only(self.examine(self.forest, mode=0o640), "A6")
        self.assertRegex(check["fix"][0], r"^chmod 600 .*/gate\.keytab$")

    def test_a_keytab_that_is_older_than_the_password(self):
        changed = FOREST.replace(f"{PASSWORD} gate", "another one")
        with Forest(changed, free_ports=True) as before:
            old = before.folder / "old.keytab"
            shutil.copy(before.keytab("gate$@MILL.EXAMPLE"), old)
            check = self.only(self.examine(self.forest, keytab=old), "A2")
        self.assertIn("KDC_ERR_PREAUTH_FAILED", check["proof"])
        self.assertTrue(any(line.startswith("ktpass ") for line in check["fix"]))
        self.assertTrue(any("ktutil" in line for line in check["fix"]))

    def test_a_keytab_with_another_number(self):
        wrong = self.forest.folder / "wrong.keytab"
        wrong.unlink(missing_ok=True)
        foreign.mit("ktutil").run(input=f"addent -password -p {FRONT}@MILL.EXAMPLE -k 7 -e aes256-cts -s MILL.EXAMPLEhostgate.mill.example\n"
                                        f"{PASSWORD} gate\nwkt {wrong}\n", env=self.forest.env).ok()
        check = self.only(self.examine(self.forest, keytab=wrong), "A2")
        self.assertIn("kvno 7", check["proof"])

    def test_a_keytab_of_another_account(self):
        check = self.only(self.examine(self.forest, keytab="sieve$@MILL.EXAMPLE"), "A2")
        self.assertIn("HTTP/sieve.mill.example", check["proof"])

    def test_a_published_host_without_an_spn(self):
        out = self.examine(self.forest, routes=route(FLOUR, host="shop.mill.example", delegation="none"))
        check = self.fault(out, "A4")
        self.assertEqual(check["fix"], ["setspn -S HTTP/shop.mill.example gate$"])
        self.assertIn("KDC_ERR_S_PRINCIPAL_UNKNOWN", check["proof"])

    def test_a_published_host_whose_spn_is_elsewhere(self):
        out = self.examine(self.forest, routes=route(FLOUR, host="sieve.mill.example", delegation="none"))
        check = self.fault(out, "A5")
        self.assertIn("setspn -Q HTTP/sieve.mill.example", check["fix"])

    def test_the_own_spn_elsewhere(self):
        moved = FOREST.replace(f'spns = ["{FRONT}"]', 'spns = ["HTTP/other.mill.example"]').replace('spns = ["HTTP/sieve.mill.example"]', f'spns = ["{FRONT}"]')
        with Forest(FOREST, free_ports=True) as before, Forest(moved, free_ports=True) as forest:
            check = self.only(self.examine(forest, keytab=before.keytab(f"{FRONT}@MILL.EXAMPLE")), "A5")
        self.assertIn(f"setspn -S {FRONT} gate$", check["fix"])

    def test_the_own_account_disabled(self):
        with Forest(FOREST.replace('flags = ["trusted_to_auth_for_delegation"], spns', 'flags = ["trusted_to_auth_for_delegation", "disabled"], spns'), free_ports=True) as forest:
            check = self.only(self.examine(forest), "A1")
        self.assertIn("Enable-ADAccount gate$ -Server MILL.EXAMPLE", check["fix"])

    def test_a_realm_in_lower_case(self):
        check = self.fault(self.examine(self.forest, principal=f"{FRONT}@mill.example"), "N7")
        self.assertIn(f'principal = "{FRONT}@MILL.EXAMPLE"', check["fix"])

    def test_a_clock_that_is_off(self):
        env = clock.off_by(1200, self.forest.env)
        check = self.fault(self.examine(self.forest, env=env), "N3")
        self.assertIn("20 min", check["proof"])
        self.assertIn("chronyc makestep", check["fix"])

    def test_a_controller_that_is_silent(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            port, = foreign.free_ports(1, "127.0.71.9")
            udp.bind(("127.0.71.9", port))
            tcp.bind(("127.0.71.9", port))
            tcp.listen()
            locator = self.forest.stead_toml.read_text().replace(
                'controllers = [', f'controllers = [{{ name = "dc9.example", address = "127.0.71.9", kerberos_port = {port}, ldap_port = {port} }}, ', 1)
            check = self.only(self.examine(self.forest, locator=locator), "N2")
        self.assertIn("dc9.example", check["subject"])
        self.assertIn("silent", check["proof"])

    def test_a_port_that_is_closed(self):
        dc = self.forest.controllers("MILL.EXAMPLE")[0]
        closed, = foreign.free_ports(1, dc["address"])
        locator = self.forest.stead_toml.read_text().replace(
            'controllers = [', f'controllers = [{{ name = "dc2.mill.example", address = "{dc["address"]}", kerberos_port = {dc["kerberos_port"]}, ldap_port = {closed} }}, ')
        check = self.fault(self.examine(self.forest, locator=locator), "N2")
        self.assertIn(f"-Protocol UDP -LocalPort {closed}", check["fix"][0])

    def test_nobody_answers(self):
        closed = foreign.free_ports(1, "127.0.71.1")[0]
        locator = f'[locator.realm."MILL.EXAMPLE"]\ncontrollers = [{{ name = "dc1.mill.example", address = "127.0.71.1", kerberos_port = {closed}, ldap_port = {closed} }}]\n'
        check = self.only(self.examine(self.forest, locator=locator, status=3), "N2")
        self.assertIn("refused", check["proof"])

    def test_usage_and_files(self):
        stead = foreign.built("stead")
        self.assertEqual(stead.run("doctor").status, 2)
        self.assertEqual(stead.run("doctor", "--config", "/nonexistent").status, 2)
        path = self.forest.folder / "bad.toml"
        path.write_text('[identity]\nprincipal = "HTTP/x@Y"\nkeytab = "k"\n\n[[route]]\nupstreams = ["nonsense"]\n')
        ran = stead.run("doctor", "--config", path)
        self.assertEqual(ran.status, 2)
        self.assertIn(f"{path}:6:", ran.err)
        path.write_text('[identity]\nprincipal = "HTTP/x@Y"\nkeytab = "k"\n')
        self.assertEqual(stead.run("doctor", "--config", path, "--for", "wanda").status, 2)
        self.assertIn("B9", stead.run("doctor", "--help").ok().out)


def tearDownModule():
    clock.remove()


if __name__ == "__main__":
    unittest.main()
