"""Runs stead-kdc with a forest file, and gives stock clients their krb5.conf, ccache and keytabs."""

import contextlib
import pathlib
import re
import tempfile
import tomllib

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder

_PORTS = {"kerberos_port": 88, "ldap_port": 389, "kpasswd_port": 464}


def with_free_ports(text):
    """The forest file with every port replaced by a free port of its controller's address, so that tests can run in parallel.

    Ports that a [[domain.controller]] leaves to their defaults are added.
    """
    def controller(table):
        address = re.search(r'^\s*address\s*=\s*"([^"]*)"', table, re.M).group(1)
        names = [*_PORTS, *(["ldaps_port"] if re.search(r"^\s*certificate\s*=", table, re.M) else [])]
        for name, port in zip(names, foreign.free_ports(len(names), address)):
            table, found = re.subn(rf"^(\s*{name}\s*=\s*)\d+", rf"\g<1>{port}", table, flags=re.M)
            if not found:
                table = re.sub(r"^([ \t]*)(address\s*=.*)$", rf"\1\2\n\1{name} = {port}", table, count=1, flags=re.M)
        return table

    return re.sub(r"^\s*\[\[domain\.controller\]\].*?(?=^\s*\[|\Z)", lambda m: controller(m.group()), text,
                  flags=re.M | re.S)


class Forest(ServerInFolder):
    """A context manager that runs `stead-kdc serve`, which must print `ready` at its start and exit 0 at its end.

        with Forest(TOP / "samples/forest.toml", free_ports=True) as forest:
            foreign.kinit(forest.env, "alice", "Passw0rd!").ok()

    `source` is a forest file's path (a pathlib.Path) or its text. With `free_ports` it serves a copy with free ports,
    beside links to the other files of the folder. `dcs` names the controllers to serve, `state` is a folder for --state, `log_level`
    is stead-kdc's (None: its default). `env` is the environment for MIT's tools, by `stead-kdc client-config`; `folder` is a
    temporary folder that tests may use too.
    """

    NAME = "stead-kdc"
    ENDS_BY_0 = True

    def __init__(self, source, dcs=None, state=None, free_ports=False, log_level="debug"):
        self.source = source
        self.dcs = dcs
        self.state = state
        self.free_ports = free_ports
        self.log_level = log_level

    def _set_up(self):
        self.file = self._forest_file()
        self.forest = tomllib.loads(self.file.read_text())
        self.kdc("client-config", "--out", self.folder / "client").ok()
        self.env = self.client()
        self.start()

    def start(self):
        """Starts stead-kdc again after stop(), as `with` did."""
        options = [o for dc in self.dcs or () for o in ("--dc", dc)]
        if self.log_level is not None:
            options += ["--log-level", self.log_level]
        if self.state is not None:
            options += ["--state", self.state]
        out = self.folder / "kdc.out"
        out.write_text("")
        self._server = foreign.built("stead-kdc").serve("serve", "--forest", self.file, *options,
                                                        log=self.folder / "kdc.log", out=out)
        self._server.wait_until(lambda: "ready\n" in out.read_text(), "prints ready")

    def log(self):
        """What stead-kdc logged so far."""
        return (self.folder / "kdc.log").read_text(errors="backslashreplace")

    def kdc(self, command, *args, **kw):
        """Runs `stead-kdc COMMAND --forest FILE ARGS...` and returns a Ran."""
        return foreign.built("stead-kdc").run(command, "--forest", self.file, *args, **kw)

    def keytab(self, principal):
        """The path of a keytab with the keys of an account ("frontend$@REALM", or one of its SPNs)."""
        path = self.folder / (re.sub(r"\W", "_", principal) + ".keytab")
        path.unlink(missing_ok=True)
        self.kdc("keytab", "--principal", principal, "--out", path).ok()
        return path

    @contextlib.contextmanager
    def nameserver(self, edit=lambda records: records, more=""):
        """dnsmasq with the forest's zones as `stead-kdc dns` prints them, changed by `edit`, and with `more` of its settings; gives "address:port"."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="dns-", dir=self.folder))
        port = foreign.free_port()
        settings = f"\nport={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\npid-file=\n{more}\n"
        (folder / "dnsmasq.conf").write_text(edit(self.kdc("dns").ok().out) + settings)
        server = foreign.on_path("dnsmasq").serve("--keep-in-foreground", f"--conf-file={folder / 'dnsmasq.conf'}", "--user=", "--log-facility=-",
                                                  log=folder / "dnsmasq.log", tcp=("127.0.0.1", port))
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop()

    def client(self, name="ccache"):
        """An environment for Kerberos clients with a credential cache of that name of its own."""
        return foreign.client_environment(self.folder / "client" / "krb5.conf", self.folder / name)

    @property
    def stead_toml(self):
        """The path of the stead.toml with the [locator] tables, for `stead --config`."""
        return self.folder / "client" / "stead.toml"

    def ports(self, kind, realm=None):
        """All numbers of kerberos_port, ldap_port or kpasswd_port of the file, or of one realm, without duplicates."""
        return sorted({dc.get(kind, _PORTS[kind]) for dc in self.controllers(realm)})

    def controllers(self, realm=None):
        """The [[domain.controller]] tables of the file, or of one realm."""
        return [dc for domain in self.forest["domain"] if realm in (None, domain["realm"])
                for dc in domain.get("controller", [])]

    def _forest_file(self):
        is_path = isinstance(self.source, pathlib.Path)
        if is_path and not self.free_ports:
            return self.source
        folder = self.folder / "file"
        folder.mkdir()
        if is_path:  # the files that it names are beside the copy too
            for other in self.source.parent.iterdir():
                (folder / other.name).symlink_to(other.resolve())
            (folder / self.source.name).unlink()
        text = self.source.read_text() if is_path else self.source
        path = folder / (self.source.name if is_path else "forest.toml")
        path.write_text(with_free_ports(text) if self.free_ports else text)
        return path
