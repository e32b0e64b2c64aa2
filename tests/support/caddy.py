"""Caddy, as samples/install-packages unpacks it, in a temporary folder on loopback."""

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder


class Caddy(ServerInFolder):
    """A context manager: Caddy with this Caddyfile, a function of the folder and the port."""

    NAME = "caddy"

    def __init__(self, caddyfile):
        self.caddyfile = caddyfile

    def _set_up(self):
        self.port = foreign.free_port()
        (self.folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + self.caddyfile(self.folder, self.port))
        env = {**foreign.clean_environment(), "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        self._server = foreign.unpacked("caddy", "caddy").serve("run", "--config", self.folder / "Caddyfile", "--adapter", "caddyfile", env=env,
                                                                log=self.folder / "log", tcp=("127.0.0.1", self.port))
