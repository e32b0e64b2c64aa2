"""A forest file keeps its shape when its ports are replaced."""

import tomllib
import unittest

from samples.support.forest import with_free_ports

FILE = """
[[domain]]
realm = "A.EXAMPLE"

[[domain.controller]]
name = "dc1.a.example"
address = "127.0.8.1"   # with a comment
kerberos_port = 8088
level = "2012"

  [[domain.controller]]
  name = "dc2.a.example"
  address = "127.0.8.2"

[[domain.account]]
name = "alice"
description = "kerberos_port = 88"
kvno = 4
"""


class Ports(unittest.TestCase):
    def test_are_all_replaced_or_added_and_nothing_else_is(self):
        before, after = tomllib.loads(FILE), tomllib.loads(with_free_ports(FILE))
        ports = []
        for dc in after["domain"][0]["controller"]:
            ports += [dc.pop(name) for name in ("kerberos_port", "ldap_port", "kpasswd_port")]
        before["domain"][0]["controller"][0].pop("kerberos_port")
        self.assertEqual(after, before)
        self.assertTrue(all(port > 1024 for port in ports), ports)
        self.assertEqual(len(ports), 6)


if __name__ == "__main__":
    unittest.main()
