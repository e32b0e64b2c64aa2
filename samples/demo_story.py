"""The story of samples/demo: starts the demo forest, its back ends and the proxy, signs users in, and shows the results.

Each step prints one line, "ok" or "FAILED" with the reason. The exit status is 1 if a step fails.
"""

import argparse
import contextlib
import json
import pathlib
import re
import shutil
import signal
import sys
import time

from demo_steps import Browser, StepFailed, Story, require
from demo_systems import Systems
from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest

SAMPLES = pathlib.Path(__file__).resolve().parent
FOLDER = SAMPLES.parent / "build" / "demo"
HOST, PORT, ADMIN = "frontend.root.fabrikam.com", 8443, "127.0.0.1:9443"
URL = f"https://{HOST}:{PORT}"
ALICE, PASSWORD = "alice@ROOT.FABRIKAM.COM", "Passw0rd!"

# Path at the proxy, account of the back end, its port, what the example shows.
BACK_ENDS = [
    ("/reports/", "reports$@ROOT.FABRIKAM.COM", 9001, "her own domain, by the front end's list"),
    ("/ledger/", "ledger$@EMEA.ROOT.FABRIKAM.COM", 9002, "a child domain, by the back end's own permission"),
    ("/backend/", "backend$@CORP.CONTOSO.COM", 9003, "another forest, by the back end's own permission"),
    ("/orders/", "orders$@SALES.CORP.CONTOSO.COM", 9004, "a child domain of the other forest, two hops away"),
]


def reason_in_log(request):
    """The reason of a refused request in the proxy's log; the user's page does not give it."""
    time.sleep(0.3)  # the log is written after the answer
    for line in (FOLDER / "proxy.log").read_text(errors="replace").splitlines():
        if request in line and line.startswith("{"):
            entry = json.loads(line)
            if entry.get("diagnosis") or entry.get("error"):
                return entry.get("diagnosis") or entry["error"]
    return None


def browser(name, forest):
    """A browser that resolves the proxy's name to loopback."""
    return Browser(name, forest, FOLDER, URL, ["--resolve", f"{HOST}:{PORT}:127.0.0.1"], reason_in_log)


def make_files(forest):
    """Makes the files that the proxy's configuration names: certificate, key, keytab."""
    foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", FOLDER / "front.key",
                "-out", FOLDER / "front.crt").ok()
    (FOLDER / "front.key").chmod(0o600)
    (FOLDER / "frontend.keytab").unlink(missing_ok=True)
    forest.kdc("keytab", "--principal", f"HTTP/{HOST}@ROOT.FABRIKAM.COM", "--out", FOLDER / "frontend.keytab").ok()
    make_user_certificate("alice", "alice@root.fabrikam.com", "S-1-5-21-1004336348-1177238915-682003330-1104")
    shutil.copy(SAMPLES / "proxy.toml", FOLDER / "proxy.toml")


def make_user_certificate(name, upn, sid):
    """A CA for users, and a user's certificate with their UPN and SID, as Active Directory's CA issues it for a smart card."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    foreign.run("openssl", "req", "-x509", *key, "-days", "30", "-subj", "/CN=Users of the demo", "-keyout", FOLDER / "users-ca.key",
                "-out", FOLDER / "users-ca.crt").ok()
    foreign.run("openssl", "req", *key, "-subj", f"/CN={name}", "-keyout", FOLDER / f"{name}.key", "-out", FOLDER / f"{name}.csr").ok()
    (FOLDER / "user.ext").write_text(f"subjectAltName = otherName:1.3.6.1.4.1.311.20.2.3;UTF8:{upn}\nextendedKeyUsage = clientAuth\n"
                                       "1.3.6.1.4.1.311.25.2 = ASN1:SEQUENCE:names\n[names]\nname = IMPLICIT:0,SEQUENCE:name\n[name]\n"
                                       f"type = OID:1.3.6.1.4.1.311.25.2.1\nvalue = EXPLICIT:0,FORMAT:ASCII,OCTETSTRING:{sid}\n")
    foreign.run("openssl", "x509", "-req", "-in", FOLDER / f"{name}.csr", "-CA", FOLDER / "users-ca.crt", "-CAkey", FOLDER / "users-ca.key",
                "-CAcreateserial", "-days", "30", "-extfile", FOLDER / "user.ext", "-out", FOLDER / f"{name}.crt").ok()


def start_proxy(forest, stack):
    proxy = foreign.built("stead-proxy").serve("--config", FOLDER / "proxy.toml", log=FOLDER / "proxy.log",
                                               env=forest.client("proxy.ccache"), tcp=("127.0.0.1", PORT))
    stack.callback(proxy.stop)
    return proxy


def stead(forest, *args):
    return foreign.built("stead").run(*args, "--config", forest.stead_toml, "--keytab", FOLDER / "frontend.keytab", "--principal",
                                      f"HTTP/{HOST}@ROOT.FABRIKAM.COM", env=forest.client("stead.ccache"), timeout=40)


def tell_sign_ins(story, forest):
    story.chapter("Alice signs in by Kerberos: stock kinit, then curl --negotiate. Each back end is stock Apache and takes Kerberos only.")
    kerberos = browser("alice-kerberos", forest)
    story.step("kinit alice", lambda: foreign.kinit(kerberos.env, ALICE, PASSWORD).ok() and "a TGT of ROOT.FABRIKAM.COM")
    for path, account, _, about in BACK_ENDS:
        story.step(f"{path:10} {about}", lambda p=path, a=account: f"{a} saw " + require(kerberos.negotiate(p).user(), ALICE, "the user"))

    story.chapter("Alice signs in by a form: the proxy checks her password, then acts for her without it.")
    form = browser("alice-form", forest)
    story.step("the form", lambda: form.sign_in_by_form("alice", PASSWORD, "/reports/").expect(303) and "303, with a session cookie")
    for path, account, _, about in BACK_ENDS:
        story.step(f"{path:10} {about}", lambda p=path, a=account: f"{a} saw " + require(form.get(p).user(), ALICE, "the user"))
    story.step("a wrong password", lambda: f"HTTP {browser('mallory', forest).sign_in_by_form('alice', 'wrong', '/').expect(401).status}")


def tell_ten_steps(story, forest):
    story.chapter("How the proxy gets alice's ticket to the other forest: which domain controller it asks, of which level, and the answer.")
    ran = stead(forest, "s4u", "--for", "alice", "--service", "HTTP/backend.corp.contoso.com", "--json")
    trace_file = FOLDER / "trace.json"
    trace_file.write_text(ran.out)
    story.show(foreign.built("stead").run("explain", trace_file).out)

    def check():
        trace = json.loads(ran.out)
        if not trace["granted"]:
            raise StepFailed(trace["diagnosis"]["summary"])
        refused = [s for s in trace["steps"] if s["level"] == "2008" and s["answer"].startswith("KDC_ERR")]
        found = [s for s in trace["steps"] if s["exchange"] == "locate" and s["answer"] == "found"]
        if not refused or not found:
            raise StepFailed("no DC of level 2008 refused, or no search for a 2012-level DC followed")
        return f"{refused[0]['controller']} refused, {found[0]['controller']} was found"

    story.step("the ten steps", check)


def tell_refusals(story, forest):
    story.chapter("What is refused, and why.")
    client = browser("alice-form", forest)

    def denied():
        client.sign_in_by_form("alice", PASSWORD, "/denied/").expect(303)
        answer = client.get("/denied/").expect(403)
        return f"HTTP 403, request {answer.fields['x-request-id'][0]}"

    story.step("/denied/   the back end does not allow the front end to act", denied)

    def reason():
        ran = stead(forest, "s4u", "--for", "alice", "--service", "HTTP/denied.corp.contoso.com", "--json")
        require(ran.status, 1, "the exit status of stead s4u")
        diagnosis = json.loads(ran.out)["diagnosis"]
        if not any(fix.startswith("Set-ADComputer") for fix in diagnosis["fix"]):
            raise StepFailed(f"no Set-ADComputer line in {diagnosis}")
        story.show(diagnosis["summary"] + "\nAn administrator of the back end's domain allows it with:\n  " + "\n  ".join(diagnosis["fix"]))
        return diagnosis["code"]

    story.step("the reason, and the command that allows it", reason)

    def carol():
        form = browser("carol", forest)
        form.sign_in_by_form("carol", PASSWORD, "/reports/").expect(303)
        return f"HTTP {form.get('/reports/').expect(403).status}"

    story.step("carol, who is sensitive and cannot be delegated", carol)
    story.step("dave, whose account is disabled",
               lambda: f"HTTP {browser('dave', forest).sign_in_by_form('dave', PASSWORD, '/').expect(403).status}")


def tell_systems(story, forest):
    story.chapter("Each system of delegation (proxy/README.md has a section for each).")
    systems = Systems(forest, FOLDER / "frontend.keytab", FOLDER, lambda name: browser(name, forest), PASSWORD)
    for title, show in systems.all():
        story.step(title, show)


def main():
    arguments = argparse.ArgumentParser(prog="samples/demo")
    arguments.add_argument("--once", action="store_true", help="end after the story; exit status 0 only if every step held")
    arguments.add_argument("--without", action="append", default=[], metavar="CONTROLLER", help="leave a domain controller out")
    options = arguments.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))

    story = Story()
    with contextlib.ExitStack() as stack:
        names = re.findall(r'^name\s*=\s*"(dc[^"]*)"', (SAMPLES / "forest.toml").read_text(), re.M)
        unknown = set(options.without) - set(names)
        if unknown:
            arguments.error(f"no controller {', '.join(sorted(unknown))} in samples/forest.toml; it has {', '.join(names)}")
        print(f"demo: forest ({FOLDER / 'kdc.log'})", flush=True)
        state = FOLDER / "state"
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True)
        forest = stack.enter_context(Forest(SAMPLES / "forest.toml", dcs=[n for n in names if n not in options.without], state=state))
        stack.callback(lambda: shutil.copy(forest.folder / "kdc.log", FOLDER / "kdc.log"))
        make_files(forest)
        print("demo: back ends", flush=True)
        for _, account, port, _ in BACK_ENDS:
            keytab = forest.keytab(account)
            stack.enter_context(Apache(keytab, forest.env["KRB5_CONFIG"], port=port))
        print(f"demo: proxy ({FOLDER / 'proxy.log'})", flush=True)
        start_proxy(forest, stack)

        tell_sign_ins(story, forest)
        tell_ten_steps(story, forest)
        tell_refusals(story, forest)
        tell_systems(story, forest)

        if story.failed:
            print(f"\ndemo: {len(story.failed)} steps did not hold: {'; '.join(story.failed)}", flush=True)
        else:
            print("\ndemo: every step held", flush=True)
        if not options.once:
            print(f"""
Try it yourself, in another terminal; Ctrl-C here ends it all.
  export KRB5_CONFIG={forest.env['KRB5_CONFIG']} KRB5CCNAME=FILE:{FOLDER}/mine.ccache
  kinit alice                                     # {PASSWORD}
  curl --cacert {FOLDER}/front.crt --resolve {HOST}:{PORT}:127.0.0.1 --negotiate -u : {URL}/backend/
Status page: http://{ADMIN}/status  metrics: http://{ADMIN}/metrics""", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    return 1 if story.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (foreign.Missing, AssertionError) as why:
        sys.exit(f"demo: {why}")
    except KeyboardInterrupt:
        sys.exit(130)
