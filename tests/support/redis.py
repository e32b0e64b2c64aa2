"""A Redis server, as samples/install-packages unpacks it, in a temporary folder on loopback."""

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder


class Redis(ServerInFolder):
    """A context manager: redis-server that keeps nothing on a disk. `tls`: the paths of a certificate and its key; then it takes TLS only."""

    NAME = "redis"

    def __init__(self, password="", tls=None):
        self.password, self.tls = password, tls

    def _set_up(self):
        self.port = foreign.free_port()
        self.start()

    @property
    def url(self):
        return f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}/1"

    def start(self):
        ports = ["--port", self.port]
        if self.tls:
            ports = ["--port", 0, "--tls-port", self.port, "--tls-cert-file", self.tls[0], "--tls-key-file", self.tls[1], "--tls-auth-clients", "no"]
        guard = ["--requirepass", self.password] if self.password else []
        self._server = foreign.unpacked("redis", "redis-server").serve("--bind", "127.0.0.1", *ports, *guard, "--save", "", "--appendonly", "no", "--dir", self.folder,
                                                                       log=self.folder / "log", tcp=("127.0.0.1", self.port))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def command(self, *words):
        """The answer of redis-cli, in its raw form. Without TLS."""
        guard = ["-a", self.password, "--no-auth-warning"] if self.password else []
        return foreign.unpacked("redis", "redis-cli").run("-h", "127.0.0.1", "-p", self.port, "-n", 1, *guard, *words).ok().out
