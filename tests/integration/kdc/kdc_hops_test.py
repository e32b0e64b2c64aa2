"""A forest of other names than the demo's, and many hops: two forests of three and four domains, tree roots and children of
children, walked by MIT's client and by ours."""

import json
import unittest

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest

#   forest north.example:  NORTH.EXAMPLE - WEST.NORTH.EXAMPLE - FAR.WEST.NORTH.EXAMPLE,   and the tree root TREE.TEST
#   forest south.test:     SOUTH.TEST - EAST.SOUTH.TEST - DEEP.EAST.SOUTH.TEST
# The front end is in FAR.WEST: five trusts from DEEP.EAST.
FAR, WEST, NORTH, TREE = "FAR.WEST.NORTH.EXAMPLE", "WEST.NORTH.EXAMPLE", "NORTH.EXAMPLE", "TREE.TEST"
SOUTH, EAST, DEEP = "SOUTH.TEST", "EAST.SOUTH.TEST", "DEEP.EAST.SOUTH.TEST"
PATH = [FAR, WEST, NORTH, SOUTH, EAST, DEEP]
DEEP_SERVICE, ALIAS_SERVICE = "HTTP/app.deep.east.south.test", "HTTP/shop.brand.example"
GROUP_SERVICE, SDDL_SERVICE, DENIED_SERVICE = "HTTP/group.east.south.test", "HTTP/sddl.south.test", "HTTP/denied.deep.east.south.test"
FAR_SID = "S-1-5-21-11-11-11"


def domain(number, realm, netbios, forest, accounts):
    text = f'[[domain]]\nrealm = "{realm}"\nnetbios = "{netbios}"\nsid = "{FAR_SID[:-8]}{number}-{number}-{number}"\nforest = "{forest}"\n'
    for i, level in enumerate(("2008R2", "2012")):  # the older one comes first
        text += f'[[domain.controller]]\nname = "dc{level.lower()}.{realm.lower()}"\naddress = "127.0.5{i}.{number}"\nlevel = "{level}"\n'
    return text + accounts


def account(name, spn=None, **keys):
    lines = [f"[[domain.account]]\nname = '{name}'\npassword = 'Passw0rd!'"] + ([f"spns = ['{spn}']"] if spn else [])
    return "\n".join(lines + [f"{key} = {value}" for key, value in keys.items()]) + "\n"


def trust(first, second, kind, more=""):
    return f'[[trust]]\ndomains = ["{first}", "{second}"]\nkind = "{kind}"\npassword = "between {first} and {second}"\n{more}'


FOREST = "".join([
    domain(11, FAR, "FAR", "north.example",
           account("fay") + account("web$", "HTTP/web.far.west.north.example", groups="['gates']",
                                    flags="['trusted_to_auth_for_delegation']")),
    domain(12, WEST, "WEST", "north.example", account("wes")),
    domain(13, NORTH, "NORTH", "north.example", account("nora") + account("safe", flags="['not_delegated']")),
    domain(14, TREE, "TREE", "north.example", account("tess", upn="'tess@brand.example'")),
    domain(15, SOUTH, "SOUTH", "south.test",
           account("sue") + account("shop$", ALIAS_SERVICE, allowed_to_act=r"['FAR\web$']")
           + account("sddl$", SDDL_SERVICE, allowed_to_act=f"['O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;{FAR_SID}-1104)']")),
    domain(16, EAST, "EAST", "south.test", account("group$", GROUP_SERVICE, allowed_to_act=r"['FAR\gates']")),
    domain(17, DEEP, "DEEP", "south.test",
           account("app$", DEEP_SERVICE, allowed_to_act=r"['FAR\web$']") + account("denied$", DENIED_SERVICE)),
    trust(FAR, WEST, "parent-child"), trust(WEST, NORTH, "parent-child"), trust(NORTH, TREE, "parent-child"),
    trust(NORTH, SOUTH, "forest", 'name_suffixes = ["brand.example"]\n'),
    trust(SOUTH, EAST, "parent-child"), trust(EAST, DEEP, "parent-child")])

LEVEL_2012 = [f"dc2012.{realm.lower()}" for realm in (FAR, WEST, NORTH, TREE, SOUTH, EAST, DEEP)]


class Hops(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, dcs=cls.DCS, free_ports=True))
        cls.front_keytab = cls.forest.keytab(f"web$@{FAR}")


class WithMit(Hops):
    DCS = LEVEL_2012

    def front_end(self):
        env = self.forest.client(f"ccache-{self.id()}")
        foreign.kinit(env, f"web$@{FAR}", keytab=self.front_keytab, options=["-f"]).ok()
        return env

    def kvno(self, env, *args):
        return foreign.mit("kvno").run(*args, env=env)

    def test_plain_tickets_go_all_the_way(self):
        keytab = self.forest.keytab(f"app$@{DEEP}")
        for user, realm in (("fay", FAR), ("tess", TREE), ("nora", NORTH)):
            with self.subTest(user=user):
                env = self.forest.client(f"ccache-{user}")
                foreign.kinit(env, f"{user}@{realm}", "Passw0rd!").ok()
                # kvno opens a ticket with a keytab, but (unlike acceptors) takes no path that is not by the realms' names.
                keys = ["-k", keytab] if user != "tess" else []
                self.kvno(env, *keys, f"{DEEP_SERVICE}@{DEEP}").ok()
                # A referral finds the way by the service's name alone.
                self.kvno(env, f"{DEEP_SERVICE}@{realm}", f"{ALIAS_SERVICE}@{realm}").ok()

    def test_tickets_to_oneself_for_users_of_every_domain(self):
        env = self.front_end()
        for user in (f"fay@{FAR}", f"wes@{WEST}", f"nora@{NORTH}", f"tess@{TREE}", f"sue@{SOUTH}"):
            with self.subTest(user=user):
                self.kvno(env, "-U", user, f"web$@{FAR}").ok()

    def delegate(self, user, target):
        return self.kvno(self.front_end(), "-k", self.front_keytab, "-U", user, "-P", f"{target}@{FAR}")

    def test_delegates_at_the_far_end(self):
        for user in (f"fay@{FAR}", f"nora@{NORTH}", f"tess@{TREE}"):
            for target in (DEEP_SERVICE, GROUP_SERVICE, SDDL_SERVICE, ALIAS_SERVICE):
                with self.subTest(user=user, target=target):
                    ran = self.delegate(user, target)
                    self.assertEqual(ran.status, 0, f"{ran}")

    def test_refusals_at_the_far_end(self):
        self.assertIn("KDC can't fulfill requested option", self.delegate(f"fay@{FAR}", DENIED_SERVICE).err)
        self.assertIn("KDC can't fulfill requested option", self.delegate(f"safe@{NORTH}", DEEP_SERVICE).err)


class WithOurs(Hops):
    DCS = None

    def s4u(self, user, target, *more):
        return foreign.built("stead").run(
            "s4u", "--for", user, "--service", target, "--keytab", self.front_keytab, "--principal", f"web$@{FAR}",
            "--config", self.forest.stead_toml, "--json", *more)

    def test_delegates_past_a_dc_before_2012_in_every_domain(self):
        ran = self.s4u(f"fay@{FAR}", DEEP_SERVICE).ok()
        answer = json.loads(ran.out)
        self.assertEqual((answer["client"], answer["service"], answer["granted"]),
                         (f"fay@{FAR}", f"{DEEP_SERVICE}@{DEEP}", True))
        asked = [step["realm"] for step in answer["steps"] if step["exchange"] in ("S4U2Proxy", "TGS")]
        self.assertEqual(set(asked), set(PATH))
        self.assertEqual(answer["steps"][-1]["controller"], f"dc2012.{DEEP.lower()}")

    def test_users_of_every_domain(self):
        for user, client in ((f"nora@{NORTH}", f"nora@{NORTH}"), ("tess@brand.example", f"tess@{TREE}"), (r"WEST\wes", f"wes@{WEST}")):
            for target in (DEEP_SERVICE, GROUP_SERVICE):
                with self.subTest(user=user, target=target):
                    answer = json.loads(self.s4u(user, target).ok().out)
                    self.assertEqual((answer["client"], answer["granted"]), (client, True))

    def test_refusals_are_final_and_explained(self):
        for user, target, code in ((f"fay@{FAR}", DENIED_SERVICE, None), (f"safe@{NORTH}", DEEP_SERVICE, None)):
            with self.subTest(user=user, target=target):
                ran = self.s4u(user, target)
                self.assertEqual(ran.status, 1, ran)
                answer = json.loads(ran.out)
                self.assertEqual((answer["granted"], answer["steps"][-1]["answer"], answer["steps"][-1]["level"]),
                                 (False, "KDC_ERR_BADOPTION", "2012"))
                self.assertTrue(answer["diagnosis"]["code"] and answer["diagnosis"]["summary"], answer)

    def test_stock_apache_at_the_far_end_sees_the_user(self):
        users = self.forest.client("delegated")
        self.s4u("tess@brand.example", DEEP_SERVICE, "--ccache", self.forest.folder / "delegated").ok()
        with Apache(self.forest.keytab(f"app$@{DEEP}"), self.forest.folder / "client/krb5.conf") as back_end:
            answer = seen(back_end.curl("app.deep.east.south.test", env=users).ok().out)
        self.assertEqual(answer["REMOTE_USER"], f"tess@{TREE}")


if __name__ == "__main__":
    unittest.main()
