"""samples/sdk_postgresql with what it needs: its forest, a PostgreSQL and a slapd of another forest, and the app server in C++ or in C."""

import contextlib
import json
import pathlib

from samples.support import foreign
from samples.support.forest import Forest
from samples.support.postgres import Postgres
from samples.support.slapd import Slapd

SAMPLE = foreign.TOP / "samples" / "sdk_postgresql"
REALM = "ROOT.FABRIKAM.COM"
PRINCIPAL = f"HTTP/app.root.fabrikam.com@{REALM}"
DATABASE, DIRECTORY = "db.corp.contoso.com", "directory.corp.contoso.com"
PASSWORD = "Passw0rd!"
ROLES = ("alice", "bob")
# Users see and write their own notes. The database enforces that, not the app server.
SQL = """
CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY, owner name NOT NULL DEFAULT current_user, text text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (owner = current_user) WITH CHECK (owner = current_user);
GRANT SELECT, INSERT ON notes TO PUBLIC;
INSERT INTO notes (owner, text) VALUES ('alice', 'renew the lease'), ('bob', 'call the plumber');
"""


class Services:
    """A context manager: the forest, the database and the directory. `keytab` is the app server's. `users` are added to those of the
    forest file, and have roles in the database."""

    def __init__(self, users=()):
        self.users = users

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.forest = stack.enter_context(Forest(self._forest_file(), free_ports=True))
            krb5_conf = self.forest.folder / "client" / "krb5.conf"
            self.keytab = self.forest.keytab(PRINCIPAL)
            self.database = stack.enter_context(
                Postgres(self.forest.keytab(f"postgres/{DATABASE}@CORP.CONTOSO.COM"), krb5_conf, [REALM], (*ROLES, *self.users), SQL, name=DATABASE))
            self.directory = stack.enter_context(Slapd(self.forest.keytab(f"ldap/{DIRECTORY}@CORP.CONTOSO.COM"), krb5_conf, DIRECTORY))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *args):
        return self._stack.__exit__(*args)

    def _forest_file(self):
        path = SAMPLE / "forest.toml"
        if not self.users:
            return path
        more = "".join(f'[[domain.account]]\nname = "{user}"\npassword = "{PASSWORD}"\n\n' for user in self.users)
        before, found, after = path.read_text().partition("[[domain.account]]\n")  # of the first domain
        return before + more + found + after

    def sign_in(self, user):
        """The environment of a user who signed in at a workstation."""
        env = self.forest.client(f"{user}.ccache")
        foreign.kinit(env, user, PASSWORD).ok()
        return env

    def export(self, user, ccache, *services):
        """`stead s4u --ccache`: tickets in the user's name, one ccache for each. Returns the environment for a stock client."""
        for service in services:
            foreign.built("stead").run("s4u", "--for", user, "--service", service, "--keytab", self.keytab, "--principal", PRINCIPAL,
                                       "--config", self.forest.stead_toml, "--ccache", ccache, env=self.forest.env).ok()
        return {**self.forest.env, "KRB5CCNAME": f"FILE:{ccache}"}


class AppServer:
    """A context manager: one of the two app servers on a free port.

        with AppServer(services, "sdk_postgresql") as app:
            status, answer = app.ask("/whoami", env=alice)
    """

    def __init__(self, services, program, *options):
        self.services = services
        self.program = program
        self.options = options
        self.host = "127.0.0.1"
        self.port = foreign.free_port(self.host)

    def __enter__(self):
        folder = self.services.forest.folder
        out = folder / f"{self.program}.out"
        out.write_text("")
        self._log = folder / f"{self.program}.log"
        rcache = folder / f"{self.program}.rcache"
        rcache.mkdir(exist_ok=True)
        # No ccache of its own: without a user's ticket it has no identity at the database.
        env = {**self.services.forest.env, "KRB5RCACHEDIR": str(rcache), "KRB5CCNAME": "FILE:/nonexistent/ccache"}
        self._server = foreign.built(self.program).serve(
            "--listen", f"{self.host}:{self.port}", "--spn", f"postgres/{DATABASE}", "--database", self.services.database.connection,
            "--config", self.services.forest.stead_toml, "--keytab", self.services.keytab, "--principal", PRINCIPAL, *self.options,
            env=env, log=self._log, out=out)
        self._server.wait_until(lambda: out.read_text() == "ready\n", "prints ready")
        return self

    def __exit__(self, *_):
        self._server.stop()

    def log(self):
        return self._log.read_text(errors="backslashreplace")

    def curl(self, path, *options, env):
        name = "app.root.fabrikam.com"
        return foreign.run("curl", "--silent", "--show-error", "--noproxy", "*", "--negotiate", "-u", ":", "--resolve",
                           f"{name}:{self.port}:{self.host}", "--max-time", "25", *options, f"http://{name}:{self.port}{path}", env=env)

    def ask(self, path, *options, env):
        """(status, the answer's JSON)."""
        body, _, status = self.curl(path, *options, "-w", "\n%{http_code}", env=env).ok().out.rpartition("\n")
        return int(status), json.loads(body)


def ccache_folder(services):
    folder = pathlib.Path(services.forest.folder) / "exported"
    folder.mkdir(exist_ok=True)
    return folder
