"""A realm of stock MIT krb5kdc in a temporary folder, on loopback: a second opinion, and a foreign KDC for our client.

With its ordinary DB2 back end it answers S4U2Self but never S4U2Proxy; mit_ldap_kdc has a back end that does.
"""

import pathlib
import shutil
import tempfile

from samples.support import foreign


class MitKdc:
    """A context manager: the realm exists and its KDC answers between `with` and the block's end.

        with MitKdc("EXAMPLE.ORG", {"alice": "Passw0rd!"}, services=["HTTP/web.example.org"]) as kdc:
            foreign.kinit(kdc.env, "alice", "Passw0rd!").ok()
            keytab = kdc.keytab("HTTP/web.example.org")

    `env` is the environment for MIT's tools as a client of this realm, `address` the KDC's "ADDRESS:PORT".
    """

    def __init__(self, realm, users=None, services=(), host="127.0.0.1", port=None):
        self.realm = realm
        self.users = dict(users or {})
        self.services = list(services)
        self.host = host
        self.port = port or foreign.free_port(host)
        self.address = f"{host}:{self.port}"
        self._servers = []

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mit-kdc-"))
        try:
            self.env = foreign.krb5_environment(self.folder, {self.realm: [self.address]})
            self._write_kdc_conf()
            self._create_realm()
            for user, password in self.users.items():
                self.kadmin(f'addprinc -pw "{password}" {user}')
            for service in self.services:
                self.kadmin(f"addprinc -randkey {service}")
            self._serve()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for server in reversed(self._servers):
            server.stop()
        self._servers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kadmin(self, *commands):
        """Runs kadmin.local's commands, one a string; raises AssertionError if one fails. Returns what it printed."""
        said = foreign.mit_kdc("kadmin.local").run("-r", self.realm, env=self.kdc_env,
                                                  input="".join(c + "\n" for c in commands)).ok()
        failed = [line for line in said.err.splitlines() if "WARNING" not in line and not line.startswith("No policy")]
        if failed:
            raise AssertionError(f"kadmin.local {commands}: {failed}")
        return said.out

    def keytab(self, principal):
        """The path of a keytab with the principal's current keys."""
        path = self.folder / (principal.replace("/", "_") + ".keytab")
        path.unlink(missing_ok=True)
        self.kadmin(f"ktadd -k {path} -norandkey {principal}")
        return path

    def log(self):
        """The KDC's log."""
        return (self.folder / "kdc.log").read_text()

    def _write_kdc_conf(self):
        plugins = foreign.library_folder("mit-kdc") / "krb5" / "plugins" / "kdb"
        conf = self.folder / "kdc.conf"
        conf.write_text(f"""[kdcdefaults]
  kdc_listen = {self.address}
  kdc_tcp_listen = {self.address}
[realms]
  {self.realm} = {{
    database_module = back_end
    key_stash_file = {self.folder}/stash
    acl_file = {self.folder}/acl
    max_life = 10h
    max_renewable_life = 7d
    default_principal_flags = +forwardable,+renewable,+proxiable
  }}
[dbmodules]
  db_module_dir = {plugins}
  back_end = {{
{self._back_end()}
  }}
[logging]
  kdc = FILE:{self.folder}/kdc.log
""")
        self.kdc_env = {**self.env, "KRB5_KDC_PROFILE": str(conf)}

    def _back_end(self):
        return f"    db_library = db2\n    database_name = {self.folder}/principal"

    def _create_realm(self):
        foreign.mit_kdc("kdb5_util").run("-r", self.realm, "create", "-s", "-P", "master", env=self.kdc_env).ok()

    def _serve(self):
        self._servers.append(foreign.mit_kdc("krb5kdc").serve(
            "-n", "-r", self.realm, "-P", self.folder / "krb5kdc.pid", env=self.kdc_env,
            log=self.folder / "krb5kdc.log", tcp=(self.host, self.port)))
