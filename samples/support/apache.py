"""A stock Apache httpd with mod_auth_gssapi in a temporary folder, on loopback: a back end that only takes Kerberos."""

import pathlib
import shutil

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder

_MODULES = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_gssapi", "alias", "setenvif", "lua"]

_PAGE = pathlib.Path(__file__).with_name("page.lua")  # answers with what the back end saw, see `seen`


class Apache(ServerInFolder):
    """A context manager. `keytab` has the keys of its services; it accepts tickets for each of them.

        with Apache(keytab, krb5_conf) as back_end:
            foreign.run("curl", "--negotiate", "-u", ":", back_end.url, env=env)

    Every path and method is answered with what the back end saw (see `seen`), /bytes/N with N bytes. With
    `connection_bound` the identity of a connection's first request sticks to it (GssapiConnectionBound). With `tls`, a
    certificate for these names is made and `ca` is its file. `replay_cache=False` is for load only. As root, it runs as
    an unprivileged user.
    """

    NAME = "apache"

    def __init__(self, keytab, krb5_conf, host="127.0.0.1", port=None, connection_bound=False, tls=(), replay_cache=True):
        self.keytab = pathlib.Path(keytab)
        self.krb5_conf = pathlib.Path(krb5_conf)
        self.host = host
        self.port = port or foreign.free_port(host)
        self.connection_bound = connection_bound
        self.tls = list(tls)
        self.replay_cache = replay_cache
        self.url = f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def _set_up(self):
        shutil.copy(self.keytab, self.folder / "keytab")
        shutil.copy(self.krb5_conf, self.folder / "krb5.conf")
        shutil.copy(_PAGE, self.folder / "page.lua")
        (self.folder / "rcache").mkdir(mode=0o700)
        if self.tls:
            self._make_certificate()
        (self.folder / "httpd.conf").write_text(self._configuration())
        self._serve()

    def error_log(self):
        """The error log of httpd and its modules."""
        return (self.folder / "error.log").read_text(errors="backslashreplace")

    def access_log(self):
        """One line a request: user, connection (the client's port), method, path, status."""
        path = self.folder / "access.log"
        return path.read_text().splitlines() if path.exists() else []

    def curl(self, name, path="/", *options, env):
        """curl --negotiate to http://NAME:PORT/PATH, resolved to this server; NAME is the SPN's host. Returns a Ran."""
        scheme = self.url.partition(":")[0]
        trust = ["--cacert", self.ca] if self.tls else []
        return foreign.run("curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--negotiate", "-u", ":", *trust,
                           "--resolve", f"{name}:{self.port}:{self.host}", *options,
                           f"{scheme}://{name}:{self.port}{path}", env=env)

    def _serve(self):
        user = self._hand_over()
        env = {**foreign.clean_environment(), "KRB5_CONFIG": str(self.folder / "krb5.conf"),
               "KRB5RCACHEDIR": str(self.folder / "rcache")}
        if not self.replay_cache:
            env["KRB5RCACHENAME"] = "none:"
        program = foreign.on_path("apache2")
        self._server = program.serve("-D", "FOREGROUND", "-d", self.folder, "-f", self.folder / "httpd.conf", env=env,
                                     log=self.folder / "httpd.log", tcp=(self.host, self.port), user=user,
                                     cwd=self.folder)

    def _configuration(self):
        modules = _MODULES + (["ssl", "socache_shmcb"] if self.tls else [])
        lines = [f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in modules]
        tls = f"""SSLEngine on
SSLCertificateFile {self.folder}/server.crt
SSLCertificateKeyFile {self.folder}/server.key
SSLSessionCache shmcb:{self.folder}/sessions(65536)""" if self.tls else ""
        return "\n".join(lines) + f"""
Listen {self.host}:{self.port}
ServerName {self.host}
DefaultRuntimeDir {self.folder}
PidFile {self.folder}/httpd.pid
Mutex file:{self.folder}
DocumentRoot {self.folder}
ErrorLog {self.folder}/error.log
LogLevel warn
LogFormat "%u %{{remote}}p %m %U %>s" seen
CustomLog {self.folder}/access.log seen
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 30
ThreadsPerChild 64
StartServers 1
ServerLimit 4
MaxRequestWorkers 256
MinSpareThreads 16
MaxSpareThreads 256
LimitRequestFieldSize 65536
LimitRequestLine 16384
{tls}
LuaMapHandler "^/" {self.folder}/page.lua handle
<Location "/">
  AuthType GSSAPI
  AuthName "Kerberos"
  Require valid-user
  GssapiSSLOnly Off
  GssapiAllowedMech krb5
  GssapiCredStore keytab:{self.folder}/keytab
  GssapiConnectionBound {"On" if self.connection_bound else "Off"}
</Location>
"""

    def _make_certificate(self):
        names = ",".join(f"DNS:{name}" for name in self.tls) + f",IP:{self.host}"
        self.ca = self.folder / "server.crt"
        foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={self.tls[0]}", "-addext", f"subjectAltName={names}",
                    "-keyout", self.folder / "server.key", "-out", self.ca).ok()


def seen(answer):
    """What the back end saw, from its answer: {"REMOTE_USER": ..., ..., "headers": {"Host": ...}}."""
    found = {"headers": {}}
    for line in answer.splitlines():
        if line.startswith("header "):
            name, _, value = line[len("header "):].partition(": ")
            found["headers"][name] = value
        else:
            name, _, value = line.partition("=")
            found[name] = value
    return found
