"""A realm of stock Heimdal KDC in a temporary folder, on loopback: another second opinion, which answers S4U2Proxy too.

It knows PA-FOR-USER but not PA-S4U-X509-USER, as DCs of 2003 do.
"""

import pathlib
import shutil
import tempfile

from samples.support import foreign


class HeimdalKdc:
    """A context manager, used as MitKdc: `env`, `address`, `kadmin`, `keytab`, `allow_to_delegate`, `log`."""

    def __init__(self, realm, users=None, services=(), host="127.0.0.1", port=None):
        self.realm = realm
        self.users = dict(users or {})
        self.services = list(services)
        self.host = host
        self.port = port or foreign.free_port(host)
        self.address = f"{host}:{self.port}"
        self._server = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heimdal-kdc-"))
        try:
            self.env = foreign.krb5_environment(self.folder, {self.realm: [self.address]})
            self._write_kdc_conf()
            self.kadmin("init", "--realm-max-ticket-life=10h", "--realm-max-renewable-life=7d", self.realm)
            for user, password in self.users.items():
                self.kadmin("add", f"--password={password}", "--use-defaults", user)
            for service in self.services:
                self.kadmin("add", "--random-key", "--use-defaults", service)
            self._server = foreign.heimdal("kdc").serve(
                f"--config-file={self.conf}", f"--addresses={self.host}", f"--ports={self.port}", env=self.kdc_env,
                log=self.folder / "kdc.out", tcp=(self.host, self.port))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self._server is not None:
            self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kadmin(self, *words):
        """Runs one command of `kadmin --local`; raises AssertionError if it fails. Returns what it printed."""
        ran = foreign.heimdal("kadmin").run(f"--config-file={self.conf}", "--local", f"--realm={self.realm}", *words,
                                           env=self.kdc_env).ok()
        if ran.err:
            raise AssertionError(f"{ran}")
        return ran.out

    def keytab(self, principal):
        """The path of a keytab with the principal's current keys."""
        path = self.folder / (principal.replace("/", "_") + ".keytab")
        path.unlink(missing_ok=True)
        self.kadmin("ext_keytab", f"--keytab={path}", principal)
        return path

    def allow_to_delegate(self, front_end, *targets):
        """Lets the front end have S4U2Proxy tickets to these services, and forwardable S4U2Self tickets."""
        self.kadmin("modify", "--attributes=+trusted-for-delegation",
                    *[f"--constrained-delegation={target}@{self.realm}" for target in targets], front_end)

    def log(self):
        """The KDC's log."""
        return (self.folder / "kdc.log").read_text()

    def _write_kdc_conf(self):
        self.conf = self.folder / "kdc.conf"
        self.conf.write_text(f"""{(self.folder / "krb5.conf").read_text()}
[kdc]
  database = {{
    dbname = {self.folder}/heimdal
    realm = {self.realm}
    mkey_file = {self.folder}/m-key
    acl_file = {self.folder}/acl
    log_file = {self.folder}/log
  }}
  require-preauth = true
[logging]
  kdc = 0-/FILE:{self.folder}/kdc.log
""")
        self.kdc_env = {**self.env, "KRB5_CONFIG": str(self.conf)}
