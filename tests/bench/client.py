"""A delegated ticket by our client and by libkrb5's from one KDC: CPU, time, exchanges; and a DC that falls silent under load."""
# bench: TARGETS client_bench krb5_s4u_bench stead-kdc

import os
import re
import signal
import statistics
import subprocess
import sys
import time

from samples.support import foreign
from samples.support.forest import Forest
from tests.support import bench_forest
from tests.support.bench_forest import FAR, FRONT_END, NEAR, REALM, USERS

PARTS = 3  # of libkrb5's CPU, one is ours at the most
ROUNDS = 5
TOGETHER = 16  # users at a time, as a server has them; libkrb5 needs a thread for each
HEDGE_MS = 300
# Measures the calls of applications on either side, up to the token in SPNEGO. "bare" is libkrb5 below its GSSAPI and without SPNEGO.
WAYS = {"self": (["gss"], "S4U2Self + S4U2Proxy"), "evidence": (["evidence", "bare"], "AP-REQ evidence + S4U2Proxy")}

ours = foreign.Program(str(foreign.BUILD / "tests/bench/client_bench"))
theirs = foreign.Program(str(foreign.BUILD / "tests/bench/krb5_s4u_bench"))
failed = []


def judge(what, met):
    print(f"  goal: {what}: {'met' if met else 'MISSED'}")
    if not met:
        failed.append(what)


def median(rounds):
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def table(forest, together):
    keytab = forest.keytab(FRONT_END)
    env = {**forest.env, "KRB5_KTNAME": str(keytab), "KRB5_CLIENT_KTNAME": str(keytab), "KRB5CCNAME": "MEMORY:bench"}
    print(f"  {f'{together} at a time':50} {'CPU ms':>8} {'p50 ms':>8} {'p99 ms':>8} {'exch.':>6}")

    def line(name, got):
        exchanges = f"{got['exchanges']:6.2f}" if "exchanges" in got else f"{'':6}"
        print(f"  {name:50} {got['cpu_ms']:8.3f} {got['p50_ms']:8.2f} {got['p99_ms']:8.2f} {exchanges}")

    def mine(way, spn):
        return bench_forest.numbers(ours.run("s4u", forest.stead_toml, keytab, FRONT_END, spn, f"user@{REALM}", USERS, way, together, env=env, timeout=120))

    def mit(way, spn):
        return bench_forest.numbers(theirs.run(way, FRONT_END, f"{spn}@{REALM}", f"user@{REALM}", USERS, together, env=env, timeout=120))

    figures = {}
    for spn, where in ((NEAR, ""), (FAR, ", other forest")):
        for way, (their_ways, name) in WAYS.items():
            # In turn, so that all run under the same load.
            rounds = [[mine(way, spn), *[mit(theirs, spn) for theirs in their_ways]] for _ in range(ROUNDS)]
            figures[way, spn], their_median, *bare = [median(column) for column in zip(*rounds)]
            line(f"{name}{where}, stead", figures[way, spn])
            line(f"{name}{where}, libkrb5", their_median)
            for figure in bare:
                line(f"{name}{where}, libkrb5 bare", figure)
            part = figures[way, spn]["cpu_ms"] / their_median["cpu_ms"]
            judge(f"{name}{where}: 1/{PARTS} of libkrb5's CPU ({part:.2f} of it)", part <= 1 / PARTS)
    judge("other forest: 2 exchanges a user plus S4U2Self", figures["evidence", FAR]["exchanges"] == 2 and figures["self", FAR]["exchanges"] == 3)


def silence():
    """Two DCs, one process each; the first is stopped (SIGSTOP) while 64 requests are under way all the time, and continued."""
    with Forest(bench_forest.text(second_dc=True), dcs=["dc2.bench.example", "dc1.other.example"], free_ports=True) as forest:
        first = foreign.built("stead-kdc").serve("serve", "--forest", forest.file, "--dc", "dc1.bench.example",
                                                 log=forest.folder / "first.log", out=forest.folder / "first.out")
        first.wait_until(lambda: "ready\n" in (forest.folder / "first.out").read_text(), "prints ready")
        try:
            keytab, seconds, stopped = forest.keytab(FRONT_END), 8, 2
            bench = subprocess.Popen(ours.argv("load", forest.stead_toml, keytab, FRONT_END, NEAR, f"user@{REALM}", USERS, seconds),
                                     env=ours.environment(forest.env), text=True, stdout=subprocess.PIPE)
            time.sleep(stopped)
            os.kill(first.process.pid, signal.SIGSTOP)
            out, _ = bench.communicate(timeout=60)
        finally:
            os.kill(first.process.pid, signal.SIGCONT)
            first.stop()
    print(f"  a DC silent from second {stopped} on, 64 requests together:")
    rows = [dict(zip(("second", "tickets", "p50", "p99", "max"), map(float, re.findall(r"[\d.]+", re.sub(r"p\d\d_", "", row)))))
            for row in out.splitlines() if row.startswith("second")]
    print(f"  {'second':>8} {'tickets':>8} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
    for row in rows:
        print(f"  {row['second']:8.0f} {row['tickets']:8.0f} {row['p50']:8.1f} {row['p99']:8.1f} {row['max']:8.1f}")
    before, after = rows[1], rows[4:]
    judge("no request fails", "failed 0" in out)
    judge(f"the silence costs one hedge, {HEDGE_MS} ms", max(row["max"] for row in rows) <= before["max"] + 2 * HEDGE_MS)
    judge("nothing after it", max(row["p99"] for row in after) <= before["p99"] + 50)


with Forest(bench_forest.text(), free_ports=True) as both:
    table(both, 1)
    table(both, TOGETHER)
silence()
sys.exit(bool(failed))
