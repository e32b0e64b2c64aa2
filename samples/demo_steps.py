"""The parts of a story: steps that print one line each, a browser that is curl, and its answers."""

import pathlib
import re
import time

from samples.support import foreign
from samples.support.apache import seen


class StepFailed(Exception):
    """A step of the story failed; the message says what happened instead."""


class Story:
    def __init__(self, holds="ok"):
        """`holds` is the word printed before a step that holds."""
        self.holds = holds
        self.failed = []

    def chapter(self, title):
        print(f"\n{title}", flush=True)

    def step(self, what, act):
        """Runs act() and prints `what` with its result. Returns whether the step holds."""
        started = time.monotonic()
        try:
            result = act()
            print(f"  {self.holds:7} {what}: {result}  ({(time.monotonic() - started) * 1000:.0f} ms)", flush=True)
            return True
        except (StepFailed, AssertionError, foreign.TimedOut, foreign.Missing) as why:
            print(f"  FAILED  {what}: {why}", flush=True)
            self.failed.append(what)
            return False

    def show(self, text):
        print("\n".join("          " + line for line in text.rstrip().splitlines()), flush=True)


class Answer:
    """What curl received: the status, the header fields (lower-case names), the body. `reason` maps a request id to the reason
    of its refusal, or None."""

    def __init__(self, text, reason=lambda request: None):
        self.reason = reason
        head, _, self.body = text.partition("\n\n")
        while self.body.startswith("HTTP/"):  # an answer before the last one: 100, or the 401 that asks for a token
            head, _, self.body = self.body.partition("\n\n")
        lines = head.splitlines()
        self.status = int(lines[0].split()[1]) if lines else 0
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields.setdefault(name.strip().lower(), []).append(value.strip())

    def expect(self, status):
        if self.status != status:
            request = self.fields.get("x-request-id", ["?"])[0]
            raise StepFailed(f"HTTP {self.status} instead of {status}: {self.reason(request) or 'request ' + request}")
        return self

    def user(self):
        """The user name that the back end saw."""
        return seen(self.expect(200).body).get("REMOTE_USER", "nobody")


class Browser:
    """curl with a cookie jar and a credential cache of its own.

    `forest` provides the credential cache, by `name`. The jar and the certificate that curl trusts (front.crt) are in `folder`.
    `options` are passed to every curl, `reason` to every Answer.
    """

    def __init__(self, name, forest, folder, url, options=(), reason=lambda request: None):
        self.env = forest.client(f"{name}.ccache")
        self.folder, self.url, self.options, self.reason = pathlib.Path(folder), url, options, reason
        self.jar = self.folder / f"{name}.cookies"
        self.jar.unlink(missing_ok=True)

    def get(self, path, *options):
        ran = foreign.run("curl", "--silent", "--show-error", "--include", "--max-time", "30", "--noproxy", "*", "--cacert",
                          self.folder / "front.crt", *self.options, "--cookie", self.jar, "--cookie-jar", self.jar, *options,
                          self.url + path, env=self.env, timeout=40)
        if ran.status != 0:
            raise StepFailed(f"curl: {ran.err.strip()}")
        return Answer(ran.out, self.reason)

    def negotiate(self, path):
        return self.get(path, "--negotiate", "-u", ":")

    def sign_in_by_form(self, user, password, path):
        form = self.get(f"/.stead/login?return={path}", "-H", "Accept: text/html").expect(200)
        csrf = re.search(r'name="csrf" value="([^"]+)"', form.body)
        if csrf is None:
            raise StepFailed("the login form has no csrf field")
        return self.get("/.stead/login", "--data-urlencode", f"username={user}", "--data-urlencode", f"password={password}",
                        "--data-urlencode", f"return={path}", "--data-urlencode", f"csrf={csrf.group(1)}")


def require(value, expected, what):
    if value != expected:
        raise StepFailed(f"{what} is {value}, not {expected}")
    return value
