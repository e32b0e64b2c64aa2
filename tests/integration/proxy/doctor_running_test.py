"""`stead doctor --running` asks the proxy that runs: its own sign-on, refusals that it remembers, back ends that it leaves out."""
# ctest: TIMEOUT 300

import json
import unittest

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.proxy import FRONT, Proxy, route


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.back_end = cls.enterClassContext(Apache(cls.forest.keytab("reports$@ROOT.FABRIKAM.COM"), cls.forest.env["KRB5_CONFIG"]))

    def setUp(self):
        self.dead = foreign.free_ports(1)[0]
        self.proxy = self.enterContext(Proxy(self.forest, [route("/reports/", [self.back_end.url, f"http://127.0.0.1:{self.dead}"], "HTTP/reports.root.fabrikam.com", host=FRONT),
                                                           route("/denied/", self.back_end.url, "HTTP/denied.corp.contoso.com")],
                                             server='admin_socket = "admin.sock"\nthreads = 2\n'))

    def doctor(self, *options):
        ran = foreign.built("stead").run("doctor", "--config", self.proxy.file, "--json", *options, env=self.proxy.environment, timeout=60)
        return {check["id"] + " " + check.get("subject", ""): check for check in json.loads(ran.out)["checks"] if check["id"].startswith("R")}

    def test_what_the_proxy_says_is_judged(self):
        self.assertEqual(self.doctor(), {})  # nobody asked for it
        fresh = self.doctor("--running")
        self.assertEqual({check["result"] for check in fresh.values()}, {"ok"})
        self.assertIn("no user has needed it yet", [check["proof"] for name, check in fresh.items() if name.startswith("R2")])
        jar = self.proxy.folder / "alice"
        self.assertEqual(self.proxy.log_in("alice", "Passw0rd!", jar)[0], 303)
        for _ in range(4):
            self.proxy.curl("/reports/", "-b", jar).ok()
        self.proxy.curl("/denied/", "-b", jar).ok()
        found = self.doctor("--running", self.proxy.folder / "admin.sock")
        self.assertEqual(found[f"R4 http://127.0.0.1:{self.dead}"]["result"] in ("fault", "skipped"), True, found)
        self.assertEqual(found[f"R4 {self.back_end.url}"]["result"], "ok")
        signed_on = [check for name, check in found.items() if name.startswith("R2")][0]
        self.assertEqual(signed_on["result"], "ok")
        self.assertRegex(signed_on["proof"], r"^asked at .*Z of \S+: ticket$")
        text = foreign.built("stead-proxy").run("ctl", "--socket", self.proxy.folder / "admin.sock", "tickets").ok().out
        self.assertRegex(text, r"(?m)^core 0: own TGT .*; \d+ tickets, \d+ of evidence, \d+ refusals$")

    def test_where_no_proxy_runs_the_examination_goes_on(self):
        self.proxy.stop()
        found = self.doctor("--running")
        self.assertEqual([(check["result"], "no proxy can be asked there" in check["symptom"]) for check in found.values()], [("unjudged", True)])
        found = self.doctor("--running", "/nowhere/sock")
        self.assertEqual(list(found), ["R1 /nowhere/sock"])
        self.proxy.start()


if __name__ == "__main__":
    unittest.main()
