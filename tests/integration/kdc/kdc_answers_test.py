"""Every row of the table of answers to an S4U2Proxy request, by a DC of every level, over sockets: the error's code and the
NTSTATUS in its e-data, or what ticket came."""

import functools
import unittest

from samples.support.forest import Forest
from tests.support.raw_kdc_client import AES256, RC4, RawKdc, Refusal, Ticket

LEVELS = ["2003", "2008", "2008R2", "2012", "2012R2", "2016", "2019", "2022"]
BEFORE_2012, SINCE_2012 = LEVELS[:3], LEVELS[3:]

HOME, AWAY, FAR = "HOME.EXAMPLE", "AWAY.EXAMPLE", "FAR.AWAY.EXAMPLE"
GRANTS, DENIES, ELSEWHERE, NOWHERE = "HTTP/grants.home.example", "HTTP/denies.home.example", "HTTP/web.away.example", "HTTP/no.where"
AWAY_DENIES, FARTHER = "HTTP/denies.away.example", "HTTP/web.far.away.example"

TICKET, REFERRAL = "ticket", "referral"
NOT_FOUND = ("KDC_ERR_BADOPTION", "STATUS_NOT_FOUND")
NOT_SUPPORTED = ("KDC_ERR_BADOPTION", "STATUS_NOT_SUPPORTED")
NO_MATCH = ("KDC_ERR_BADOPTION", "STATUS_NO_MATCH")
RESTRICTED = ("KDC_ERR_BADOPTION", "STATUS_ACCOUNT_RESTRICTION")
CROSSREALM = ("KDC_ERR_POLICY", "STATUS_CROSSREALM_DELEGATION_FAILURE")
UNKNOWN = ("KDC_ERR_S_PRINCIPAL_UNKNOWN", None)

FRONT_ENDS = {  # name: (flags, msDS-AllowedToDelegateTo)
    "unset$": (["trusted_to_auth_for_delegation"], []),
    "others$": (["trusted_to_auth_for_delegation"], ["HTTP/quite.another"]),
    "lists$": (["trusted_to_auth_for_delegation"], [GRANTS, DENIES]),
    "untrusted$": ([], [GRANTS, DENIES]),  # its S4U2Self tickets are not forwardable
    "untrusted-others$": ([], ["HTTP/quite.another"]),
}


def forest_text(levels=LEVELS, enforce=False):
    def domain(realm, netbios, sid, net):
        lines = [f'[[domain]]\nrealm = "{realm}"\nnetbios = "{netbios}"\nsid = "{sid}"\nforest = "{realm}"\nallow_rc4 = true\n'
                 f"enforce_forwardable_evidence = {str(enforce).lower()}"]
        for i, level in enumerate(levels):
            lines.append(f'[[domain.controller]]\nname = "dc{level.lower()}.{realm.lower()}"\naddress = "127.0.{net}.{i + 1}"\n'
                         f'level = "{level}"')
        return "\n".join(lines)

    def account(name, spn=None, flags=(), to=(), act=None):
        lines = [f'[[domain.account]]\nname = "{name}"\npassword = "Passw0rd!"\nflags = {list(flags)}\n'
                 f"allowed_to_delegate_to = {list(to)}"]
        if spn:
            lines.append(f'spns = ["{spn}"]')
        if act is not None:
            lines.append("allowed_to_act = [" + ", ".join(f"'{name}'" for name in act) + "]")
        return "\n".join(lines)

    everyone = [f"HOME\\{name}" for name in FRONT_ENDS]
    return "\n".join([
        domain(HOME, "HOME", "S-1-5-21-1-2-3", 41),
        account("user"), account("sensitive", flags=["not_delegated"]), account("protected", flags=["protected_user"]),
        *[account(name, f"HTTP/{name[:-1]}.home.example", flags, to) for name, (flags, to) in FRONT_ENDS.items()],
        account("grants$", GRANTS, act=everyone), account("denies$", DENIES, act=[r"HOME\grants$"]),
        domain(AWAY, "AWAY", "S-1-5-21-4-5-6", 42),
        account("web$", ELSEWHERE, act=everyone), account("denies$", AWAY_DENIES),
        domain(FAR, "FAR", "S-1-5-21-7-8-9", 43).replace(f'forest = "{FAR}"', f'forest = "{AWAY}"'),
        account("web$", FARTHER, act=everyone),
        f'[[trust]]\ndomains = ["{HOME}", "{AWAY}"]\nkind = "forest"\npassword = "t1"',
        f'[[trust]]\ndomains = ["{AWAY}", "{FAR}"]\nkind = "parent-child"\npassword = "t2"'])


class Answers(unittest.TestCase):
    """Asks the DCs of a forest that has one of every level in each domain."""

    @classmethod
    def serve(cls, **kw):
        cls.forest = cls.enterClassContext(Forest(forest_text(**kw), free_ports=True))

    def dc(self, realm, level):
        found = next(dc for dc in self.forest.controllers(realm) if dc["level"] == level)
        return RawKdc(found["address"], found["kerberos_port"])

    @functools.cache
    def tgt(self, level, front_end):
        return self.got(self.dc(HOME, level).sign_in(front_end, HOME, "Passw0rd!", etype=RC4 if level == "2003" else AES256))

    @functools.cache
    def evidence(self, level, front_end, user="user"):
        return self.got(self.dc(HOME, level).s4u2self(self.tgt(level, front_end), user, HOME))

    def got(self, answer):
        self.assertIsInstance(answer, Ticket, answer)
        return answer

    def ask(self, level, front_end, target, bit=True, user="user"):
        return self.dc(HOME, level).s4u2proxy(self.tgt(level, front_end), self.evidence(level, front_end, user), target, rbcd=bit)

    def expect(self, expected, answer):
        if isinstance(answer, Refusal):
            self.assertEqual((answer.code, answer.status), expected)
        else:
            self.assertEqual(REFERRAL if answer.service.startswith("krbtgt/") else TICKET, expected)

    def table(self, levels, bits, rows, user="user"):
        """`rows` maps (front end, target) to the answer."""
        for level in levels:
            for bit in bits:
                for (front_end, target), expected in rows.items():
                    with self.subTest(level=level, bit=bit, front_end=front_end, target=target):
                        self.expect(expected, self.ask(level, front_end, target, bit, user))


class Table(Answers):
    @classmethod
    def setUpClass(cls):
        cls.serve()

    def test_before_2012(self):
        self.table(BEFORE_2012, (True, False), {
            ("lists$", GRANTS): TICKET, ("lists$", DENIES): TICKET, ("lists$", ELSEWHERE): CROSSREALM, ("lists$", NOWHERE): UNKNOWN,
            ("others$", GRANTS): NOT_FOUND, ("others$", DENIES): NOT_FOUND, ("others$", ELSEWHERE): CROSSREALM,
            ("others$", NOWHERE): UNKNOWN,
            ("unset$", GRANTS): NOT_FOUND, ("unset$", DENIES): NOT_FOUND, ("unset$", ELSEWHERE): NOT_FOUND,
            ("unset$", NOWHERE): UNKNOWN})

    def test_2012_and_later(self):
        self.table(SINCE_2012, (True,), {
            ("lists$", GRANTS): TICKET, ("lists$", DENIES): TICKET, ("lists$", ELSEWHERE): REFERRAL, ("lists$", NOWHERE): UNKNOWN,
            ("others$", GRANTS): TICKET, ("others$", DENIES): NOT_FOUND, ("others$", ELSEWHERE): REFERRAL,
            ("others$", NOWHERE): UNKNOWN,
            ("unset$", GRANTS): TICKET, ("unset$", DENIES): NOT_FOUND, ("unset$", ELSEWHERE): REFERRAL,
            ("unset$", NOWHERE): UNKNOWN})

    def test_2012_and_later_without_the_bit(self):
        self.table(SINCE_2012, (False,), {
            ("lists$", GRANTS): TICKET, ("lists$", DENIES): TICKET, ("lists$", NOWHERE): UNKNOWN,
            ("others$", GRANTS): NO_MATCH, ("others$", DENIES): NO_MATCH, ("others$", ELSEWHERE): NO_MATCH,
            ("unset$", GRANTS): NOT_SUPPORTED, ("unset$", DENIES): NOT_SUPPORTED, ("unset$", ELSEWHERE): NOT_SUPPORTED})

    def test_sensitive_user_at_every_level(self):
        self.table(LEVELS, (True, False), {("lists$", GRANTS): RESTRICTED, ("lists$", DENIES): RESTRICTED,
                                           ("lists$", ELSEWHERE): RESTRICTED, ("unset$", GRANTS): RESTRICTED,
                                           ("unset$", ELSEWHERE): RESTRICTED}, user="sensitive")

    def test_protected_user(self):
        # DCs know the group from 2012 R2 on.
        self.table(LEVELS[4:], (True, False), {("lists$", GRANTS): RESTRICTED, ("lists$", ELSEWHERE): RESTRICTED,
                                               ("unset$", GRANTS): RESTRICTED}, user="protected")

    def test_protocol_transition_without_the_flag(self):
        self.table(BEFORE_2012, (True, False), {("untrusted$", GRANTS): RESTRICTED, ("untrusted$", DENIES): RESTRICTED,
                                                ("untrusted$", ELSEWHERE): RESTRICTED})
        self.table(SINCE_2012, (True,), {
            ("untrusted$", GRANTS): TICKET, ("untrusted$", DENIES): RESTRICTED, ("untrusted$", ELSEWHERE): REFERRAL,
            ("untrusted$", NOWHERE): UNKNOWN, ("untrusted-others$", GRANTS): TICKET, ("untrusted-others$", DENIES): NOT_FOUND,
            ("untrusted-others$", ELSEWHERE): REFERRAL})
        self.table(SINCE_2012, (False,), {("untrusted$", GRANTS): RESTRICTED, ("untrusted$", ELSEWHERE): RESTRICTED,
                                          ("untrusted-others$", GRANTS): RESTRICTED})

    def test_transition_tickets_stay_not_forwardable_to_the_end(self):
        for front_end, forwardable in (("untrusted$", False), ("unset$", True)):
            with self.subTest(front_end=front_end):
                self.assertEqual(1 in self.evidence("2012", front_end).flags, forwardable)
                self.assertEqual(1 in self.got(self.ask("2012", front_end, GRANTS)).flags, forwardable)
                self.assertEqual(1 in self.got(self.ask("2012", front_end, ELSEWHERE)).flags, forwardable)
                answer = self.got(self.across("2012", front_end, ELSEWHERE))
                self.assertEqual(1 in answer.flags, forwardable)

    def test_tickets_are_of_the_user_and_referrals_of_the_service(self):
        ticket, referral = self.ask("2012", "unset$", GRANTS), self.ask("2012", "unset$", ELSEWHERE)
        self.assertEqual((ticket.client, ticket.client_realm, ticket.service, ticket.realm), ("user", HOME, GRANTS, HOME))
        self.assertEqual((referral.client, referral.client_realm, referral.service, referral.realm),
                         ("unset$", HOME, f"krbtgt/{AWAY}", HOME))

    def test_rbcd_bit_is_echoed_by_2012_alone(self):
        for level in LEVELS:
            with self.subTest(level=level):
                answer = self.got(self.ask(level, "lists$", DENIES))
                self.assertEqual(answer.padata.get(167), bytes.fromhex("3009a00703050010000000") if level in SINCE_2012 else None)

    # --- at the target's domain, or between -------------------------------------------------------------------------

    def across(self, level, front_end, target, bit=True, user="user"):
        """The S4U2Proxy request at the other forest's DC of this level, by a 2012 DC of the front end's own."""
        own = self.got(self.dc(HOME, "2012").tgs(self.tgt("2012", front_end), target))
        delegated = self.got(self.ask("2012", front_end, target, user=user))
        self.assertEqual((own.service, delegated.service), (f"krbtgt/{AWAY}", f"krbtgt/{AWAY}"))
        return self.dc(AWAY, level).s4u2proxy(own, delegated, target, rbcd=bit)

    def test_front_end_that_came_over_a_trust_has_no_list(self):
        for front_end in ("unset$", "lists$", "others$"):
            for levels, bit, answers in ((SINCE_2012, True, (TICKET, NOT_FOUND, REFERRAL)),
                                         (SINCE_2012, False, (NOT_SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED)),
                                         (BEFORE_2012, True, (NOT_FOUND, NOT_FOUND, NOT_FOUND))):
                for level in levels[1 if levels is BEFORE_2012 else 0:]:  # 2003 opens no TGT of AES
                    for target, expected in zip((ELSEWHERE, AWAY_DENIES, FARTHER), answers):
                        with self.subTest(level=level, bit=bit, front_end=front_end, target=target):
                            self.expect(expected, self.across(level, front_end, target, bit))

    def test_s4u_referral_on_its_way_meets_every_level(self):
        delegated = self.got(self.ask("2012", "unset$", FARTHER))
        for level in LEVELS[1:]:
            with self.subTest(level=level):
                answer = self.dc(AWAY, level).tgs(delegated, f"krbtgt/{FAR}")
                self.expect(REFERRAL if level in SINCE_2012 else ("KDC_ERR_POLICY", None), answer)

    def test_s4u_referral_never_opens_a_service(self):
        delegated = self.got(self.ask("2012", "unset$", ELSEWHERE))
        for level in SINCE_2012:
            with self.subTest(level=level):
                self.assertIsInstance(self.dc(AWAY, level).tgs(delegated, ELSEWHERE), Refusal)

    def test_delegation_was_for_the_target_named(self):
        own = self.got(self.dc(HOME, "2012").tgs(self.tgt("2012", "unset$"), ELSEWHERE))
        delegated = self.got(self.ask("2012", "unset$", AWAY_DENIES))
        self.assertIsInstance(self.dc(AWAY, "2012").s4u2proxy(own, delegated, ELSEWHERE), Refusal)

    def test_evidence_of_another_service_is_refused(self):
        for level in LEVELS:
            with self.subTest(level=level):
                answer = self.dc(HOME, level).s4u2proxy(self.tgt(level, "lists$"), self.evidence(level, "others$"), GRANTS)
                self.expect(("KDC_ERR_SERVER_NOMATCH", None), answer)


class Enforced(Answers):
    """A domain hardened as in 2020-21 takes no evidence that is not forwardable."""

    @classmethod
    def setUpClass(cls):
        cls.serve(levels=["2016"], enforce=True)

    def test_transition_without_the_flag_is_refused(self):
        self.table(["2016"], (True, False), {("untrusted$", GRANTS): RESTRICTED, ("untrusted$", ELSEWHERE): RESTRICTED})
        self.table(["2016"], (True,), {("unset$", GRANTS): TICKET, ("unset$", ELSEWHERE): REFERRAL})


if __name__ == "__main__":
    unittest.main()
