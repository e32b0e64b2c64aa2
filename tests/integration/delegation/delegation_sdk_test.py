"""Every case of delegation_cases.txt through the SDK's C++ API: one client a front end, all its users' cases asked at once."""
# ctest: TIMEOUT 400

import collections
import dataclasses
import json
import types
import unittest

from impacket.krb5.ccache import CCache
from samples.support import foreign
from tests.support.delegation import Topology, identity_of, read_table


def evidence(ccache, principal):
    """The DER Ticket for `principal` of a ccache, in a file of its own."""
    path = f"{ccache}.ticket"
    held = CCache.loadFile(ccache).credentials
    with open(path, "wb") as file:
        file.write(next(c.ticket["data"] for c in held if c["server"].prettyPrint().decode().lower() == principal.lower()))
    return path


class ThroughTheSdk(unittest.TestCase):
    def run_topology(self, name):
        cases = [case for case in read_table() if case.topology == name]
        groups = collections.defaultdict(list)
        for case in cases:
            groups[case.front_end, case.dcs, identity_of(case)].append(case)
        with Topology(name, cases) as topology:
            for (front_end, dcs, identity), group in groups.items():
                for case, answer in zip(group, self.ask(topology, front_end, dcs, identity, group), strict=True):
                    with self.subTest(str(case)):
                        self.judge(topology, case, answer)

    def ask(self, topology, front_end, dcs, identity, cases):
        """What tests/integration/sdk/programs/sdk_door.cc says to each case."""
        principal = topology.principal(front_end)
        lines = [("client", principal, topology.keytab(principal), int("allow_rc4" in identity), int("pa_for_user" in identity))]
        for realm, controllers in topology.controllers(dcs).items():
            lines += [("controller", realm, *controller) for controller in controllers]
        for case in cases:
            if case.sign_in in ("ticket", "unforwardable"):
                lines.append(("ticket", evidence(topology.own_ticket(case), principal), topology.spn(case.back_end)))
            else:
                lines.append(("name", case.user, topology.spn(case.back_end)))
        text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
        return foreign.built("sdk_door").run(input=text, timeout=60, env=topology.environment(dcs)).ok().out.splitlines()

    def judge(self, topology, case, answer):
        self.assertTrue(answer.startswith("{"), answer)
        out = json.loads(answer)
        # The words about the path are checked with `stead s4u` only: here earlier cases have filled the client's caches.
        ran = types.SimpleNamespace(status=0 if case.granted else 3 if case.expected[2] == "dc_unreachable" else 1, err="")
        self.assertEqual(topology.judge(dataclasses.replace(case, words=()), out, ran), [])

    def test_one_domain(self):
        self.run_topology("orchard")

    def test_a_forest_of_two_trees(self):
        self.run_topology("wood")

    def test_two_forests(self):
        self.run_topology("rivers")

    def test_one_way_external_and_forest_trusts_in_a_row(self):
        self.run_topology("peaks")


if __name__ == "__main__":
    unittest.main()
