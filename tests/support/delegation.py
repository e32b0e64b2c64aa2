"""Runs the cases of tests/integration/delegation/delegation_cases.txt: who may delegate whom to what, by which DCs.

The table's head says how a line is read. A topology is a file of tests/integration/delegation/forests; all its DCs are served, and a case's
client knows those that the case names.
"""

import concurrent.futures
import dataclasses
import json
import re
import shutil
import socket
import threading
import types

from samples.support import foreign
from samples.support.apache import Apache, seen
from samples.support.forest import Forest

FOLDER = foreign.TOP / "tests/integration/delegation"
PASSWORD = "one for all 1"
_ERROR = re.compile(r"(?!KDC_ERR_(PREAUTH_REQUIRED|WRONG_REALM))K[A-Z0-9_]+|timeout|rejected")


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of the table; `line` is its number."""

    line: int
    topology: str
    front_end: str
    sign_in: str
    user: str
    back_end: str
    dcs: str
    expected: tuple
    words: tuple

    @property
    def granted(self):
        return self.expected[0] == "granted"

    def __str__(self):
        return (f"line {self.line}: {self.topology} {self.front_end} {self.sign_in} {self.user} {self.back_end} {self.dcs} -> "
                f"{' '.join(self.expected + self.words)}")


def read_table(path=FOLDER / "delegation_cases.txt"):
    cases = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        text = text.partition("#")[0].strip()
        if not text:
            continue
        left, _, right = text.partition("->")
        fields, result = left.split(), right.split()
        assert len(fields) == 6 and result, f"{path}:{number}: six fields, then -> and what comes: {text}"
        count = 2 if result[0] == "granted" else 3
        cases.append(Case(number, *fields, tuple(result[:count]), tuple(result[count:])))
    return cases


def identity_of(case):
    """The keys of a case's client under [identity] besides principal and keytab."""
    return {"rc4": "allow_rc4 = true", "rc4-for-user": "allow_rc4 = true\npa_for_user = true"}.get(case.sign_in, "")


class Topology:
    """A context manager: a forest file served, with a stock Apache that holds the keys of every back end that `cases` reach."""

    def __init__(self, name, cases):
        self.name, self.cases = name, list(cases)
        self._lock = threading.Lock()
        self._known = {}

    def __enter__(self):
        self._forest = Forest(FOLDER / "forests" / f"{self.name}.toml", free_ports=True)
        self.forest = self._forest.__enter__()
        try:
            self.domains = {domain["netbios"]: domain for domain in self.forest.forest["domain"]}
            self.silent = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
            port = foreign.free_port()
            for s in self.silent:
                s.bind(("127.0.0.1", port))
            self.silent[1].listen()
            self.silent_port = port
            self.refusing_port = foreign.free_port()
            self.apache = Apache(self.back_end_keytab(), self.environment("all")["KRB5_CONFIG"]).__enter__()
        except BaseException as error:
            self._forest.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *error):
        self.apache.__exit__(*error)
        for s in self.silent:
            s.close()
        self._forest.__exit__(*error)

    # --- names ------------------------------------------------------------------------------------------------------

    def once(self, key, make):
        """Calls `make` once for a key and returns its value."""
        with self._lock:
            future = self._known.get(key)
            if future is None:
                mine = self._known[key] = concurrent.futures.Future()
        if future is not None:
            return future.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
        return mine.result()

    def account(self, name):
        """The domain and the account of NETBIOS\\name; a computer's `$` may be left out."""
        netbios, _, account = name.partition("\\")
        domain = self.domains[netbios]
        return domain, next(a for a in domain["account"] if a["name"] in (account, account + "$"))

    def principal(self, name):
        """An account's first SPN with its realm."""
        domain, account = self.account(name)
        return f"{account['spns'][0]}@{domain['realm']}"

    def spn(self, text):
        """app@RING is HTTP/app.ring...; anything with a slash is an SPN already."""
        if "/" in text:
            return text
        host, _, netbios = text.partition("@")
        return f"HTTP/{host}.{self.domains[netbios]['realm'].lower()}"

    def owner(self, spn):
        """The realm and account of an SPN; None where it has none."""
        for domain in self.domains.values():
            for account in domain["account"]:
                if spn.lower() in (s.lower() for s in account.get("spns", ())):
                    return domain["realm"], account["name"]
        return None

    def keytab(self, principal):
        return self.once(("keytab", principal), lambda: self.forest.keytab(principal))

    def back_end_keytab(self):
        owners = sorted({"{1}@{0}".format(*self.owner(self.spn(case.back_end))) for case in self.cases if case.granted})
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            parts = list(pool.map(self.keytab, owners))
        path = self.forest.folder / "back_ends.keytab"
        path.write_bytes(b"\x05\x02" + b"".join(part.read_bytes()[2:] for part in parts))  # a version, then entries
        return path

    # --- DCs --------------------------------------------------------------------------------------------------------

    def controllers(self, dcs):
        """The DCs that a case's client knows, in order: {realm: [(name, address, kerberos_port, ldap_port)]}."""
        chosen = {}
        for item in dcs.split(","):
            netbios, _, levels = item.rpartition(":")
            chosen[netbios] = levels
        out = {}
        for netbios, domain in self.domains.items():
            levels = chosen.get(netbios, chosen.get("", "all"))
            by_level = {dc["level"]: (dc["name"], dc["address"], dc["kerberos_port"], dc["ldap_port"]) for dc in domain["controller"]}
            gone = {"silent": self.silent_port, "refusing": self.refusing_port}
            wanted = by_level if levels == "all" else [w for w in levels.split("+") if w in by_level or w in gone] or by_level
            out[domain["realm"]] = [by_level[w] if w in by_level else (f"{w}.{domain['realm'].lower()}", "127.0.0.1", gone[w], gone[w])
                                    for w in wanted]
        return out

    def config(self, dcs, identity=""):
        """A file for `stead --config`."""
        def make():
            text = [f"[identity]\n{identity}\n" if identity else "", "[locator]\n"]
            for realm, controllers in self.controllers(dcs).items():
                text.append(f'[locator.realm."{realm}"]\ncontrollers = [\n')
                text += [f'  {{ name = "{name}", address = "{address}", kerberos_port = {kerberos}, ldap_port = {ldap} }},\n'
                         for name, address, kerberos, ldap in controllers]
                text.append("]\n")
            path = self.file("config", dcs + identity).with_suffix(".toml")
            path.write_text("".join(text))
            return path
        return self.once(("config", dcs, identity), make)

    def as_seen(self, dcs):
        """The forest with these DCs, as tests.support.proxy.Proxy expects it."""
        return types.SimpleNamespace(keytab=self.keytab, stead_toml=self.config(dcs), env=self.environment(dcs))

    def file(self, *words):
        return self.forest.folder / re.sub(r"\W+", "_", "-".join(words))

    def environment(self, dcs, *words, realm=None):
        """An environment for stock clients that know these DCs, with a credential cache of that name."""
        def make():
            folder = self.file("stock", dcs, realm or "")
            folder.mkdir()
            kdcs = {name: [f"{address}:{port}" for _, address, port, _ in controllers] for name, controllers in self.controllers(dcs).items()}
            foreign.krb5_environment(folder, kdcs, default_realm=realm)
            return folder
        folder = self.once(("stock", dcs, realm), make)
        return foreign.client_environment(folder / "krb5.conf", folder / re.sub(r"\W+", "_", "-".join(words) or "ccache"))

    def own_ticket(self, case):
        """A ccache with the user's own ticket to the front end, got by stock kinit and kvno."""
        netbios, _, account = case.user.partition("\\")
        realm = self.domains[netbios]["realm"]
        front_end = self.principal(case.front_end)
        env = self.environment(case.dcs, case.sign_in, case.user, case.front_end)

        def make():
            options = ["-F"] if case.sign_in == "unforwardable" else ["-f"]
            foreign.kinit(env, f"{account}@{realm}", PASSWORD, options=options).ok()
            foreign.mit("kvno").run(front_end, env=env).ok()
            return env["KRB5CCNAME"].removeprefix("FILE:")
        return self.once(("ticket", env["KRB5CCNAME"]), make)

    # --- a case -----------------------------------------------------------------------------------------------------

    def run_all(self, threads=3):
        """Runs every case; returns [(case, [what is wrong])]."""
        def one(case):
            try:
                return case, self.run(case)
            except Exception as error:  # the other cases are to be judged too
                return case, [f"{type(error).__name__}: {error}"]
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, self.cases))

    def run(self, case):
        """Runs one case by `stead s4u` and, if it applies, by a stock service and MIT's client; returns the deviations."""
        principal, spn = self.principal(case.front_end), self.spn(case.back_end)
        identity = identity_of(case)
        if case.sign_in in ("ticket", "unforwardable"):
            who = ["--evidence", self.own_ticket(case)]
        else:
            who = ["--for", case.user]
        ccache = self.file("granted", str(case.line))
        ran = foreign.built("stead").run("s4u", "--config", self.config(case.dcs, identity), "--keytab", self.keytab(principal), "--principal", principal,
                                         *who, "--service", spn, "--ccache", ccache, "--json", env=self.environment(case.dcs))
        if ran.status not in (0, 1, 3):
            return [str(ran)]
        out = json.loads(ran.out)
        wrong = self.judge(case, out, ran)
        if case.granted and out["granted"]:
            wrong += self.present(case, spn, ccache)
        if self.is_for_mit(case):
            wrong += self.ask_mit(case, spn)
        return wrong

    def judge(self, case, out, ran):
        steps = [(s["answer"], s["status"]) for s in out["steps"] if _ERROR.fullmatch(s["answer"])]
        trace = "\n".join(f"  {s['exchange']} {s['controller']} ({s['level']}) {s['answer']} {s['status'] or ''}" for s in out["steps"])
        code, status = steps[-1] if steps else (None, None)
        found = (code or "-", status or "-", (out["diagnosis"] or {}).get("code"))
        wrong = []
        if case.granted:
            if not out["granted"]:
                return [f"refused: {found}\n{trace}\n{ran.err}"]
            if out["client"] != case.expected[1]:
                wrong.append(f"client {out['client']}")
            realm = self.owner(self.spn(case.back_end))[0]
            if out["service"].lower() != f"{self.spn(case.back_end)}@{realm}".lower():
                wrong.append(f"service {out['service']}")
            if ran.status != 0 or out["diagnosis"] is not None:
                wrong.append(f"exit {ran.status}, diagnosis {out['diagnosis']}")
        else:
            if out["granted"]:
                return [f"granted\n{trace}"]
            if found != case.expected:
                wrong.append(f"{found}\n{trace}\n  {out['diagnosis']['summary']}")
            if ran.status != (3 if case.expected[2] == "dc_unreachable" else 1):
                wrong.append(f"exit {ran.status}")
            if not out["diagnosis"]["summary"]:
                wrong.append("no summary")
        return wrong + [f"not {word}\n{trace}\n{ran.err}" for word in case.words if not self.holds(word, out, ran)]

    def holds(self, word, out, ran):
        refused = any(_ERROR.fullmatch(s["answer"]) for s in out["steps"])
        located = any((s["exchange"], s["answer"]) == ("locate", "found") for s in out["steps"])
        if word == "relocated":
            return refused and located
        if word == "straight":
            return not refused
        if word == "final":  # after a refusal by a DC of 2012 or later no other DC is asked
            return not any(s["exchange"] == "locate" for s in out["steps"][[bool(_ERROR.fullmatch(s["answer"])) for s in out["steps"]].index(True):])
        if word in ("proxy", "stead-only"):
            return True
        if word.startswith("says="):
            return word[len("says="):] in ran.err + json.dumps(out["diagnosis"])
        if word.startswith("realms="):  # the order in which realms were first asked for or with tickets
            order = list(dict.fromkeys(s["realm"] for s in out["steps"] if s["exchange"] != "locate" and s["realm"]))
            return order == [self.domains[n]["realm"] for n in word[len("realms="):].split(",")]
        raise ValueError(word)

    def present(self, case, spn, ccache):
        """A stock service takes the ticket and sees the name."""
        service, _, host = spn.partition("/")
        env = {**self.environment("all"), "KRB5CCNAME": f"FILE:{ccache}"}
        if ":" in host or host != host.lower():  # nothing that curl could ask for
            return self.open_with_keytab(case, spn, ccache, env)
        ran = self.apache.curl(host, "/", "--service-name", service, env=env)
        if ran.status != 0:
            return [f"a stock service refuses the ticket: {ran}\n{self.apache.error_log()[-600:]}"]
        name = seen(ran.out).get("REMOTE_USER")
        return [] if name == case.expected[1] else [f"the stock service sees {name}"]

    def open_with_keytab(self, case, spn, ccache, env):
        """Stock kvno opens the ticket with the keytab, whose names are written as the directory has them."""
        realm, _ = self.owner(spn)
        listed = foreign.mit("klist").run("-c", ccache, env=env).ok().out
        wrong = [] if f"Default principal: {case.expected[1]}\n" in listed and f"{spn}@{realm}\n" in listed else [f"klist: {listed}"]
        if spn in (s for domain in self.domains.values() for account in domain["account"] for s in account.get("spns", ())):
            ran = foreign.mit("kvno").run("-c", ccache, "-k", self.apache.keytab, f"{spn}@{realm}", env=env)
            wrong += [] if "keytab entry valid" in ran.out else [f"the keytab does not open the ticket: {ran}"]
        return wrong

    # --- MIT's client -----------------------------------------------------------------------------------------------

    _MIT_SAYS = {"KDC_ERR_BADOPTION": "can't fulfill requested option", "KDC_ERR_S_PRINCIPAL_UNKNOWN": "not found in Kerberos database",
                 "KDC_ERR_C_PRINCIPAL_UNKNOWN": "not found in Kerberos database", "KDC_ERR_CLIENT_REVOKED": "revoked",
                 "KDC_ERR_SERVICE_REVOKED": "revoked", "KDC_ERR_ETYPE_NOSUPP": "no support for encryption type"}

    def is_for_mit(self, case):
        """No trust walk, a plain name, and DCs of one level: MIT's client asks one KDC only."""
        return (case.topology == "orchard" and case.sign_in == "self" and re.fullmatch(r"\w+", case.user) and re.fullmatch(r"[0-9R]+", case.dcs)
                and "stead-only" not in case.words)

    def ask_mit(self, case, spn):
        domain, account = self.account(case.front_end)
        realm, keytab = domain["realm"], self.keytab(f"{account['name']}@{domain['realm']}")
        owned = self.environment(case.dcs, "mit", case.front_end, realm=realm)

        def sign_in():
            return foreign.kinit(owned, account["name"], keytab=keytab, options=["-f"])
        ran = self.once(("mit", owned["KRB5CCNAME"]), sign_in)
        if ran.status == 0:
            env = self.environment(case.dcs, "mit", str(case.line), realm=realm)
            shutil.copy(owned["KRB5CCNAME"].removeprefix("FILE:"), env["KRB5CCNAME"].removeprefix("FILE:"))
            ran = foreign.mit("kvno").run("-k", keytab, "-U", case.user, "-P", "--out-cache", env["KRB5CCNAME"] + "-out", spn, env=env)
        if case.granted:
            return [] if ran.status == 0 else [f"MIT's client: {ran}"]
        return [] if ran.status != 0 and self._MIT_SAYS.get(case.expected[0], "?") in ran.err else [f"MIT's client: {ran}"]
