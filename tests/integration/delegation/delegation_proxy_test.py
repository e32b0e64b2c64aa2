"""The cases of delegation_cases.txt that say `proxy`: the same answers through stead-proxy, in front of a stock service."""
# ctest: TIMEOUT 400

import itertools
import time
import unittest

from samples.support.apache import seen
from tests.support.delegation import PASSWORD, Topology, read_table
from tests.support.proxy import Proxy, route


class ThroughTheProxy(unittest.TestCase):
    def test_a_sample_of_the_table(self):
        cases = [case for case in read_table() if "proxy" in case.words]
        for name in dict.fromkeys(case.topology for case in cases):
            mine = sorted((case for case in cases if case.topology == name), key=lambda case: (case.front_end, case.dcs))
            with Topology(name, mine) as topology:
                for (front_end, dcs), group in itertools.groupby(mine, lambda case: (case.front_end, case.dcs)):
                    self.run_front_end(topology, front_end, dcs, list(group))

    def run_front_end(self, topology, front_end, dcs, cases):
        domain, account = topology.account(front_end)
        principal = topology.principal(front_end)
        host = principal.partition("/")[2].partition("@")[0]
        spns = list(dict.fromkeys(topology.spn(case.back_end) for case in cases))
        routes = [route(f"/{number}/", topology.apache.url, spn) for number, spn in enumerate(spns)]
        with Proxy(topology.as_seen(dcs), routes, principal=principal, account=f"{account['name']}@{domain['realm']}", host=host, tls=False,
                   sign_in=f'[sign_in.kerberos]\n[sign_in.forms]\nrealm = "{domain["realm"]}"\n') as proxy:
            for case in cases:
                with self.subTest(str(case)):
                    self.run_case(topology, proxy, case, f"/{spns.index(topology.spn(case.back_end))}/")

    def run_case(self, topology, proxy, case, path):
        options = ["-w", "\n%{http_code}"]
        if case.sign_in == "ticket":
            env = {**topology.environment(case.dcs), "KRB5CCNAME": f"FILE:{topology.own_ticket(case)}"}
            ran = proxy.negotiate(path, *options, env=env).ok()
        else:
            jar = proxy.folder / f"{case.line}.jar"
            self.assertEqual(proxy.log_in(case.user, PASSWORD, jar, path)[0], 303, proxy.log()[-2000:])
            ran = proxy.curl(path, "-b", jar, *options).ok()
        body, _, status = ran.out.rpartition("\n")
        if case.granted:
            self.assertEqual((status, seen(body).get("REMOTE_USER")), ("200", case.expected[1]), proxy.log()[-2000:])
        else:
            self.assertEqual(status, "403", proxy.log()[-2000:])
            self.assertNotIn("REMOTE_USER", body)
            end = time.monotonic() + 5  # what a core has seen comes to the administrator's page a moment later
            while case.expected[2] not in proxy.admin("/status")[1]:  # the administrator reads why; the user does not
                self.assertLess(time.monotonic(), end, proxy.admin("/status")[1])
                time.sleep(0.05)
            self.assertNotIn(case.expected[2], body)


if __name__ == "__main__":
    unittest.main()
