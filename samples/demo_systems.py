"""The systems of delegation that Stead supports, each shown in one line; proxy/README.md describes them."""

import contextlib
import json
import re

from samples.support import foreign
from samples.support.backend import Backend

FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"
REPORTS, BACKEND, DENIED, ORDERS = ("HTTP/reports.root.fabrikam.com", "HTTP/backend.corp.contoso.com", "HTTP/denied.corp.contoso.com",
                                    "HTTP/orders.sales.corp.contoso.com")
TRANSITION = ["Set-ADAccountControl", "frontend$", "-Server", "ROOT.FABRIKAM.COM", "-TrustedToAuthForDelegation"]
LIST = ["Set-ADUser", "frontend$", "-Server", "ROOT.FABRIKAM.COM"]


class SystemFailed(AssertionError):
    """A system failed; the message says what happened instead."""


class Systems:
    """`forest` runs with a state folder, `keytab` is the front end's, `folder` is for files, `browser` makes a browser with a given name."""

    def __init__(self, forest, keytab, folder, browser, password):
        self.forest, self.keytab, self.folder, self.browser, self.password = forest, keytab, folder, browser, password

    def all(self):
        """(title, function that returns what was observed) of each system, in the guide's order."""
        return [("1  Kerberos only", self.kerberos_only), ("2  any protocol", self.any_protocol),
                ("3  resource-based, one domain", self.resource_based), ("4  across domains and forests", self.across_forests),
                ("5  a forwarded TGT", self.forwarded_tgt), ("6  the pre-2012 failure", self.pre_2012),
                ("7  mixed levels", self.mixed_levels), ("8  an old DC on the path", self.old_dc_on_the_path),
                ("9  how the user signed in", self.how_signed_in), ("10 three ways to sign in", self.three_ways),
                ("11 managed with Windows' commands", self.managed)]

    # --- tools ----------------------------------------------------------------------------------------------------------

    def directory(self, *words):
        return self.forest.kdc("directory", "--state", self.forest.state, *words).ok().out

    @contextlib.contextmanager
    def changed(self, change, back):
        """Runs the directory command `change` before the block and `back` after it."""
        self.directory(*change)
        try:
            yield
        finally:
            self.directory(*back)

    def delegate(self, service, user="alice", config=None, options=()):
        """The trace of stead s4u."""
        ran = foreign.built("stead").run("s4u", "--for", user, "--service", service, "--config", config or self.forest.stead_toml,
                                         "--keytab", self.keytab, "--principal", FRONT_END, "--json", *options,
                                         env=self.forest.client("systems.ccache"), timeout=40)
        if not ran.out.startswith("{"):
            raise SystemFailed(str(ran))
        return json.loads(ran.out)

    def granted(self, service, **how):
        trace = self.delegate(service, **how)
        if not trace["granted"]:
            raise SystemFailed(f"{service} was refused: {trace['diagnosis']['summary']}")
        return trace

    def refused(self, service, code, **how):
        trace = self.delegate(service, **how)
        if trace["granted"] or trace["diagnosis"]["code"] != code:
            raise SystemFailed(f"{service}: not refused as {code}, but {trace['diagnosis'] or 'granted'}")
        return trace

    def own_ticket(self, user):
        """A ccache with the user's own ticket to the front end."""
        cache = self.forest.folder / f"{user}.evidence"
        env = {**self.forest.env, "KRB5CCNAME": f"FILE:{cache}"}
        foreign.kinit(env, f"{user}@ROOT.FABRIKAM.COM", self.password).ok()
        foreign.mit("kvno").run(FRONT_END.partition("@")[0], env=env).ok()
        return cache

    def only(self, realm, controller):
        """A locator configuration in which the realm has this DC alone."""
        text = self.forest.stead_toml.read_text()
        table = re.search(rf'^\[locator\.realm\."{realm}"\]\n.*?^\]\n', text, re.M | re.S).group()
        kept = "\n".join(line for line in table.splitlines() if "name =" not in line or f'"{controller}"' in line)
        path = self.folder / "only.toml"
        path.write_text(text.replace(table, kept + "\n"))
        return path

    # --- the systems ------------------------------------------------------------------------------------------------------

    def kerberos_only(self):
        with self.changed([*TRANSITION, "$false"], [*TRANSITION, "$true"]):
            self.refused(REPORTS, "service_not_trusted_for_transition")
            self.granted(REPORTS, options=["--evidence", self.own_ticket("alice")])
        return "her own ticket is taken, protocol transition is refused"

    def any_protocol(self):
        self.granted(REPORTS)
        self.refused(REPORTS, "user_is_sensitive", user="carol")
        return "alice is delegated, carol is sensitive and is not"

    def resource_based(self):
        target = ["Set-ADComputer", "reports$", "-Server", "ROOT.FABRIKAM.COM", "-PrincipalsAllowedToDelegateToAccount"]
        entry = f"@{{'msDS-AllowedToDelegateTo'='{REPORTS}'}}"
        with self.changed([*LIST, "-Remove", entry], [*LIST, "-Add", entry]):
            self.refused(REPORTS, "rbcd_denied_on_target")
            with self.changed([*target, "frontend$"], [*target, "$null"]):
                trace = self.granted(REPORTS)
        return f"granted by {trace['steps'][-1]['controller']} once reports$ allows it"

    def across_forests(self):
        hops = [step["answer"].rpartition(" ")[2] for step in self.granted(ORDERS)["steps"] if step["answer"].startswith("referral")]
        return "by way of " + ", ".join(dict.fromkeys(hops))

    def forwarded_tgt(self):
        client = self.browser("alice-forwards")
        foreign.kinit(client.env, "alice@ROOT.FABRIKAM.COM", self.password, options=["-f"]).ok()
        without = client.get("/legacy/", "--negotiate", "-u", ":").expect(403)
        user = client.get("/legacy/", "--negotiate", "-u", ":", "--delegation", "always").user()
        if user != "alice@ROOT.FABRIKAM.COM":
            raise SystemFailed(f"the back end saw {user}")
        return f"with it {user}, without it {without.status}; only the route that names it"

    def pre_2012(self):
        config = self.only("ROOT.FABRIKAM.COM", "dc08.root.fabrikam.com")
        trace = self.refused(BACKEND, "no_2012_dc_found", config=config)
        first = next(step for step in trace["steps"] if step["exchange"] == "S4U2Proxy")
        return f"{first['answer']} + {first['status']}: no DC of 2012 level in {first['realm']}"

    def mixed_levels(self):
        steps = self.granted(BACKEND)["steps"]
        refusal = next((i for i, step in enumerate(steps) if step["answer"].startswith("KDC_ERR_POLICY")), None)
        if refusal is None or steps[refusal + 1]["exchange"] != "locate" or any(
                s["exchange"] == "locate" for s in steps[:refusal]):
            raise SystemFailed(f"no refusal that a search follows: {steps}")
        return f"{steps[refusal]['controller']} refuses, {steps[refusal + 1]['controller']} is found and grants"

    def old_dc_on_the_path(self):
        for step in self.granted(ORDERS)["steps"]:
            if step["exchange"] == "TGS" and step["answer"] == "KDC_ERR_POLICY" and step["realm"] == "CORP.CONTOSO.COM":
                return f"{step['controller']} (level {step['level']}) refuses the S4U referral TGT; another DC is asked"
        raise SystemFailed("no DC on the path refused")

    def how_signed_in(self):
        with Backend(self.forest.keytab("backend$@CORP.CONTOSO.COM"), self.forest.env, "--access", "D:(A;;GA;;;S-1-18-1)") as back_end:
            own = {**self.forest.env, "KRB5CCNAME": f"FILE:{self.forest.folder / 'own.ccache'}"}
            config = self.only("ROOT.FABRIKAM.COM", "dc12.root.fabrikam.com")
            cache = self.forest.folder / "by-s4u.ccache"
            self.granted(BACKEND, config=config, options=["--ccache", cache])
            status, _ = back_end.ask("backend.corp.contoso.com", env={**own, "KRB5CCNAME": f"FILE:{cache}"})
            if status != 403:
                raise SystemFailed(f"a user whom a service vouches for got {status} under a rule that wants S-1-18-1")
            dc12 = self.folder / "dc12.krb5.conf"
            text = self.forest.env["KRB5_CONFIG"]
            lines = open(text, encoding="utf-8").read().splitlines()
            old = next(dc for dc in self.forest.controllers("ROOT.FABRIKAM.COM") if dc["name"].startswith("dc08"))
            dc12.write_text("\n".join(line for line in lines if f"{old['address']}:" not in line) + "\n")
            own["KRB5_CONFIG"] = str(dc12)
            foreign.kinit(own, "alice@ROOT.FABRIKAM.COM", self.password).ok()
            status, caller = back_end.ask("backend.corp.contoso.com", env=own)
            if status != 200:
                raise SystemFailed(f"a user with credentials of her own got {status}: {caller}")
        return f"{caller['signed_in']['sid']} with her own credentials is admitted, S-1-18-2 is not"

    def three_ways(self):
        methods = []
        kerberos = self.browser("way-kerberos")
        foreign.kinit(kerberos.env, "alice@ROOT.FABRIKAM.COM", self.password).ok()
        form = self.browser("way-form")
        form.sign_in_by_form("alice", self.password, "/backend/").expect(303)
        certificate = ["--cert", self.folder / "alice.crt", "--key", self.folder / "alice.key"]
        for client, options in ((kerberos, ["--negotiate", "-u", ":"]), (form, []), (self.browser("way-certificate"), certificate)):
            user = client.get("/backend/", *options).user()
            if user != "alice@ROOT.FABRIKAM.COM":
                raise SystemFailed(f"the back end saw {user}")
            methods.append(json.loads(client.get("/.stead/whoami", *(certificate if options is certificate else [])).expect(200).body)["sign_in"])
        return f"{', '.join(methods)}: the back end saw alice each time"

    def managed(self):
        target = ["Set-ADComputer", "denied$", "-Server", "CORP.CONTOSO.COM", "-PrincipalsAllowedToDelegateToAccount"]
        fix = self.refused(DENIED, "rbcd_denied_on_target")["diagnosis"]["fix"][0]
        with self.changed([*target, "ROOT\\frontend$"], [*target, "$null"]):
            self.granted(DENIED)
        self.refused(DENIED, "rbcd_denied_on_target")
        return f"refused; after {fix.partition(' -')[0]} … granted; taken back, refused"
