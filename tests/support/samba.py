"""A Samba domain from the distribution's packages (samba, samba-ad-provision, samba-dsdb-modules), in a network of its own: a directory and a KDC that Stead did not make."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ADDRESS = "10.99.0.1"


def is_there():
    """Whether this machine has Samba's domain controller, and lets us make a network namespace."""
    if not (shutil.which("samba") and shutil.which("samba-tool") and shutil.which("unshare") and shutil.which("nsenter")):
        return False
    if not pathlib.Path("/usr/share/samba/setup/provision.ldif").exists():
        return False
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


class Samba:
    """A context manager: the domain SMB.EXAMPLE with one controller, dc1.smb.example, at ADDRESS in a namespace.

    `modify` changes an account's attribute in the directory; `enter` is the start of a command line that runs there.
    """

    realm = "SMB.EXAMPLE"
    _samba = _room = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="samba-"))
        try:
            self._set_up()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._end()

    def _set_up(self):
        self._files = self.folder / "domain"
        self._conf = self._files / "etc/smb.conf"
        self._run("samba-tool", "domain", "provision", f"--realm={self.realm}", "--domain=SMB", "--server-role=dc", "--dns-backend=NONE",
                  "--adminpass=Passw0rd!1", f"--targetdir={self._files}", "--host-name=dc1", f"--host-ip={ADDRESS}",
                  f"--option=interfaces={ADDRESS}/24", timeout=180)
        text = self._conf.read_text()
        text = "".join(f"\tserver services = ldap, cldap, kdc\n\tlog file = {self.folder}/log.%m\n" if "server services" in line
                       else "" if "log file" in line else line for line in text.splitlines(keepends=True))
        self._conf.write_text(text)
        self.tool("spn", "add", "ldap/dc1.smb.example", "DC1$")
        self._room = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])  # pylint: disable=consider-using-with
        self.enter = ["nsenter", "-t", str(self._room.pid), "-n"]
        self._wait(lambda: self._networks() != self._networks("self"))
        self._run(*self.enter, "ip", "link", "set", "lo", "up")
        self._run(*self.enter, "ip", "address", "add", f"{ADDRESS}/24", "dev", "lo")
        with open(self.folder / "samba.log", "wb") as log:
            self._samba = subprocess.Popen([*self.enter, "samba", "-i", "-s", str(self._conf), "-M", "single"],  # pylint: disable=consider-using-with
                                           stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        probe = "import socket; socket.create_connection(('%s', %d), 1)"
        for port in (88, 389):
            self._wait(lambda port=port: subprocess.run([*self.enter, "/usr/bin/python3", "-c", probe % (ADDRESS, port)],
                                                        capture_output=True, check=False).returncode == 0)

    def _end(self):
        for process in (self._samba, self._room):
            if process:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _networks(self, who=None):
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{who or self._room.pid}/ns/net").readlink()
        return None

    def _wait(self, condition, seconds=30):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise AssertionError("Samba does not start: " + (self.folder / "samba.log").read_text()[-2000:])
            time.sleep(0.1)

    def _run(self, *args, timeout=60, input=None):  # pylint: disable=redefined-builtin
        ran = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, timeout=timeout, input=input)
        if ran.returncode:
            raise AssertionError(f"{args}: {ran.stdout[-1000:]}{ran.stderr[-1000:]}")
        return ran.stdout

    def tool(self, *args):
        """samba-tool ARGS, on the domain's own database; it may run while the controller does."""
        url = ["-H", self._files / "private/sam.ldb"] if args[0] != "domain" else []
        return self._run("samba-tool", *args, *url, "-s", self._conf)

    def keytab(self, principal, name):
        """The path of a keytab with the principal's keys."""
        path = self.folder / f"{name}.keytab"
        path.unlink(missing_ok=True)
        self.tool("domain", "exportkeytab", path, f"--principal={principal}")
        path.chmod(0o600)
        return path

    def modify(self, account, **attributes):
        """Replaces attributes of an account: a value, a list of them, or None. `uac` sets and clears bits: {bit: bool}."""
        if attributes:
            self._run("/usr/bin/python3", "-c", _MODIFY, self._conf, self._files / "private/sam.ldb", input=repr((account, attributes)))

    @property
    def locator(self):
        """The [locator] table that finds it."""
        return f'[locator.realm."{self.realm}"]\ncontrollers = [{{ name = "dc1.smb.example", address = "{ADDRESS}" }}]\n'


_MODIFY = """
import ast, sys
import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
settings = LoadParm()
settings.load(sys.argv[1])
directory = SamDB(url=sys.argv[2], session_info=system_session(), lp=settings)
account, attributes = ast.literal_eval(sys.stdin.read())
found = directory.search(expression="(sAMAccountName=%s)" % account, attrs=["userAccountControl"])[0]
change = ldb.Message(found.dn)
for name, value in attributes.items():
    if name == "uac":
        bits = int(str(found["userAccountControl"]))
        for bit, on in value.items():
            bits = bits | bit if on else bits & ~bit
        name, value = "userAccountControl", bits
    name = name.replace("_", "-")
    values = [] if value is None else value if isinstance(value, list) else [value]
    change[name] = ldb.MessageElement([str(v) for v in values], ldb.FLAG_MOD_REPLACE, name)
directory.modify(change)
"""
