"""CPU time of the server's process for each request: stead-kdc and MIT's krb5kdc, by one load program."""
# bench: TARGETS stead-kdc kdc_load
#
# tests/bench/run kdc [REQUESTS [ROUNDS]]: the median of the rounds, in each of which both servers have their turn at each kind. MIT's
# krb5kdc writes a line for each request, which cannot be switched off: it goes to /dev/null here. CPU time comes in ticks of 10 ms:
# with few requests the figures are coarse.

import json
import subprocess
import sys

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.mit_kdc import MitKdc

REALM, PASSWORD, SERVICE = "B.TEST", "Passw0rd!", "HTTP/web.b.test"
GOAL = 3  # times MIT's CPU

# The DC is of the newest level, which signs the most. Replies to al fit into a datagram of 1465 bytes, as AD limits them.
FOREST = f"""
[[domain]]
realm = "{REALM}"
sid = "S-1-5-21-1-2-3"
[[domain.controller]]
name = "dc.b.test"
address = "127.0.0.1"
level = "2022"
[[domain.account]]
name = "al"
password = "{PASSWORD}"
[[domain.account]]
name = "front$"
upn = "HTTP/front.b.test@{REALM}"
password = "{PASSWORD}"
spns = ["HTTP/front.b.test"]
flags = ["trusted_to_auth_for_delegation"]
allowed_to_delegate_to = ["{SERVICE}"]
[[domain.account]]
name = "web$"
password = "{PASSWORD}"
spns = ["{SERVICE}"]
"""
KINDS = {"AS": ("al", "as", "-"), "TGS": ("al", "tgs", SERVICE), "S4U2Self": ("HTTP/front.b.test", "s4u2self", "al"),
         "S4U2Proxy": ("HTTP/front.b.test", "s4u2proxy", SERVICE)}
OF_MIT = ("AS", "TGS")  # with its ordinary back end it does no S4U2Proxy


def load(address, port, pid, kind, count):
    client, what, service = KINDS[kind]
    argv = [foreign.BUILD / "tests" / "bench" / "kdc_load", address, port, pid, REALM, client, PASSWORD, what, service, count]
    return json.loads(subprocess.run(list(map(str, argv)), stdout=subprocess.PIPE, check=True).stdout)


class QuietMit(MitKdc):
    """Its log goes to /dev/null, and it does not write each user's last sign-in to disk."""

    def _back_end(self):
        return super()._back_end() + "\n    disable_last_success = true\n    disable_lockout = true"

    def _write_kdc_conf(self):
        super()._write_kdc_conf()
        conf = self.folder / "kdc.conf"
        conf.write_text(conf.read_text().replace(f"FILE:{self.folder}/kdc.log", "DEVICE=/dev/null"))

    @property
    def pid(self):
        return self._servers[0].process.pid


def measure(count, rounds):
    """{(server, kind): [figures of a round]}"""
    figures = {}
    with Forest(FOREST, free_ports=True, log_level=None) as forest, QuietMit(REALM) as mit:
        mit.kadmin(f'addprinc -pw "{PASSWORD}" +requires_preauth al', f"addprinc -randkey {SERVICE}")
        dc = forest.controllers()[0]
        ours = ("stead-kdc", dc["address"], dc["kerberos_port"], forest.process.pid)
        theirs = ("krb5kdc", mit.host, mit.port, mit.pid)
        for turn in range(rounds + 1):
            for kind in KINDS:
                for name, address, port, pid in (ours, theirs):
                    if name == "krb5kdc" and kind not in OF_MIT:
                        continue
                    figure = load(address, port, pid, kind, count if turn else count // 10)
                    if turn:  # the first is to warm up
                        figures.setdefault((name, kind), []).append(figure)
    return figures


def main():
    count, rounds = (int(a) for a in (sys.argv[1:] + ["10000", "3"][len(sys.argv) - 1:])[:2])
    figures = measure(count, rounds)
    print(f"CPU of the server's process, microseconds a request (median of {rounds} rounds of {count} requests):\n")
    print(f"{'':10} {'stead-kdc':>28} {'krb5kdc':>28}")
    print(f"{'':10} {'user':>8} {'system':>9} {'both':>9} {'user':>9} {'system':>9} {'both':>8}   times MIT's")
    missed = []
    for kind in KINDS:
        row, both = f"{kind:10}", {}
        for name in ("stead-kdc", "krb5kdc"):
            all_rounds = figures.get((name, kind))
            if not all_rounds:
                continue
            middle = sorted(all_rounds, key=lambda f: f["user_us"] + f["system_us"])[len(all_rounds) // 2]
            both[name] = middle["user_us"] + middle["system_us"]
            row += f"{middle['user_us']:9.1f} {middle['system_us']:9.1f} {both[name]:9.1f}"
        if "krb5kdc" in both:
            ratio = both["krb5kdc"] / both["stead-kdc"]
            row += f"   1/{ratio:.1f}"
            if ratio < GOAL:
                missed.append(kind)
        print(row)
    print(f"\ngoal: at most 1/{GOAL} of krb5kdc's: " + ("missed for " + ", ".join(missed) if missed else "met"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
