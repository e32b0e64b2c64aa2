"""Runs a compose project of docker/ beside other projects of the machine's engine, and removes it."""

import ipaddress
import json
import os
import pathlib
import shutil
import subprocess
import time

from samples.support import foreign

COMPOSE_FILE = foreign.TOP / "docker" / "compose.yaml"


def why_not():
    """What is missing for containers here, or None."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    info = foreign.run("docker", "info", "--format", "{{.ServerVersion}}", timeout=60)
    if info.status != 0 or not info.out.strip():
        return f"no Docker engine answers: {info.err.strip()}"
    if not _compose():
        return "there is neither docker compose nor docker-compose"
    return None


def _compose():
    if foreign.run("docker", "compose", "version").status == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def base_image():
    """Runs docker/base-image; returns its message if it fails."""
    made = subprocess.run([foreign.TOP / "docker" / "base-image"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=600, check=False)
    return None if made.returncode == 0 else made.stdout


def _free_net():
    """The prefix of four networks (172.30.N for 172.30.N1.0/24 to 172.30.N4.0/24) that no network or route of this machine uses."""
    taken = []
    for network in foreign.run("docker", "network", "ls", "-q").ok().out.split():
        facts = json.loads(foreign.run("docker", "network", "inspect", network).ok().out)
        taken += [ipaddress.ip_network(c["Subnet"]) for c in facts[0]["IPAM"]["Config"] or [] if "Subnet" in c]
    for line in pathlib.Path("/proc/net/route").read_text().splitlines()[1:]:
        destination, mask = (int.from_bytes(bytes.fromhex(line.split()[i]), "little") for i in (1, 7))
        if mask:
            taken.append(ipaddress.ip_network((destination, mask.bit_count())))
    taken = [network for network in taken if network.version == 4]
    for beginning in (f"172.{second}.{third}" for second in (31, 30, 29, 28) for third in range(1, 10)):
        sites = [ipaddress.ip_network(f"{beginning}{site}.0/24") for site in range(1, 5)]
        if not any(site.overlaps(network) for site in sites for network in taken):
            return beginning
    raise AssertionError(f"no free networks: {taken}")


class Containers:
    """The demo forest as a project whose name, networks and ports are its own: compose("build"), compose("up", "-d"). remove() takes
    containers, networks and volumes away; images stay, as what the next build starts from. `log` is a file for what compose says."""

    def __init__(self, log):
        self.log = pathlib.Path(log)
        self.project = f"stead-test-{os.getpid()}"
        self.port, admin_a, admin_b = foreign.free_ports(3)
        self.admin = {"proxy-a": admin_a, "proxy-b": admin_b}
        self.images = "stead-test"
        self.env = {**os.environ, "COMPOSE_PROJECT_NAME": self.project, "STEAD_IMAGES": self.images, "STEAD_NET": _free_net(),
                    "STEAD_PORT": str(self.port), "STEAD_ADMIN_A": str(admin_a), "STEAD_ADMIN_B": str(admin_b)}
        self._ids = {}
        self._removed = False

    def remove(self):
        if self._removed:
            return
        self._removed = True
        try:
            self.compose("down", "--volumes", "--remove-orphans", timeout=300)
        except AssertionError:
            self._sweep()

    def _sweep(self):
        """What compose leaves where one thing cannot be removed. A network may stay: engines lose count of a network's users at times,
        when a container is killed and started, and then keep it until they are started again."""
        mine = ("--filter", f"label=com.docker.compose.project={self.project}")
        for container in self.docker("ps", "-aq", *mine).split():
            self.docker("rm", "--force", container)
        for volume in self.docker("volume", "ls", "-q", *mine).split():
            self.docker("volume", "rm", volume)
        for network in self.docker("network", "ls", "-q", *mine).split():
            removed = foreign.run("docker", "network", "rm", network, timeout=60)
            if removed.status != 0 and "has active endpoints" not in removed.err:
                raise AssertionError(str(removed))
            if removed.status != 0:
                print(f"the engine keeps an unused network: {removed.err.splitlines()[0]}", flush=True)

    def compose(self, *words, timeout):
        """docker compose with these arguments; raises AssertionError with the end of its output unless it exits 0."""
        with open(self.log, "ab") as log:
            ended = subprocess.run([*_compose(), "-f", COMPOSE_FILE, *words], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   timeout=timeout, check=False)
        if ended.returncode != 0:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])
            raise AssertionError(f"compose {' '.join(words)}: exit {ended.returncode}, all of it in {self.log}\n{tail}")

    def services(self):
        """Names of the services, without `init`, which ends."""
        listed = self.docker("ps", "-a", "--filter", f"label=com.docker.compose.project={self.project}", "--format",
                             '{{.ID}} {{.Label "com.docker.compose.service"}}').split()
        self._ids = dict(zip(listed[1::2], listed[::2]))
        return sorted(set(self._ids) - {"init"})

    def id(self, service):
        if service not in self._ids:
            self.services()
        return self._ids[service]

    @staticmethod
    def docker(*words, timeout=60):
        return foreign.run("docker", *words, timeout=timeout).ok().out

    def inspect(self, service):
        return json.loads(self.docker("inspect", self.id(service)))[0]

    def wait_healthy(self, timeout=180):
        """Waits until every service is healthy; raises AssertionError with the others' names and the ends of their logs."""
        end = time.monotonic() + timeout
        waiting = self.services()
        while waiting:
            waiting = [s for s in waiting if self.docker("inspect", "-f", "{{.State.Health.Status}}", self.id(s)).strip() != "healthy"]
            if waiting and time.monotonic() > end:
                logs = "\n".join(f"{s}:\n{foreign.run('docker', 'logs', '--tail', '10', self.id(s))}" for s in waiting)
                raise AssertionError(f"not healthy after {timeout} s: {', '.join(waiting)}\n{logs}")
            time.sleep(0.5)
