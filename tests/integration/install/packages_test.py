"""The packages that cpack makes: what is in them, and that they install and work on a clean Debian (in a container, where Docker is)."""
# ctest: TIMEOUT 2000

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from samples.support import foreign
from samples.support.forest import with_free_ports
from installed_tree_test import CMAKE, C_SOURCE, CXX_SOURCE, cached

TOP = foreign.TOP
IMAGE = os.environ.get("STEAD_CLEAN_IMAGE", "debian:bookworm-slim")
FRONT_END = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"

# What runs as root in the container. /given has the packages, the demo forest with free ports (the network is the
# machine's) and the consumer's sources.
CLEAN = r"""
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update >/dev/null
cd /given
apt-get -qq -y install ./stead_*.deb ./stead-proxy_*.deb ./stead-kdc_*.deb >/dev/null
echo "services: $(find /etc/systemd /run/systemd -name '*stead*' 2>/dev/null | wc -l) processes: $(cat /proc/[0-9]*/comm | grep -c '^stead' || true)"
stead --version
stead-proxy --version
stead-kdc --version
stead err 0xc000040b | head -n 1
stead-kdc check --forest /usr/share/stead/samples/forest.toml
stead-kdc serve --forest /given/forest.toml >/tmp/ready 2>/tmp/log &
for i in $(seq 100); do grep -q ready /tmp/ready && break; sleep 0.1; done
cat /tmp/ready
stead-kdc client-config --forest /given/forest.toml --out /tmp/client
stead-kdc keytab --forest /given/forest.toml --principal PRINCIPAL --out /etc/stead/proxy.keytab
KRB5_CONFIG=/tmp/client/krb5.conf stead s4u --for alice --service HTTP/backend.corp.contoso.com --config /tmp/client/stead.toml \
  --keytab /etc/stead/proxy.keytab --principal PRINCIPAL
sed -e '/^certificate/d; /^key /d; s/0.0.0.0:443/127.0.0.1:8080/; s|/run/credentials/stead-proxy.service/keytab|/etc/stead/proxy.keytab|' \
  -e 's|HTTP/www.example.com@EXAMPLE.COM|PRINCIPAL|' /usr/share/stead/proxy.toml >/etc/stead/proxy.toml
mkdir /var/lib/stead-proxy  # systemd's StateDirectory
KRB5_CONFIG=/tmp/client/krb5.conf stead-proxy --config /etc/stead/proxy.toml --check
apt-get -qq -y purge stead stead-proxy stead-kdc >/dev/null
find / -xdev -name '*stead*' -not -path '/given/*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/*'
find /etc/stead -type f
""".replace("PRINCIPAL", FRONT_END)

CONSUMER = r"""
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update >/dev/null
cd /given
apt-get -qq -y install --no-install-recommends ./libstead_*.deb ./libstead-dev_*.deb BOOST g++ cmake make pkg-config >/dev/null
cmake -S consumer -B /tmp/cmake >/dev/null
cmake --build /tmp/cmake >/dev/null
for program in /tmp/cmake/c /tmp/cmake/c_static; do $program; done
for program in /tmp/cmake/cxx /tmp/cmake/cxx_static; do $program; done
cc -std=c11 consumer/consumer.c $(pkg-config --cflags --libs stead) -o /tmp/pc_c
c++ -std=c++20 consumer/consumer.cc $(pkg-config --cflags --libs stead) -o /tmp/pc_cxx
/tmp/pc_c
/tmp/pc_cxx
"""


def run(*command, timeout=300):
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))[:200]} exited {ran.returncode}\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}")
    return ran.stdout


def no_docker():
    """Why no container can be run; empty: one can."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    if subprocess.run(["docker", "info"], capture_output=True, timeout=60, check=False).returncode != 0:
        return "no Docker engine answers"
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, timeout=60, check=False).returncode != 0:
        return f"there is no image {IMAGE}: docker/base-image makes it"
    return ""


@unittest.skipIf(cached("STEAD_SANITIZE"), "what has a sanitizer in it is not installed")
@unittest.skipIf(shutil.which("dpkg-deb") is None, "the packages are Debian's, and there is no dpkg-deb")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stead-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        # A fast compressor: the archive of a build for debugging is big.
        run("cpack", "--config", foreign.BUILD / "CPackConfig.cmake", "-B", cls.folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")
        shutil.rmtree(cls.folder / "_CPack_Packages")
        cls.packages = {path.name.partition("_")[0]: path for path in cls.folder.glob("*.deb")}
        (cls.folder / "forest.toml").write_text(with_free_ports((TOP / "samples/forest.toml").read_text()))
        consumer = cls.folder / "consumer"
        consumer.mkdir()
        for name, text in {"consumer.c": C_SOURCE, "consumer.cc": CXX_SOURCE, "CMakeLists.txt": CMAKE}.items():
            (consumer / name).write_text(text)

    def files(self, package):
        listed = run("dpkg-deb", "-c", self.packages[package]).splitlines()
        return {line.split()[5][1:]: line.split()[0] for line in listed if not line.startswith("d")}

    def control(self, package, field):
        return run("dpkg-deb", "-f", self.packages[package], field).strip()

    def test_each_has_its_part(self):
        self.assertEqual(set(self.packages), {"libstead", "libstead-dev", "stead", "stead-proxy", "stead-kdc"})
        expected = {
            "libstead": ["/usr/lib/libstead.so.0"],
            "libstead-dev": ["/usr/include/stead/sspi.h", "/usr/include/stead/s4u.h", "/usr/include/stead/gss.h", "/usr/lib/libstead.a", "/usr/lib/libstead.so",
                             "/usr/lib/pkgconfig/stead.pc", "/usr/lib/cmake/stead/stead-config.cmake"],
            "stead": ["/usr/bin/stead", "/usr/share/man/man1/stead.1"],
            "stead-proxy": ["/usr/bin/stead-proxy", "/usr/lib/systemd/system/stead-proxy.service", "/usr/share/man/man8/stead-proxy.8", "/usr/share/man/man5/stead-proxy.toml.5",
                            "/usr/share/stead/proxy.toml", "/usr/share/stead/stead-proxy.schema.json", "/etc/logrotate.d/stead-proxy"],
            "stead-kdc": ["/usr/bin/stead-kdc", "/usr/share/man/man8/stead-kdc.8", "/usr/share/stead/samples/forest.toml"]}
        seen = set()
        for package, paths in expected.items():
            files = self.files(package)
            for path in paths:
                self.assertIn(path, files, package)
            self.assertEqual(seen & set(files), set(), "no file is in two packages")
            seen |= set(files)
            self.assertEqual([path for path, mode in files.items() if "s" in mode.lower() or mode[8] == "w" and not mode.startswith("l")], [])
            if package != "libstead-dev":
                self.assertIn("libc6", self.control(package, "Depends"))
        self.assertIn("libstead (= ", self.control("libstead-dev", "Depends"))

    def test_what_an_installation_runs_enables_and_starts_nothing(self):
        for package, path in self.packages.items():
            scripts = self.folder / f"{package}.control"
            run("dpkg-deb", "-e", path, scripts)
            for name in ("preinst", "postinst"):
                script = scripts / name
                if script.exists():
                    words = re.sub(r"#.*", "", script.read_text())
                    self.assertNotRegex(words, r"systemctl[^\n]*(?<!try-)\b(enable|start|restart)\b|invoke-rc|update-rc", f"{package} {name}")

    def test_man_pages_are_well_formed(self):
        if shutil.which("man") is None:
            self.skipTest("there is no man")
        for package, page in {"stead": "man1/stead.1", "stead-proxy": "man8/stead-proxy.8", "stead-kdc": "man8/stead-kdc.8"}.items():
            root = self.folder / f"{package}.root"
            run("dpkg-deb", "-x", self.packages[package], root)
            shown = subprocess.run(["man", "--warnings", "-l", root / "usr/share/man" / page], capture_output=True, text=True, check=False,
                                   env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"})
            self.assertEqual((shown.returncode, shown.stderr), (0, ""))
            self.assertIn("EXIT STATUS", shown.stdout)

    def container(self, script):
        """Runs the script in a clean container and returns what it printed. Debian's packages are kept for the next time."""
        reason = no_docker()
        if reason:
            self.skipTest(reason)
        kept = foreign.FOREIGN / "apt"
        for name in ("lists/partial", "archives/partial"):
            (kept / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "script").write_text("rm -f /etc/apt/apt.conf.d/docker*\n" + script)
        name = f"stead-packages-{os.getpid()}-{self._testMethodName[-8:]}"
        try:
            return run("docker", "run", "--rm", "--name", name, "--network", "host", "-v", f"{self.folder}:/given", "-v", f"{kept}/lists:/var/lib/apt/lists",
                       "-v", f"{kept}/archives:/var/cache/apt/archives", IMAGE, "sh", "/given/script", timeout=900)
        except subprocess.TimeoutExpired:
            subprocess.run(["docker", "kill", name], capture_output=True, check=False)
            raise

    def test_on_a_clean_debian_the_programs_run_and_go_again(self):
        lines = self.container(CLEAN).splitlines()
        self.assertEqual(lines[0], "services: 0 processes: 0")
        self.assertEqual([re.sub(r"[\d.]+$", "N", line) for line in lines[1:4]], ["stead N", "stead-proxy N", "stead-kdc N"])
        self.assertIn("STATUS_CROSSREALM_DELEGATION_FAILURE", lines[4])
        self.assertEqual(lines[5:7], ["ok", "ready"])
        self.assertRegex(lines[7], r"^alice@ROOT\.FABRIKAM\.COM -> HTTP/backend\.corp\.contoso\.com@CORP\.CONTOSO\.COM: granted until ")
        rest = lines[8:]
        self.assertEqual(sorted(line for line in rest if line.startswith("/")), ["/etc/stead", "/etc/stead/proxy.keytab", "/etc/stead/proxy.toml"], lines)

    def test_on_a_clean_debian_consumers_build_in_c_and_cxx(self):
        boost = self.control("libstead-dev", "Recommends")
        lines = self.container(CONSUMER.replace("BOOST", boost)).splitlines()
        self.assertEqual(lines.count("2 Negotiate"), 3, lines)
        self.assertEqual(sum("/no/such/keytab" in line for line in lines), 3, lines)


if __name__ == "__main__":
    unittest.main()
