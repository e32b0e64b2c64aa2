"""HAProxy, as samples/install-packages unpacks it, in a temporary folder on loopback."""

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder


class Haproxy(ServerInFolder):
    """A context manager: HAProxy hands the TCP connections to its port on to `replicas`, a list of (port, port of the check), of which it takes those
    whose /readyz says 200; it asks five times a second."""

    NAME = "haproxy"

    def __init__(self, replicas):
        self.replicas = replicas

    def _set_up(self):
        self.port = foreign.free_port()
        servers = "\n".join(f"  server replica{n} 127.0.0.1:{port} check port {check} inter 200ms fall 1 rise 1" for n, (port, check) in enumerate(self.replicas))
        (self.folder / "haproxy.cfg").write_text(f"""global
  maxconn 1000
defaults
  mode tcp
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  retries 3
  option redispatch 1
frontend front
  bind 127.0.0.1:{self.port}
  default_backend replicas
backend replicas
  balance roundrobin
  option httpchk GET /readyz
{servers}
""")
        self._server = foreign.unpacked("haproxy", "haproxy").serve("-db", "-f", self.folder / "haproxy.cfg", log=self.folder / "log", tcp=("127.0.0.1", self.port))
