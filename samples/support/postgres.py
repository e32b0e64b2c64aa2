"""A stock PostgreSQL in a temporary folder, on loopback, that accepts Kerberos only: users sign in as the role of their name."""

import os
import pathlib
import pwd
import shutil
import subprocess
import time

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder


class Postgres(ServerInFolder):
    """A context manager. `keytab` holds the keys of the service (postgres/HOST); users of `realms` are the roles of their names.

        with Postgres(keytab, krb5_conf, realms=["ROOT.FABRIKAM.COM"], roles=["alice"], sql="CREATE TABLE ...") as database:
            database.psql("SELECT current_user", env=env)

    Connections are encrypted by GSSAPI, others are refused. As root, it runs as an unprivileged user, since PostgreSQL refuses root.
    The database is called "shop"; `sql` is run in it by the owner, over a socket in the temporary folder.
    """

    NAME = "postgres"

    def __init__(self, keytab, krb5_conf, realms, roles=(), sql="", host="127.0.0.1", port=None, name="db.corp.contoso.com"):
        self.keytab = pathlib.Path(keytab)
        self.krb5_conf = pathlib.Path(krb5_conf)
        self.realms = realms
        self.roles = roles
        self.sql = sql
        self.host = host
        self.port = port or foreign.free_port(host)
        self.name = name

    @property
    def connection(self):
        """A libpq connection string without user and host name."""
        return f"hostaddr={self.host} port={self.port} dbname=shop"

    def psql(self, sql, role, env):
        """psql over TCP with the ticket of `env`'s ccache; returns a Ran. One line a row."""
        return self._tool("psql").run("-X", "-A", "-t", "-d", f"{self.connection} host={self.name} user={role} gssencmode=require connect_timeout=10",
                                      "-c", sql, env=env)

    def log(self):
        return (self.folder / "postgres.log").read_text(errors="backslashreplace")

    def _tool(self, name):
        return foreign.postgresql(name)

    def _set_up(self):
        user = None
        if os.getuid() == 0:
            account = pwd.getpwnam("nobody")
            user = (account.pw_uid, account.pw_gid)
        for name, source in {"keytab": self.keytab, "krb5.conf": self.krb5_conf}.items():
            shutil.copy(source, self.folder / name)
            (self.folder / name).chmod(0o600)
        program = self._reachable_by(user)
        for path in (self.folder, *(self.folder / name for name in ("keytab", "krb5.conf"))):
            if user:
                os.chown(path, *user)
        data = self.folder / "data"
        initdb = foreign.Program(str(pathlib.Path(program.path).parent / "initdb"), program.extra)
        identity = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        made = subprocess.run(initdb.argv("--no-sync", "--no-locale", "--encoding=UTF8", "--username=owner", "--auth=trust", "-D", data),
                              env=initdb.environment(), capture_output=True, text=True, timeout=60, cwd=self.folder, check=False, **identity)
        if made.returncode != 0:
            raise AssertionError(f"initdb: {made.stdout}{made.stderr}")
        # The owner, for the set-up alone, uses the socket; all others use GSSAPI with encryption.
        (data / "pg_hba.conf").write_text("local all owner trust\nhostgssenc all all all gss map=users\n")
        (data / "pg_ident.conf").write_text("".join(
            rf"users /^([^/@]+)@{realm.replace('.', chr(92) + '.')}$ \1" + "\n" for realm in self.realms))
        env = {**program.environment(), "KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5RCACHEDIR": str(self.folder)}
        settings = {"listen_addresses": self.host, "port": self.port, "unix_socket_directories": self.folder, "krb_server_keyfile": self.folder / "keytab",
                    "fsync": "off", "jit": "off", "log_connections": "on", "max_connections": 60}
        options = [o for key, value in settings.items() for o in ("-c", f"{key}={value}")]
        self._server = foreign.Server(program.argv("-D", data, *options), env, self.folder / "postgres.log", tcp=(self.host, self.port),
                                      user=user, cwd=self.folder)
        self.as_owner("postgres", "CREATE DATABASE shop")
        self.as_owner("shop", "".join(f'CREATE ROLE "{role}" LOGIN;' for role in self.roles) + self.sql)

    def as_owner(self, database, sql):
        """Runs SQL as the owner of the database, over the socket."""
        owner = self._tool("psql")
        for _ in range(50):  # "the database system is starting up"
            ran = owner.run("-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", self.port, "-U", "owner", "-d", database, input=sql)
            if ran.status != 2:
                break
            time.sleep(0.1)
        ran.ok()

    @staticmethod
    def _runs(program, user):
        """Whether this user can start it."""
        try:
            return subprocess.run([program.path, "--version"], env=program.environment(), capture_output=True, check=False, cwd="/",
                                  user=user[0], group=user[1], extra_groups=[]).returncode == 0
        except PermissionError:  # a folder on the way is closed
            return False

    def _reachable_by(self, user):
        """A path of the server's program that the user can run: a checkout in a home directory may be closed to others."""
        program = self._tool("postgres")
        if user is None or self._runs(program, user):
            return program
        root = foreign.FOREIGN / "postgresql"
        if not pathlib.Path(program.path).is_relative_to(root):
            return program
        os.chmod(self.folder, 0o755)
        copy = self.folder / "program"
        shutil.copytree(root, copy, symlinks=True)
        for path in (copy, *copy.rglob("*")):  # a checkout that was made with umask 077 is closed inside too
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        return foreign.Program(str(copy / pathlib.Path(program.path).relative_to(root)),
                               {"LD_LIBRARY_PATH": program.extra["LD_LIBRARY_PATH"].replace(str(root), str(copy))})
