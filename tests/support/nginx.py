"""nginx, as samples/install-packages unpacks it, in a temporary folder on loopback."""

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder


class Nginx(ServerInFolder):
    """A context manager: nginx with these lines in its http block; `pid` is its master's. `http` is a function of the folder and the port."""

    NAME = "nginx"

    def __init__(self, http, workers=1):
        self.http, self.workers = http, workers

    def _set_up(self):
        self.port = foreign.free_port()
        temporary = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(
            f"daemon off; worker_processes {self.workers}; pid {self.folder}/pid; error_log {self.folder}/error.log;\nevents {{}}\nhttp {{\n{temporary}\n"
            f"keepalive_requests 1000000000; keepalive_timeout 600;\n{self.http(self.folder, self.port)}\n}}\n")
        user = self._hand_over()
        self._server = foreign.unpacked("nginx", "nginx").serve("-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf",
                                                                log=self.folder / "log", tcp=("127.0.0.1", self.port), user=user)
        self.pid = self.process.pid
