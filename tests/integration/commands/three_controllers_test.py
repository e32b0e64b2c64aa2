"""Three DCs a domain, of levels, priorities and sites of their own, one of them silent (takes what comes and never answers), one
paused: our client is served by the third, says so, and a silent DC costs one wait, once.
"""

import contextlib
import json
import re
import selectors
import socket
import tempfile
import threading
import time
import unittest

from samples.support import foreign
from samples.support.forest import Forest

# The list names them in the order of their priority. The front end is in HILL.TEST, the back end in DALE.TEST.
DOMAIN = """
[[domain]]
realm = "{realm}"
netbios = "{netbios}"
sid = "S-1-5-21-{number}-{number}-{number}"
forest = "{zone}"
[[domain.controller]]
name = "dc-silent.{zone}"
address = "127.0.{number}.1"
level = "2016"
site = "Here"
[[domain.controller]]
name = "dc-paused.{zone}"
address = "127.0.{number}.2"
level = "2016"
site = "Here"
paused = true
[[domain.controller]]
name = "dc-third.{zone}"
address = "127.0.{number}.3"
level = "2012"
site = "There"
"""
ACCOUNT = "[[domain.account]]\nname = '{}'\npassword = 'Passw0rd!'\nspns = {}\n{}\n"
FOREST = "".join([
    DOMAIN.format(realm="HILL.TEST", netbios="HILL", zone="hill.test", number=71),
    ACCOUNT.format("hal", [], ""),
    ACCOUNT.format("web$", ["HTTP/web.hill.test"], "upn = 'HTTP/web.hill.test@HILL.TEST'\nflags = ['trusted_to_auth_for_delegation']"),
    ACCOUNT.format("near$", ["HTTP/near.hill.test"], r"allowed_to_act = ['HILL\web$']"),
    DOMAIN.format(realm="DALE.TEST", netbios="DALE", zone="dale.test", number=72),
    ACCOUNT.format("far$", ["HTTP/far.dale.test"], r"allowed_to_act = ['HILL\web$']"),
    '[[trust]]\ndomains = ["HILL.TEST", "DALE.TEST"]\nkind = "forest"\npassword = "between hill and dale"\n'])
FRONT_END = "HTTP/web.hill.test@HILL.TEST"
SERVED = [f"dc-{name}.{zone}" for zone in ("hill.test", "dale.test") for name in ("paused", "third")]
SILENT_WAIT = 2    # seconds: what one silent DC may cost and all the rest; not one wait more
PATIENCE = 10      # for a run of `stead`, on a machine that has other work


class Silent:
    """Bound for UDP and listening for TCP at every (address, port): reads datagrams, accepts connections, and never answers."""

    def __init__(self, endpoints):
        self._selector = selectors.DefaultSelector()
        self._held = []
        for endpoint in endpoints:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                s = socket.socket(socket.AF_INET, kind)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(endpoint)
                if kind == socket.SOCK_STREAM:
                    s.listen()
                self._selector.register(s, selectors.EVENT_READ)
                self._held.append(s)

    def __enter__(self):
        self._ended = False
        self._thread = threading.Thread(target=self._take)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join()
        for s in self._held:
            s.close()

    def _take(self):
        while not self._ended:
            for key, _ in self._selector.select(0.05):
                if key.fileobj.type == socket.SOCK_STREAM:
                    self._held.append(key.fileobj.accept()[0])
                else:
                    key.fileobj.recv(65536)


class ThreeControllers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="state-"))
        cls.forest = cls.enterClassContext(Forest(FOREST, dcs=SERVED, state=cls.state, free_ports=True))
        silent = [dc for dc in cls.forest.controllers() if dc["name"].startswith("dc-silent")]
        cls.silent = cls.enterClassContext(Silent([(dc["address"], dc[port]) for dc in silent for port in ("kerberos_port", "ldap_port")]))
        cls.keytab = cls.forest.keytab(FRONT_END)
        cls.dns = cls.enterClassContext(cls.nameserver())

    @classmethod
    @contextlib.contextmanager
    def nameserver(cls):
        """dnsmasq with the forest's zones, and a stead.toml that asks it; SRV priorities are in the file's order, 10 apart."""
        names = [dc["name"] for dc in cls.forest.controllers()]
        def in_order(records):
            return re.sub(r"^(srv-host=[^,]+,([^,]+),\d+),0,", lambda m: f"{m[1]},{names.index(m[2]) % 3 * 10},", records, flags=re.M)

        with cls.forest.nameserver(in_order) as address:
            config = cls.forest.folder / "dns.toml"
            config.write_text(f'[locator]\nnameservers = ["{address}"]\n')
            yield config

    def directory(self, *words):
        return self.forest.kdc("directory", "--state", self.state, *words).ok().out

    def locate(self, config, *args, status=0):
        ran = foreign.built("stead").run("locate", *args, "--config", config, "--json", env=self.forest.env, timeout=PATIENCE)
        self.assertEqual(ran.status, status, ran)
        return json.loads(ran.out)

    def s4u(self, config, service, status=0):
        """The printed object, and how long it took."""
        begun = time.monotonic()
        ran = foreign.built("stead").run("s4u", "--config", config, "--keytab", self.keytab, "--principal", FRONT_END, "--for", "hal",
                                         "--service", service, "--json", env=self.forest.env, timeout=3 * PATIENCE)
        took = time.monotonic() - begun
        self.assertEqual(ran.status, status, ran)
        return json.loads(ran.out), took

    def by_list_and_by_dns(self, check):
        for name, config in (("list", self.forest.stead_toml), ("DNS", self.dns)):
            with self.subTest(name):
                check(config)

    def test_the_locator_skips_a_silent_and_a_paused_dc(self):
        def check(config):
            begun = time.monotonic()
            out = self.locate(config, "HILL.TEST", "--level", "2012")
            self.assertEqual((out["controller"], out["level"], out["site"]), ("dc-third.hill.test", "2012", "There"))
            self.assertLess(time.monotonic() - begun, SILENT_WAIT)
            seen = {s["controller"]: (s["level"], s["answer"]) for s in out["seen"]}
            self.assertEqual(seen, {"dc-silent.hill.test": ("unknown", "timeout"), "dc-paused.hill.test": ("unknown", "paused"),
                                    "dc-third.hill.test": ("2012", "ok")})
        self.by_list_and_by_dns(check)

    def test_a_paused_dc_is_not_used_without_a_level_either(self):
        def check(config):
            self.assertEqual(self.locate(config, "DALE.TEST")["controller"], "dc-third.dale.test")
        self.by_list_and_by_dns(check)

    def test_no_other_dc_of_the_level_wanted_is_none(self):
        def check(config):
            out = self.locate(config, "HILL.TEST", "--level", "2016", status=1)
            self.assertIsNone(out["controller"])
            self.assertIn(("dc-paused.hill.test", "paused"), [(s["controller"], s["answer"]) for s in out["seen"]])
        self.by_list_and_by_dns(check)

    def test_a_ticket_within_the_domain_comes_from_the_third(self):
        def check(config):
            out, took = self.s4u(config, "HTTP/near.hill.test")
            self.assert_served_by_the_third(out, took)
        self.by_list_and_by_dns(check)

    def test_a_ticket_in_another_forest_comes_from_its_third(self):
        def check(config):
            out, took = self.s4u(config, "HTTP/far.dale.test")
            self.assert_served_by_the_third(out, took)
        self.by_list_and_by_dns(check)

    def assert_served_by_the_third(self, out, took):
        self.assertTrue(out["granted"])
        told = [(s["exchange"], s["controller"], s["answer"]) for s in out["steps"]]
        last = out["steps"][-1]
        self.assertEqual((last["exchange"], last["answer"], last["level"]), ("S4U2Proxy", "ticket", "2012"), told)
        # The first one is waited for, once; in DALE.TEST the pings that look for a level find the third before that.
        self.assertEqual([s["controller"] for s in out["steps"] if s["answer"] == "timeout"], ["dc-silent.hill.test"], told)
        self.assertLess(took, SILENT_WAIT, told)
        # A paused DC's KDC answers, and who has not pinged it yet asks it: once. The ping tells.
        others = [s for s in out["steps"] if s["answer"] != "timeout" and not s["controller"].startswith("dc-third.")]
        self.assertEqual([(s["exchange"], s["controller"]) for s in others], [("AS", "dc-paused.hill.test")], told)

    def test_an_administrator_pauses_and_resumes_a_running_dc(self):
        netlogon = lambda verb: self.directory(verb, "Netlogon", "-ComputerName", "dc-paused.hill.test")
        self.assertIn("Paused", netlogon("Get-Service"))
        netlogon("Resume-Service")
        try:
            self.assertIn("Running", netlogon("Get-Service"))
            self.assertEqual(self.locate(self.forest.stead_toml, "HILL.TEST")["controller"], "dc-paused.hill.test")
            self.forest.stop()
            self.forest.start()
            self.assertEqual(self.locate(self.forest.stead_toml, "HILL.TEST", "--level", "2016")["controller"], "dc-paused.hill.test")
        finally:
            netlogon("Suspend-Service")
        self.assertEqual(self.locate(self.forest.stead_toml, "HILL.TEST")["controller"], "dc-third.hill.test")

    def test_a_dcs_level_is_raised_by_a_restart_with_another_file(self):
        before = self.forest.file.read_text()
        self.forest.stop()
        self.forest.file.write_text(before.replace('level = "2012"', 'level = "2022"'))
        self.forest.start()
        try:
            raised = self.locate(self.forest.stead_toml, "HILL.TEST", "--level", "2016")
        finally:
            self.forest.stop()
            self.forest.file.write_text(before)
            self.forest.start()
        self.assertEqual((raised["controller"], raised["level"]), ("dc-third.hill.test", "2016"))
        self.assertEqual(self.locate(self.forest.stead_toml, "HILL.TEST", "--level", "2012")["level"], "2012")


if __name__ == "__main__":
    unittest.main()
