# ctest: TIMEOUT 3600
# ctest: RUN_SERIAL
"""The demo forest in containers: built from the tree, healthy, with its story; no user gets another user's answer while containers die.

Where no Docker engine is there this is skipped; so it is with STEAD_DOCKER_TEST=0 in the environment, for it compiles the tree once more,
in a container: a quarter of an hour on two cores, where the engine has nothing of it yet. Images are the same whatever build is tested,
so they are left to the builds without sanitizers.
"""

import atexit
import http.client
import io
import os
import random
import re
import ssl
import subprocess
import tarfile
import threading
import time
import unittest

from samples.support import foreign
from samples.support.apache import seen
from tests.support import containers
from tests.support.sspi import is_sanitized

BUILD_LOG = foreign.BUILD / "docker.log"
IMAGES = ("kdc", "proxy", "balancer", "backend", "app", "database", "dns", "router", "workstation")
PATHS = ("/reports/", "/ledger/", "/backend/", "/orders/")
USERS = ("alice@ROOT.FABRIKAM.COM", "bob@ROOT.FABRIKAM.COM", "erin@EMEA.ROOT.FABRIKAM.COM")
HOST, PASSWORD = "frontend.root.fabrikam.com", "Passw0rd!"
ROUNDS = int(os.environ.get("STEAD_KILL_ROUNDS", "20"))
RECOVERY = 15  # seconds, on a machine that does other things too

demo = None


def setUpModule():
    global demo
    reason = ("STEAD_DOCKER_TEST is 0" if os.environ.get("STEAD_DOCKER_TEST") == "0" else
              "no image has a sanitizer" if is_sanitized() else containers.why_not())
    if reason:
        raise unittest.SkipTest(reason)
    refused = containers.base_image()
    if refused:
        if os.getuid() != 0:
            raise unittest.SkipTest(f"no base image, and making it needs root: {refused}")
        raise AssertionError(refused)
    BUILD_LOG.parent.mkdir(parents=True, exist_ok=True)
    BUILD_LOG.unlink(missing_ok=True)
    demo = containers.Containers(BUILD_LOG)
    unittest.addModuleCleanup(demo.remove)
    atexit.register(demo.remove)  # also after Ctrl-C
    started = time.monotonic()
    demo.compose("build", timeout=2700)
    built = time.monotonic()
    demo.compose("up", "-d", timeout=300)
    demo.wait_healthy()
    print(f"built in {built - started:.0f} s, up and healthy in {time.monotonic() - built:.0f} s", flush=True)


class Session:
    """A user signed in by form; every request has a connection of its own."""

    def __init__(self, user):
        self.user, self.cookies = user, {}
        status, body = self.ask("GET", "/.stead/login?return=/reports/", {"Accept": "text/html"})
        csrf = re.search(r'name="csrf" value="([^"]+)"', body)
        if csrf is None:
            raise AssertionError(f"no form: {status} {body}")
        fields = {"username": user, "password": PASSWORD, "return": "/reports/", "csrf": csrf.group(1)}
        status, body = self.ask("POST", "/.stead/login", {"Content-Type": "application/x-www-form-urlencoded"},
                                "&".join(f"{k}={_quoted(v)}" for k, v in fields.items()))
        if status != 303:
            raise AssertionError(f"{user} is not signed in: {status} {body}")

    def ask(self, method, path, fields=None, body=None, timeout=20):
        """(status, body); raises OSError or HTTPException where the connection breaks."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the story's curl checks the certificate
        connection = http.client.HTTPSConnection("127.0.0.1", demo.port, timeout=timeout, context=context)
        try:
            cookie = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
            connection.request(method, path, body, {"Host": f"{HOST}:{demo.port}", **cookie, **(fields or {})})
            answer = connection.getresponse()
            if answer.length is None and not answer.chunked:
                raise http.client.IncompleteRead(b"")  # the head was cut off, which http.client takes for its end
            for line in answer.msg.get_all("Set-Cookie", []):
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def who(self, path, timeout=20):
        """The user that the back end saw, or the status, or what broke."""
        try:
            status, body = self.ask("GET", path, timeout=timeout)
        except (OSError, http.client.HTTPException) as broken:
            return type(broken).__name__
        return seen(body)["REMOTE_USER"] if status == 200 else str(status)


def _quoted(text):
    return "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in text)


def is_secret(name, file):
    """Whether a file of this name and content is a keytab, a private or symmetric key, or a directory's database."""
    content = file.read(65536)
    return (content.startswith(b"\x05\x02") or re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]", content) is not None
            or content.startswith(b"SQLite format 3") or name.endswith((".keytab", ".key")))


class Images(unittest.TestCase):
    def test_are_small_beyond_their_base(self):
        base = int(demo.docker("image", "inspect", "-f", "{{.Size}}", "debian:bookworm-slim"))
        for name in IMAGES:
            size = int(demo.docker("image", "inspect", "-f", "{{.Size}}", f"{demo.images}-{name}"))
            self.assertLess(size - base, 120_000_000, f"{name} is {size - base} bytes beyond its base")

    def test_hold_no_secrets_in_any_layer(self):
        names = [f"{demo.images}-{name}" for name in IMAGES]
        found, layers, files = [], 0, 0
        saved = subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE)
        with saved, tarfile.open(fileobj=saved.stdout, mode="r|") as images:
            for part in filter(tarfile.TarInfo.isfile, images):  # layers, whatever this engine calls them, and descriptions
                try:
                    layer = tarfile.open(fileobj=images.extractfile(part), mode="r|*")
                except tarfile.ReadError:
                    continue
                with layer:
                    layers += 1
                    for file in filter(tarfile.TarInfo.isfile, layer):
                        files += 1
                        if is_secret(file.name, layer.extractfile(file)):
                            found.append(f"{part.name}: {file.name}")
        self.assertEqual(saved.returncode, 0)
        self.assertGreater(layers, len(names))
        self.assertGreater(files, 5000)
        self.assertEqual(found, [])

    def test_secrets_would_be_found(self):
        for name, content in (("srv/x", b"\x05\x02\0\0\0\x40"), ("x", b"-----BEGIN PRIVATE KEY-----\nMIGH"), ("srv/session.key", b"\0" * 32)):
            self.assertTrue(is_secret(name, io.BytesIO(content)), name)


class Confinement(unittest.TestCase):
    def test_containers_have_no_privileges(self):
        for service in demo.services():
            with self.subTest(service):
                facts = demo.inspect(service)
                self.assertTrue(facts["HostConfig"]["ReadonlyRootfs"])
                self.assertEqual(facts["HostConfig"]["CapDrop"], ["ALL"])
                self.assertIn("no-new-privileges:true", facts["HostConfig"]["SecurityOpt"])
                self.assertEqual(facts["HostConfig"]["CapAdd"], ["NET_ADMIN"] if service == "router" else None)
                self.assertEqual(facts["Config"]["User"], "" if service == "router" else "stead")
                for bindings in (facts["HostConfig"]["PortBindings"] or {}).values():
                    self.assertEqual([b["HostIp"] for b in bindings], ["127.0.0.1"])

    def test_sites_are_apart(self):
        self.assertEqual(sorted(demo.inspect("router")["NetworkSettings"]["Networks"]), sorted(f"{demo.project}_{n}" for n in ("root", "emea", "corp", "sales")))
        for service in set(demo.services()) - {"router"}:
            self.assertEqual(len(demo.inspect(service)["NetworkSettings"]["Networks"]), 1, service)


class Story(unittest.TestCase):
    @staticmethod
    def running():
        """Since when each service runs, and how often it ended and was started again."""
        states = {service: demo.inspect(service) for service in demo.services()}
        return {service: (state["State"]["StartedAt"], state["RestartCount"]) for service, state in states.items()}

    def test_every_step_holds(self):
        running = self.running()
        started = time.monotonic()
        story = subprocess.run([foreign.TOP / "docker" / "story.sh"], env=demo.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=900, check=False)
        print(f"story told in {time.monotonic() - started:.0f} s", flush=True)
        self.assertEqual(story.returncode, 0, story.stdout)
        for number in range(1, 12):
            self.assertRegex(story.stdout, rf"(?m)^  pass    {number} ")
        self.assertEqual(story.stdout.count("\nLesson: "), 6)
        # The story can run again: tickets from before the rotation of the key remain usable.
        retold = foreign.run("docker", "exec", demo.id("workstation"), "python3", "/opt/stead/samples/story.py", "systems", timeout=120)
        self.assertEqual(retold.status, 0, f"{retold}\n{story.stdout}")
        # What was cut or paused recovered without a restart.
        restarted = sorted(service for service, since in self.running().items() if since != running[service])
        self.assertEqual(restarted, ["dc08-corp", "dc08-root"], "the story restarts only the controllers whose level it changes")

    def test_a_project_that_is_not_there_is_named(self):
        story = subprocess.run([foreign.TOP / "docker" / "story.sh"], env={**demo.env, "COMPOSE_PROJECT_NAME": "nobody", "STORY_PATIENCE": "1"},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        self.assertEqual(story.returncode, 1)
        self.assertIn("router of project nobody is not healthy: no such container", story.stdout)

    def test_status_and_metrics_of_both_replicas_are_at_the_host(self):
        for replica, port in demo.admin.items():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            for path, expected in (("/healthz", "ok"), ("/readyz", "ready"), ("/metrics", "\nstead_ready 1"), ("/status", "HTTP/backend.corp.contoso.com")):
                connection.request("GET", path)
                answer = connection.getresponse()
                self.assertIn(expected, answer.read().decode(), f"{replica} {path}")
            connection.close()


class Traffic(threading.Thread):
    """Sends requests as one user without pause; counts answers, and keeps those that are another user's."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session, self.good, self.bad, self.wrong, self.broke = session, 0, {}, [], None
        self.ending = threading.Event()

    def run(self):
        try:
            self.ask()
        except Exception as broken:  # reported by the test, whose thread this is not
            self.broke = broken

    def ask(self):
        while not self.ending.is_set():
            path = random.choice(PATHS)
            who = self.session.who(path, timeout=10)
            if who == self.session.user:
                self.good += 1
            elif "@" in who or who == "":
                self.wrong.append((path, who))
            else:
                self.bad[who] = self.bad.get(who, 0) + 1
            time.sleep(0.02)


class Kills(unittest.TestCase):
    def setUp(self):
        demo.wait_healthy()
        self.sessions = [Session(user) for user in USERS]

    def recovery(self, since):
        """Seconds until every user gets each back end once more."""
        left = [(session, path) for session in self.sessions for path in PATHS]
        what = {}
        while left:
            session, path = left[-1]
            who = session.who(path, timeout=10)
            if who == session.user:
                left.pop()
            else:
                what[f"{path} {who}"] = what.get(f"{path} {who}", 0) + 1
                if time.monotonic() - since > RECOVERY:
                    self.fail(f"not recovered after {RECOVERY} s: {session.user} {path}: {what}")
                time.sleep(0.1)
        return time.monotonic() - since

    def test_nobody_gets_anothers_answer_and_all_is_well_in_seconds(self):
        seed = int(os.environ.get("STEAD_KILL_SEED", time.time_ns() % 10**6))
        chosen = random.Random(seed)
        traffic = [Traffic(session) for session in self.sessions]
        for one in traffic:
            one.start()
        try:
            for number in range(ROUNDS):
                victim = chosen.choice([s for s in demo.services() if s != "workstation"])
                demo.docker("kill", demo.id(victim))
                time.sleep(chosen.uniform(0.2, 2))
                demo.docker("start", demo.id(victim))
                took = self.recovery(time.monotonic())
                print(f"round {number + 1:2} (seed {seed}): {victim} killed, recovered {took:.1f} s after its start", flush=True)
        finally:
            for one in traffic:
                one.ending.set()
            for one in traffic:
                one.join(30)
        for one in traffic:
            print(f"{one.session.user}: {one.good} answers, {one.bad} in place of some", flush=True)
            self.assertFalse(one.is_alive())
            self.assertIsNone(one.broke)
            self.assertEqual(one.wrong, [])
            self.assertGreater(one.good, ROUNDS)


if __name__ == "__main__":
    unittest.main()
