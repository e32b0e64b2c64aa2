"""The workstation's part of the story of the demo forest in containers; docker/story.sh has the containers' part.

    story.py systems                    the network, the sign-ins, the eleven systems
    story.py before NAME                records the steps of getting a ticket (see LESSONS)
    story.py after NAME                 shows the steps that are different now, and judges them
    story.py visit PATH STATUS [NAME]   a new user, who is in no cache, signs in by form and gets PATH with STATUS, as `again`
    story.py again NAME PATH STATUS     the same user again; 200 within 30 s, any other status at the first request
    story.py each NAME PATH...          this user, who signs in by form the first time, gets the paths from each replica at the first request
    story.py refused PATH STATUS WORDS...  a new user is refused PATH with STATUS; the proxy's status page gives the reason with these words
    story.py kvno SERVICE kept|next     the version of the service's key: records it, or expects it to be one higher
    story.py keytab ACCOUNT FILE        adds the account's current keys to the file
    story.py directory WORDS...         setspn and the cmdlets
    story.py fix NAME                   runs the command that the diagnosis of `after NAME` gave
    story.py level CONTROLLER LEVEL     writes a controller's level into the forest file; it applies after the controller's restart

Exit status 0 only if all held.
"""

import difflib
import html
import json
import pathlib
import re
import shlex
import sys
import tempfile
import time
import tomllib
import urllib.request

from demo_steps import Browser, StepFailed, Story, require
from demo_systems import BACKEND, FRONT_END, Systems
from samples.support import foreign
from samples.support.forest import Forest

FOREST, DESK, KEPT = pathlib.Path("/srv/forest/forest.toml"), pathlib.Path("/srv/keys/desk"), pathlib.Path("/tmp/story")
URL = "https://frontend.root.fabrikam.com:8443"
ALICE, PASSWORD = "alice@ROOT.FABRIKAM.COM", "Passw0rd!"
BACK_ENDS = {"/reports/": "her own domain, by the front end's list", "/ledger/": "a child domain, by the back end's permission",
             "/backend/": "another forest, by the back end's permission", "/orders/": "a child domain of the other forest, two hops away"}


def with_desk(folder):
    """Copies the desk's files to the folder, where curl also keeps cookies."""
    for file in DESK.iterdir():
        copy = folder / file.name
        if not copy.exists():
            copy.write_bytes(file.read_bytes())
    return folder


class Running(Forest):
    """The forest that the containers serve: starts nothing. `folder` belongs to this run."""

    def __init__(self):
        super().__init__(FOREST, state=FOREST.parent / "state")
        self.file = FOREST
        self.forest = tomllib.loads(FOREST.read_text())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="story-"))
        self.kdc("client-config", "--out", self.folder / "client").ok()
        self.env = self.client()

    def directory(self, *words):
        return self.kdc("directory", "--state", self.state, *words).ok().out

    def keytab(self, principal):
        path = self.folder / (re.sub(r"\W", "_", principal) + ".keytab")
        self.kdc("keytab", "--state", self.state, "--principal", principal, "--out", path).ok()
        return path

    def by_dns(self, name):
        """An environment in which controllers are found by DNS, as the machine's krb5.conf says."""
        return foreign.client_environment("/etc/krb5.conf", self.folder / name)

    def browser(self, name):
        return Browser(name, self, with_desk(self.folder), URL)


# --- traces -----------------------------------------------------------------------------------------------------------------

def trace_of(forest, user, service):
    """How the front end gets a ticket: the output of `stead s4u --json`."""
    ran = foreign.built("stead").run("s4u", "--for", user, "--service", service, "--config", forest.stead_toml, "--keytab",
                                     DESK / "frontend.keytab", "--principal", FRONT_END, "--json", env=forest.client("s4u.ccache"), timeout=60)
    if not ran.out.startswith("{"):
        raise StepFailed(str(ran))
    return json.loads(ran.out)


def lines_of(trace):
    """One line a step, without what differs from run to run."""
    lines = []
    for step in trace["steps"]:
        who = f"{step['controller'] or step['address'] or 'no DC'} ({step['level']})"
        lines.append(f"{step['exchange']} at {step['realm']}: {who}: {step['answer']}" + (f" + {step['status']}" if step["status"] else ""))
    diagnosis = trace["diagnosis"]
    lines.append("granted" if trace["granted"] else f"refused, {diagnosis['code']}: {diagnosis['summary']}")
    return lines


def refusals(trace, realm):
    return [s["controller"] for s in trace["steps"] if s["realm"] == realm and s["exchange"] == "S4U2Proxy" and s["answer"].startswith("KDC_ERR")]


def expect_refusal(trace, code, *named):
    if trace["granted"]:
        raise StepFailed("granted")
    require(trace["diagnosis"]["code"], code, "the diagnosis")
    for name in named:
        if name not in trace["diagnosis"]["summary"]:
            raise StepFailed(f"the diagnosis does not name {name}: {trace['diagnosis']['summary']}")
    return f"refused: {code}" + (", which names " + " and ".join(named) if named else "")


def raised(before, after):
    require(refusals(before, "ROOT.FABRIKAM.COM"), ["dc08.root.fabrikam.com"], "who refused before")
    require(refusals(after, "ROOT.FABRIKAM.COM"), [], "who refuses after")
    require(after["granted"], True, "granted")
    return "dc08.root.fabrikam.com answers with the referral itself; the client looks for no other DC"


def silent(before, after):
    require(before["granted"], True, "granted before")
    return expect_refusal(after, "dc_unreachable", "dc12.corp.contoso.com", "dc08.corp.contoso.com")


def another(before, after):
    require(after["granted"], True, "granted")
    return f"{after['steps'][-1]['controller']} grants: " + require(after["steps"][-1]["controller"], "dc08.corp.contoso.com", "who grants")


def cut_off(before, after):
    require(before["granted"], True, "granted before")
    if after["granted"]:
        raise StepFailed("granted over a line that is cut")
    return after["diagnosis"]["summary"]


def as_before(before, after):
    require(lines_of(after), lines_of(before), "the trace")
    return "nothing: the directory grants as before"


def sensitive(before, after):
    require(before["granted"], True, "granted before")
    return expect_refusal(after, "user_is_sensitive")


def not_allowed(before, after):
    require(before["granted"], True, "granted before")
    return expect_refusal(after, "rbcd_denied_on_target", "dc12.corp.contoso.com")


def granted_again(before, after):
    require(before["granted"], False, "granted before")
    require(after["granted"], True, "granted")
    return "granted"


# For each lesson: the user, the service, and the function that judges the difference.
LESSONS = {"raise": ("alice", BACKEND, raised), "pause": ("alice", BACKEND, silent), "another": ("alice", BACKEND, another),
           "cut": ("alice", BACKEND, cut_off), "rotate": ("alice", BACKEND, as_before), "sensitive": ("bob", BACKEND, sensitive),
           "rbcd": ("alice", BACKEND, not_allowed), "fixed": ("alice", BACKEND, granted_again)}


def before(story, forest, name):
    user, service, _ = LESSONS[name]
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.before").write_text(json.dumps(trace_of(forest, user, service)))


def after(story, forest, name):
    user, service, judge = LESSONS[name]
    old, new = json.loads((KEPT / f"{name}.before").read_text()), trace_of(forest, user, service)
    (KEPT / f"{name}.after").write_text(json.dumps(new))
    changes = [line for line in difflib.unified_diff(lines_of(old), lines_of(new), lineterm="", n=0) if not re.match(r"(---|\+\+\+|@@)", line)]
    story.show("\n".join(changes) or "no step is different")
    story.step("what changed in the steps", lambda: judge(old, new))


# --- users ------------------------------------------------------------------------------------------------------------------

def get_until(client, path, status):
    """The answer with this status, and after how long. A recovery may take 30 s; a refusal must be the first answer."""
    started = time.monotonic()
    while True:
        answer = client.get(path)
        waited = time.monotonic() - started
        if str(answer.status) == status:
            return answer, f"HTTP {answer.status} after {waited:.1f} s"
        if waited > 30 or status != "200":
            raise StepFailed(f"HTTP {answer.status}, not {status}, after {waited:.1f} s")
        time.sleep(0.5)


def new_user(forest, name):
    """A user who is in no cache."""
    forest.directory("New-ADUser", name, "-AccountPassword", PASSWORD, "-Server", "ROOT.FABRIKAM.COM")
    return forest.browser(name)


def keep(client, name):
    """Keeps the session for `again` and `each`."""
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.cookies").write_text(client.jar.read_text())


def kept(forest, name):
    client = forest.browser(name)
    client.jar.write_text((KEPT / f"{name}.cookies").read_text())
    return client


def visit(story, forest, path, status, name=None):
    name = name or f"visitor{time.monotonic_ns() % 10**9}"
    client = new_user(forest, name)

    def sign_in():
        client.sign_in_by_form(name, PASSWORD, path).expect(303)
        answer, what = get_until(client, path, status)
        keep(client, name)
        return what + ("" if answer.status != 200 else f", the back end saw {require(answer.user(), f'{name}@ROOT.FABRIKAM.COM', 'the user')}")

    story.step(f"a new user at {path}", sign_in)


def again(story, forest, name, path, status):
    client = kept(forest, name)
    story.step(f"the same user at {path}", lambda: get_until(client, path, status)[1])


def each(story, forest, name, *paths):
    known = (KEPT / f"{name}.cookies").exists()
    client = kept(forest, name) if known else new_user(forest, name)

    def ask():
        if not known:
            client.sign_in_by_form(name, PASSWORD, paths[0]).expect(303)
            keep(client, name)
        for replica in REPLICAS:
            client.options = directly(replica)
            for path in paths:
                require(client.get(path).user(), f"{name}@ROOT.FABRIKAM.COM", f"the user at {path} by {replica}")
        return f"the back end saw {name}@ROOT.FABRIKAM.COM"

    story.step(f"{'the same' if known else 'a new'} user at {', '.join(paths)} at each replica, one request each", ask)


def refused(story, forest, path, status, *words):
    name = f"visitor{time.monotonic_ns() % 10**9}"
    client = new_user(forest, name)

    def ask():
        client.sign_in_by_form(name, PASSWORD, path).expect(303)
        answer = client.get(path)
        require(str(answer.status), status, "the status")
        request = answer.fields["x-request-id"][0]
        pages = "".join(admin_page(replica, "/status") for replica in REPLICAS)
        found = re.search(rf'<article id="{re.escape(request)}">.*?</h3>\s*<p>(.*?)</p>', pages, re.S)
        if found is None:
            raise StepFailed(f"HTTP {answer.status}, but no status page has request {request}")
        summary = html.unescape(found.group(1))
        missing = [word for word in words if word not in summary]
        if missing:
            raise StepFailed(f"the status page does not name {', '.join(missing)}: {summary}")
        return f"HTTP {answer.status}; the status page says: {summary}"

    story.step(f"a new user at {path}", ask)


def kvno(story, forest, service, which):
    def ask():
        env = forest.client("kvno.ccache")
        foreign.kinit(env, ALICE, PASSWORD).ok()
        number = int(foreign.mit("kvno").run(service, env=env).ok().out.rpartition("kvno = ")[2])
        file = KEPT / "kvno"
        if which == "kept":
            KEPT.mkdir(exist_ok=True)
            file.write_text(str(number))
        else:
            require(number, int(file.read_text()) + 1, "the key's version")
        return f"version {number}"

    story.step(f"the key of tickets for {service}", ask)


def keytab(story, forest, account, file):
    """Adds the keys to the file. The old key stays: tickets encrypted with it are valid until they end."""
    file, now = pathlib.Path(file), forest.keytab(account).read_bytes()
    before = file.read_bytes()
    if now[2:] not in before:  # a keytab is two bytes of version, then entries
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_bytes(before + now[2:])
        new.replace(file)


# --- the systems --------------------------------------------------------------------------------------------------------------

def tell_network(story, forest):
    story.chapter("The network: controllers are found by DNS, each domain in its own site.")

    def located(realm):
        found = json.loads(foreign.built("stead").run("locate", realm, "--level", "2012", "--json", env=forest.by_dns("locate")).ok().out)
        return f"{found['controller']} at {found['address']}, level {found['level']}, site {require(found['site'], realm.split('.')[0].lower(), 'the site')}"

    for realm in ("EMEA.ROOT.FABRIKAM.COM", "CORP.CONTOSO.COM", "SALES.CORP.CONTOSO.COM"):
        story.step(f"stead locate {realm} --level 2012", lambda r=realm: located(r))
    for user in (ALICE, "frank@CORP.CONTOSO.COM"):
        story.step(f"MIT's kinit {user}", lambda u=user: foreign.kinit(forest.by_dns("mit"), u, PASSWORD).ok() and "a TGT")
        story.step(f"Heimdal's kinit {user}",
                   lambda u=user: foreign.kinit(forest.by_dns("heimdal"), u, PASSWORD, program=foreign.heimdal("kinit")).ok() and "a TGT")


def tell_sign_ins(story, forest):
    story.chapter("Alice at the proxy's two replicas, behind HAProxy. Each back end is stock Apache and takes Kerberos only.")
    kerberos, form = forest.browser("alice-kerberos"), forest.browser("alice-form")
    kerberos.env = forest.by_dns("alice-kerberos")
    story.step("kinit alice", lambda: foreign.kinit(kerberos.env, ALICE, PASSWORD).ok() and "a TGT")
    for path, about in BACK_ENDS.items():
        story.step(f"by Kerberos, {path:10} {about}", lambda p=path: "the back end saw " + require(kerberos.negotiate(p).user(), ALICE, "the user"))
    story.step("the form", lambda: form.sign_in_by_form("alice", PASSWORD, "/reports/").expect(303) and "303, with a session cookie")
    for path, about in BACK_ENDS.items():
        story.step(f"by form,     {path:10} {about}", lambda p=path: "the back end saw " + require(form.get(p).user(), ALICE, "the user"))
    story.step("a wrong password", lambda: f"HTTP {forest.browser('mallory').sign_in_by_form('alice', 'wrong', '/').expect(401).status}")

    def both():
        before, counts = answered(), {}
        for _ in range(4):  # a connection each
            require(form.get("/reports/").user(), ALICE, "the user")
        for replica, count in answered().items():
            counts[replica] = count - before[replica]
        if 0 in counts.values():
            raise StepFailed(f"one has answered nothing: {counts}")
        return ", ".join(f"{name} {count} times 200" for name, count in counts.items())

    story.step("one session, both replicas", both)


REPLICAS = ("proxy-a", "proxy-b")


def directly(replica):
    """curl's options to connect to this replica and not to HAProxy."""
    return ("--connect-to", f"::{replica}:8443")


def admin_page(replica, path):
    with urllib.request.urlopen(f"http://{replica}:9443{path}", timeout=10) as answer:
        return answer.read().decode()


def answered():
    """How many requests each replica has answered with 200."""
    found = {replica: re.search(r'^stead_requests_total\{status="200"\} (\d+)', admin_page(replica, "/metrics"), re.M) for replica in REPLICAS}
    return {replica: int(count.group(1)) if count else 0 for replica, count in found.items()}


def tell_replicas(story, forest):
    story.chapter("Each replica by itself, without HAProxy: they share the session key, but no tickets.")

    def at(replica, client):
        client.options = directly(replica)
        return client

    def form_session(here, there):
        client = forest.browser(f"form-{here}")
        at(here, client).sign_in_by_form("alice", PASSWORD, "/backend/").expect(303)
        require(client.get("/backend/").user(), ALICE, "the user")
        return "the back end saw " + require(at(there, client).get("/backend/").user(), ALICE, "the user")

    def kerberos_session(here, there):
        client = forest.browser(f"kerberos-{here}")
        client.env = forest.by_dns(f"kerberos-{here}")
        foreign.kinit(client.env, ALICE, PASSWORD).ok()
        require(at(here, client).negotiate("/backend/").user(), ALICE, "the user")
        require(client.get("/backend/").user(), ALICE, "the user of the session")
        asked = at(there, client).get("/backend/").expect(401).fields.get("www-authenticate", [])
        require(asked, ["Negotiate"], "what is asked for")
        require(client.negotiate("/backend/").user(), ALICE, "the user")
        return "401, WWW-Authenticate: Negotiate, since it lacks her ticket; with a token the back end saw " + require(
            client.get("/backend/").user(), ALICE, "the user of the session")

    for here, there in (REPLICAS, REPLICAS[::-1]):
        story.step(f"a form's session from {here} at {there}", lambda h=here, t=there: form_session(h, t))
        story.step(f"a Kerberos session from {here} at {there}", lambda h=here, t=there: kerberos_session(h, t))


def tell_app_server(story, forest):
    story.chapter("An app server made with libstead: its users reach PostgreSQL in the other forest as themselves.")

    def ask(user, path):
        env = forest.by_dns(f"app-{user}")
        foreign.kinit(env, f"{user}@ROOT.FABRIKAM.COM", PASSWORD).ok()
        said = foreign.run("curl", "--silent", "--show-error", "--max-time", "30", "--negotiate", "-u", ":", "-w", "\n%{http_code}",
                           f"http://app.root.fabrikam.com:8080{path}", env=env, timeout=40).ok().out
        body, _, status = said.rpartition("\n")
        return int(status), json.loads(body)

    def who(user):
        status, said = ask(user, "/whoami")
        require(status, 200, "the status")
        return "the database saw " + require(said["current_user"], user, "the user")

    def own(user, text):
        status, said = ask(user, "/notes")
        require(status, 200, "the status")
        return "only " + require(", ".join(note["text"] for note in said), text, "what the user sees")

    for user, text in (("alice", "renew the lease"), ("bob", "call the plumber")):
        story.step(f"{user} signs in by Negotiate", lambda u=user: who(u))
        story.step(f"{user}'s notes", lambda u=user, t=text: own(u, t))
    story.step("carol is sensitive", lambda: f"HTTP {require(ask('carol', '/whoami')[0], 403, 'the status')}")


def systems(story, forest):
    tell_network(story, forest)
    tell_sign_ins(story, forest)
    tell_replicas(story, forest)
    tell_app_server(story, forest)
    story.chapter("Each system of delegation.")
    each = Systems(forest, DESK / "frontend.keytab", with_desk(forest.folder), forest.browser, PASSWORD)
    for title, show in each.all():
        story.step(title, show)


# --- the administrator -------------------------------------------------------------------------------------------------------

def directory(story, forest, *words):
    print("          PS> " + " ".join(words), flush=True)
    forest.directory(*words)


def fix(story, forest, name):
    command = json.loads((KEPT / f"{name}.after").read_text())["diagnosis"]["fix"][0]
    directory(story, forest, *shlex.split(command.replace("\\", "\\\\"), posix=True))


def level(story, forest, controller, number):
    changed, count = re.subn(rf'^(name\s*=\s*"{re.escape(controller)}"\n(?:.*\n)*?level\s*=\s*)"[^"]*"', rf'\g<1>"{number}"', FOREST.read_text(),
                             count=1, flags=re.M)
    if not count:
        raise StepFailed(f"no controller {controller} in {FOREST}")
    new = FOREST.with_suffix(".new")
    new.write_text(changed)
    foreign.built("stead-kdc").run("check", "--forest", new).ok()
    new.replace(FOREST)


def main():
    commands = {f.__name__: f for f in (systems, before, after, visit, again, each, refused, kvno, keytab, directory, fix, level)}
    words = sys.argv[1:]
    if not words or words[0] not in commands:
        sys.exit(__doc__)
    story = Story(holds="pass")
    commands[words[0]](story, Running(), *words[1:])
    return 1 if story.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (foreign.Missing, foreign.TimedOut, AssertionError, StepFailed) as why:
        sys.exit(f"story: {why}")
