"""DsGetDcName over a whole forest: its domain controllers found by DNS, and by a configuration's lists."""

import os
import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.sspi import Stead, is_sanitized

TOP = foreign.TOP
SERVED = ["dc12.root.fabrikam.com", "dc16.emea.root.fabrikam.com", "dc22.sales.corp.contoso.com"]  # of corp.contoso.com itself none answers
GC, DNS_NAME = 0x40, 0x20000
NO_SUCH_DOMAIN = 1355


@unittest.skipIf(is_sanitized(), "a library with a sanitizer cannot be loaded into Python")
class Locate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(TOP / "samples/forest.toml", dcs=SERVED, free_ports=True))
        os.environ.update(cls.forest.env)  # libkrb5 reads them when it starts
        cls.stead = Stead(foreign.BUILD / "sspi_shim/libstead.so")
        address = cls.enterClassContext(cls.forest.nameserver())
        cls.by_dns = cls.forest.folder / "dns.toml"
        cls.by_dns.write_text(f'[locator]\nnameservers = ["{address}"]\n')

    def by_list_and_by_dns(self, check):
        for name, config in (("list", self.forest.stead_toml), ("dns", self.by_dns)):
            with self.subTest(controllers=name):
                self.assertEqual(self.stead.call("ShimSetDefaultConfig", b"config", str(config).encode()), 0)
                check(self.stead.locate)

    def test_a_global_catalog_is_the_forests(self):
        def check(locate):
            name, _, domain, forest, flags = locate("sales.corp.contoso.com", GC | DNS_NAME)
            self.assertEqual((name, domain, forest), (b"\\\\dc22.sales.corp.contoso.com", b"sales.corp.contoso.com", b"corp.contoso.com"))
            self.assertTrue(flags & 0x4)
            self.assertEqual(locate(None, GC)[3], b"root.fabrikam.com")  # ours is the default realm
            self.assertEqual(locate("sales.corp.contoso.com", GC, "Elsewhere"), NO_SUCH_DOMAIN)

        self.by_list_and_by_dns(check)

    def test_a_domain_under_another_name_is_found_by_its_guid(self):
        def check(locate):
            guid = self.stead.controller("emea.root.fabrikam.com")["guid"]
            for name in ("emea.root.fabrikam.com", "europe.root.fabrikam.com", "root.fabrikam.com"):
                self.assertEqual(locate(name, DNS_NAME, guid=guid)[:3:2], (b"\\\\dc16.emea.root.fabrikam.com", b"emea.root.fabrikam.com"), name)
            self.assertEqual(locate("europe.root.fabrikam.com", GC, guid=guid)[3], b"root.fabrikam.com")
            self.assertEqual(locate("emea.root.fabrikam.com", 0, guid=guid[::-1]), NO_SUCH_DOMAIN)
            self.assertEqual(locate("root.fabrikam.com", 0, guid=bytes(16))[2], b"root.fabrikam.com")  # none is known

        self.by_list_and_by_dns(check)

    def test_a_forest_that_is_none_has_no_global_catalog(self):
        self.assertEqual(self.stead.call("ShimSetDefaultConfig", b"config", str(self.by_dns).encode()), 0)
        self.assertEqual(self.stead.locate("nowhere.example", GC), NO_SUCH_DOMAIN)

    def test_where_the_forests_root_is_down_its_other_domains_serve(self):
        def check(locate):
            self.assertEqual(locate("corp.contoso.com", 0), NO_SUCH_DOMAIN)
            self.assertEqual(locate("corp.contoso.com", GC)[0], b"\\\\dc22.sales.corp.contoso.com")

        self.by_list_and_by_dns(check)


if __name__ == "__main__":
    unittest.main()
