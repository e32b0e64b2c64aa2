"""Runs stead-backend (samples/backend), which answers callers with what their ticket says of them."""

import json
import pathlib
import tempfile

from samples.support import foreign


class Backend:
    """A context manager: stead-backend at a free port of a loopback address.

        with Backend(forest.keytab("backend$@CORP.CONTOSO.COM"), forest.env, "--access", "D:(A;;GA;;;S-1-18-1)") as back_end:
            status, caller = back_end.ask("backend.corp.contoso.com", env=forest.env)
    """

    def __init__(self, keytab, env, *options, host="127.0.0.1"):
        self.arguments = ("--keytab", keytab, *options)
        self.env = env
        self.host = host
        self.port = foreign.free_port(host)

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="backend-")
        self.folder = pathlib.Path(self._folder.name)
        env = {**self.env, "KRB5RCACHEDIR": str(self.folder)}
        out = self.folder / "out"
        out.write_text("")
        self._server = foreign.built("stead-backend").serve("--listen", f"{self.host}:{self.port}", *self.arguments, env=env,
                                                            log=self.folder / "log", out=out)
        self._server.wait_until(lambda: out.read_text() == "ready\n", "prints ready")
        return self

    def __exit__(self, kind, *_):
        status, log = self._server.stop(), self.log()
        self._folder.cleanup()
        if status != 0 and kind is None:
            raise AssertionError(f"stead-backend exited {status}\n{log}")

    def log(self):
        """One line a request: status, method, path, and the user or the reason of the refusal."""
        return (self.folder / "log").read_text(errors="backslashreplace")

    def curl(self, name, path="/", *options, env):
        """curl --negotiate to http://NAME:PORT/PATH, resolved to this server; NAME is the SPN's host. Returns a Ran."""
        return foreign.run("curl", "--silent", "--show-error", "--noproxy", "*", "--negotiate", "-u", ":", "--resolve",
                           f"{name}:{self.port}:{self.host}", *options, f"http://{name}:{self.port}{path}", env=env)

    def ask(self, name, path="/", *options, env):
        """The same; returns the status and the JSON of the answer."""
        answer = self.curl(name, path, "-w", "\n%{http_code}", *options, env=env).ok().out
        body, _, status = answer.rpartition("\n")
        return int(status), json.loads(body)
