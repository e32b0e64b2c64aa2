# ctest: TIMEOUT 400
"""Unconstrained delegation: stock kinit and curl forward a TGT, and stead-proxy asks a back end as the user, on the routes that say so."""

import contextlib
import re
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.backend import Backend
from samples.support.forest import Forest
from tests.support.proxy import Proxy, route

PORTAL = "portal.west.example"
PASSWORD = "Autumn8!"

FOREST = f"""
[[domain]]
realm   = "WEST.EXAMPLE"
netbios = "WEST"
sid     = "S-1-5-21-11-22-33"
forest  = "west.example"

[[domain.controller]]
name    = "dc1.west.example"
address = "127.0.42.1"
level   = "2016"

[[domain.account]]
name     = "ida"
password = "{PASSWORD}"

[[domain.account]]
name     = "karl"
password = "{PASSWORD}"
flags    = ["not_delegated"]

[[domain.account]]
name     = "lisa"
password = "{PASSWORD}"
flags    = ["protected_user"]

[[domain.account]]
name     = "portal$"
password = "a portal's password"
flags    = ["trusted_for_delegation"]
spns     = ["HTTP/{PORTAL}"]
upn      = "HTTP/{PORTAL}@WEST.EXAMPLE"

[[domain.account]]
name     = "store$"
password = "a store's password"
spns     = ["HTTP/store.west.example"]

[[domain]]
realm   = "EAST.EXAMPLE"
netbios = "EAST"
sid     = "S-1-5-21-44-55-66"
forest  = "east.example"

[[domain.controller]]
name    = "dc1.east.example"
address = "127.0.42.2"
level   = "2008R2"

[[domain.account]]
name     = "nora"
password = "{PASSWORD}"

[[domain.account]]
name     = "shop$"
password = "a shop's password"
spns     = ["HTTP/shop.east.example"]

[[trust]]
domains        = ["WEST.EXAMPLE", "EAST.EXAMPLE"]
kind           = "forest"
password       = "between west and east"
tgt_delegation = false
"""


def signed_in(forest, user, *options):
    """The environment of a user's own kinit, with a forwardable TGT unless `options` say otherwise."""
    env = forest.client(re.sub(r"\W", "_", user) + "".join(options))
    foreign.kinit(env, user, PASSWORD, options=options or ("-f",)).ok()
    return env


def portal(forest, routes, **kw):
    return Proxy(forest, routes, principal=f"HTTP/{PORTAL}@WEST.EXAMPLE", account="portal$@WEST.EXAMPLE", host=PORTAL,
                 sign_in='[sign_in.kerberos]\n[sign_in.forms]\nrealm = "WEST.EXAMPLE"\n', **kw)


class ForwardedTgt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True))
        cls.store = cls.enterClassContext(Apache(cls.forest.keytab("store$@WEST.EXAMPLE"), cls.forest.env["KRB5_CONFIG"]))
        cls.shop = cls.enterClassContext(Apache(cls.forest.keytab("shop$@EAST.EXAMPLE"), cls.forest.env["KRB5_CONFIG"]))
        cls.teller = cls.enterClassContext(Backend(cls.forest.keytab("store$@WEST.EXAMPLE"), cls.forest.env))
        routes = [route(path, back_end.url if hasattr(back_end, "url") else f"http://127.0.0.1:{back_end.port}", spn, sign_in=["kerberos"],
                        delegation=delegation)
                  for path, back_end, spn, delegation in (("/store/", cls.store, "HTTP/store.west.example", "forwarded-tgt"),
                                                          ("/shop/", cls.shop, "HTTP/shop.east.example", "forwarded-tgt"),
                                                          ("/teller/", cls.teller, "HTTP/store.west.example", "forwarded-tgt"),
                                                          ("/nobody/", cls.store, "HTTP/nobody.west.example", "forwarded-tgt"),
                                                          ("/s4u/", cls.store, "HTTP/store.west.example", None))]
        cls.proxy = cls.enterClassContext(portal(cls.forest, routes))
        cls.ida = signed_in(cls.forest, "ida")

    def ask(self, path, env, *options, delegation="always"):
        """(status, body) of curl --negotiate, which forwards a TGT as the options say."""
        how = ["--delegation", delegation] if delegation else []
        answer = self.proxy.negotiate(path, *how, "-w", "\n%{http_code}", *options, env=env).ok().out
        body, _, status = answer.rpartition("\n")
        return int(status), body

    def test_the_back_end_sees_the_user_whose_tgt_it_was(self):
        for path in ("/store/a", "/shop/a"):
            status, body = self.ask(path, self.ida)
            self.assertEqual((status, seen(body).get("REMOTE_USER")), (200, "ida@WEST.EXAMPLE"), body + self.proxy.log())

    def test_the_back_end_sees_no_difference_from_the_user(self):
        status, body = self.ask("/teller/", self.ida)
        self.assertEqual(status, 200, body)
        self.assertIn('"sid":"S-1-18-1"', body)
        self.assertIn('"delegation":null', body)

    def test_a_client_that_heeds_ok_as_delegate_forwards_to_a_trusted_front_end(self):
        self.assertEqual(self.ask("/store/a", self.ida, delegation="policy")[0], 200)

    def test_without_a_forwarded_tgt_there_is_a_403_with_a_reason(self):
        before = len(self.store.access_log())
        status, body = self.ask("/store/a", self.ida, delegation=None)
        self.assertEqual(status, 403)
        self.assertIn("Configure the browser to delegate to this site", body)
        self.proxy.must_log("forwarded no TGT")
        self.assertEqual(len(self.store.access_log()), before)

    def test_sensitive_users_and_tgts_that_are_not_forwardable_are_refused(self):
        for env in (signed_in(self.forest, "karl"), signed_in(self.forest, "lisa"), signed_in(self.forest, "ida", "-F")):
            self.assertEqual(self.ask("/store/a", env)[0], 403)

    def test_a_trust_without_tgt_delegation_keeps_the_users_tgt_at_home(self):
        self.assertEqual(self.ask("/store/a", signed_in(self.forest, "nora@EAST.EXAMPLE"), delegation="policy")[0], 403)

    def test_other_routes_do_not_use_it(self):
        self.assertEqual(self.ask("/s4u/a", self.ida)[0], 403)  # portal$ may not delegate to the store by S4U

    def test_a_refusal_for_the_users_tgt_is_reported(self):
        self.assertEqual(self.ask("/nobody/a", self.ida)[0], 403)
        self.proxy.must_log(re.escape("knows no account with the SPN HTTP/nobody.west.example"))
        self.proxy.must_log(re.escape("Fix: setspn -Q HTTP/nobody.west.example"))

    def test_the_session_keeps_it_until_it_ends(self):
        jar = self.proxy.folder / "jar"
        self.assertEqual(self.ask("/store/a", self.ida, "-c", jar)[0], 200)
        status = ("-o", "/dev/null", "-w", "%{http_code}")
        self.assertEqual(self.proxy.curl("/store/b", "-b", jar, *status).ok().out, "200")
        self.assertEqual(self.proxy.curl("/shop/b", "-b", jar, *status).ok().out, "200")
        self.proxy.curl("/.stead/logout", "-X", "POST", "-b", jar, "-H", f"Origin: {self.proxy.url}").ok()
        self.assertEqual(self.proxy.curl("/store/b", "-b", jar, *status).ok().out, "401")

    def test_a_session_without_one_is_asked_to_sign_in_again(self):
        jar = self.proxy.folder / "jar2"
        self.ask("/s4u/a", self.ida, "-c", jar)
        ran = self.proxy.curl("/store/a", "-b", jar, "--include").ok()
        self.assertRegex(ran.out, r"(?i)^HTTP/2 401(.|\n)*\nwww-authenticate: negotiate\r?\n")

    def test_the_log_warns_of_each_such_route_at_start(self):
        warned = [line for line in self.proxy.log().splitlines() if not line.startswith("{") and "warn" in line and "forwarded-tgt" in line]
        self.assertEqual([next(p for p in ("/store/", "/shop/", "/teller/", "/nobody/", "/s4u/") if p in line) for line in warned],
                         ["/store/", "/shop/", "/teller/", "/nobody/"])


class OverATrust(unittest.TestCase):
    def test_tgts_pass_where_the_trust_lets_them(self):
        forest = self.enterContext(Forest(FOREST.replace("tgt_delegation = false", "tgt_delegation = true"), free_ports=True))
        store = self.enterContext(Apache(forest.keytab("store$@WEST.EXAMPLE"), forest.env["KRB5_CONFIG"]))
        proxy = self.enterContext(portal(forest, [route("/", store.url, "HTTP/store.west.example", sign_in=["kerberos"], delegation="forwarded-tgt")]))
        ran = proxy.negotiate("/", "--delegation", "policy", env=signed_in(forest, "nora@EAST.EXAMPLE")).ok()
        self.assertEqual(seen(ran.out).get("REMOTE_USER"), "nora@EAST.EXAMPLE", ran.out + proxy.log())


class Configuration(unittest.TestCase):
    def test_a_sign_in_that_brings_no_tgt_is_an_error(self):
        forest = self.enterContext(Forest(FOREST, free_ports=True))
        for sign_in, status in ((["forms"], 2), (["kerberos"], 0)):
            proxy = portal(forest, [route("/", "http://127.0.0.1:9", "HTTP/store.west.example", sign_in=sign_in, delegation="forwarded-tgt")])
            proxy.start = lambda: None
            with contextlib.ExitStack() as stack:
                stack.enter_context(proxy)
                ran = proxy.check()
                self.assertEqual(ran.status, status, ran)
                if status == 2:
                    self.assertRegex(ran.err, r"proxy\.toml:\d+:\d+: .*forwarded-tgt")


if __name__ == "__main__":
    unittest.main()
