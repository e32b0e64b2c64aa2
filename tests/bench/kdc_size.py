"""How stead-kdc starts and answers with 100 and with 1,000,000 accounts, from the file and from --state."""
# bench: TARGETS stead-kdc kdc_load
#
# tests/bench/run kdc_size [ACCOUNTS [REQUESTS]]: seconds of wall time until `ready`, the largest resident set, and the CPU time of a TGS request.

import json
import pathlib
import subprocess
import sys
import tempfile
import time

from samples.support import foreign

REALM, PASSWORD, SERVICE = "B.TEST", "Passw0rd!", "HTTP/web.b.test"
ADDRESS = "127.0.55.1"
GOALS = {"file": 10, "state": 3, "MiB": 2048, "TGS": 1.1}  # of 1,000,000 accounts; TGS: times that with 100


def write_forest(path, count, ports):
    """A forest of `count` users and computers, half and half; the users are in a hundred groups."""
    with open(path, "w") as out:
        out.write(f'[[domain]]\nrealm = "{REALM}"\nsid = "S-1-5-21-1-2-3"\n[[domain.controller]]\nname = "dc.b.test"\naddress = "{ADDRESS}"\n'
                  f'kerberos_port = {ports[0]}\nldap_port = {ports[1]}\nkpasswd_port = {ports[2]}\nlevel = "2022"\n'
                  f'[[domain.account]]\nname = "al"\npassword = "{PASSWORD}"\n'
                  f'[[domain.account]]\nname = "web$"\npassword = "{PASSWORD}"\nspns = ["{SERVICE}"]\n')
        for i in range(count // 2):
            out.write(f'[[domain.account]]\nname = "user{i}"\npassword = "{PASSWORD}"\nupn = "user{i}@b.test"\ngroups = ["group {i % 100}"]\n'
                      f'[[domain.account]]\nname = "pc{i}$"\npassword = "{PASSWORD}"\nspns = ["HOST/pc{i}.b.test", "HOST/pc{i}"]\n')


def start(folder, forest, *options):
    """(the server, seconds until it is ready)"""
    out = folder / "out"
    out.write_text("")
    began = time.monotonic()
    server = foreign.built("stead-kdc").serve("serve", "--forest", forest, *options, log=folder / "log", out=out)
    server.wait_until(lambda: "ready\n" in out.read_text(), "prints ready", timeout=900)
    return server, time.monotonic() - began


def largest_mib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def tgs(server, port, requests):
    """Microseconds of CPU a request, the best of three rounds after one to warm up."""
    argv = [foreign.BUILD / "tests/bench/kdc_load", ADDRESS, port, server.process.pid, REALM, "al", PASSWORD, "tgs", SERVICE, requests]
    rounds = [json.loads(subprocess.run(list(map(str, argv)), stdout=subprocess.PIPE, check=True).stdout) for _ in range(4)]
    return min(r["user_us"] + r["system_us"] for r in rounds[1:])


def measure(count, requests):
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ports = foreign.free_ports(3, ADDRESS)
        write_forest(folder / "forest.toml", count, ports)
        for what, options in (("file", ()), ("new state", ("--state", folder / "state")), ("state", ("--state", folder / "state"))):
            server, figures[what] = start(folder, folder / "forest.toml", *options)
            try:
                figures[f"{what} MiB"] = largest_mib(server)
                if what == "file":
                    figures["TGS"] = tgs(server, ports[0], requests)
            finally:
                server.stop(timeout=60)
    return figures


def main():
    count, requests = (int(a) for a in (sys.argv[1:] + ["1000000", "10000"][len(sys.argv) - 1:])[:2])
    few, many = measure(100, requests), measure(count, requests)
    print(f"{'':28} {100:>12} {count:>12}")
    for what, unit in (("file", "s"), ("file MiB", ""), ("new state", "s"), ("state", "s"), ("state MiB", ""), ("TGS", "µs CPU")):
        print(f"{what + (' (' + unit + ')' if unit else ''):28} {few[what]:12.2f} {many[what]:12.2f}")
    missed = [what for what in ("file", "state") if many[what] > GOALS[what]]
    missed += ["MiB"] if many["file MiB"] > GOALS["MiB"] else []
    missed += ["TGS"] if many["TGS"] > GOALS["TGS"] * few["TGS"] else []
    print("goals: " + ("missed: " + ", ".join(missed) if missed else "met"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
