"""Finds programs, ours and those of others, and runs them with a limit on their time.

MIT's tools, Apache, curl and tshark are the distribution's, found on PATH. What samples/install-packages unpacks (Heimdal,
MIT's KDC, OpenLDAP, PostgreSQL) is below build/foreign and runs with its own libraries.
"""

import ctypes
import dataclasses
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STEAD_BUILD", TOP / "build" / "dev")).resolve()
FOREIGN = pathlib.Path(os.environ.get("STEAD_FOREIGN", TOP / "build" / "foreign")).resolve()


class Missing(Exception):
    """A needed program is missing; the message says which, and what to do."""


class TimedOut(Exception):
    """A program did not end in time; the message has its output so far."""


@dataclasses.dataclass(frozen=True)
class Ran:
    """How a program ended: its exit status (negative: the signal) and what it printed."""

    argv: tuple
    status: int
    out: str
    err: str

    def ok(self):
        """Returns itself; raises AssertionError with the program's output unless it exited 0."""
        if self.status != 0:
            raise AssertionError(f"{self}")
        return self

    def __str__(self):
        return f"{' '.join(self.argv)}: exit {self.status}\n{self.out}{self.err}"


@dataclasses.dataclass(frozen=True)
class Program:
    """A program, environment variables that it needs, and arguments that it always gets."""

    path: str
    extra: dict = dataclasses.field(default_factory=dict)
    first: tuple = ()

    def argv(self, *args):
        return [self.path, *self.first, *map(str, args)]

    def environment(self, env=None):
        return {**(clean_environment() if env is None else env), **self.extra}

    def run(self, *args, env=None, timeout=30, input=None):
        """Runs it to its end and returns a Ran; raises TimedOut. `input` is text for its standard input."""
        argv = self.argv(*args)
        process = subprocess.Popen(argv, env=self.environment(env), text=True, errors="backslashreplace",
                                   stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise TimedOut(f"{' '.join(argv)}: no end after {timeout} s\n{out}{err}") from None
        return Ran(tuple(argv), process.returncode, out, err)

    def serve(self, *args, env=None, log, **kw):
        """Starts it as a Server that writes to the file `log`; see Server for the other arguments."""
        return Server(self.argv(*args), self.environment(env), log, **kw)


def run(*argv, **kw):
    """Runs a program of the system, found on PATH; arguments as Program.run's."""
    return on_path(argv[0]).run(*argv[1:], **kw)


def clean_environment():
    """The caller's environment without variables that influence Kerberos programs, in English."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KRB5", "LD_", "LC_")) and k != "LANG"}
    return {**kept, "LC_ALL": "C.UTF-8"}


# --- where programs are ---------------------------------------------------------------------------------------------

def on_path(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin")
    if path is None:
        raise Missing(f"{name} is not installed: run samples/install-packages test")
    return Program(path)


def mit(name):
    """One of MIT's client programs (kinit, kvno, klist, kdestroy, kpasswd, ktutil), not a namesake."""
    program = on_path(name)
    version = on_path("klist").run("-V")
    if "Kerberos 5 version" not in version.out:
        raise Missing(f"{program.path} is not MIT's: install krb5-user (klist -V said: {version.out}{version.err})")
    return program


def unpacked(group, name, library_folders=()):
    """A program that samples/install-packages unpacked below build/foreign/GROUP, with its libraries."""
    root = FOREIGN / group
    for folder in ("usr/bin", "usr/sbin", "usr/lib/heimdal-servers"):
        path = root / folder / name
        if path.exists():
            libraries = [str(p) for p in (library_folder(group), library_folder(group) / "krb5", *library_folders)]
            return Program(str(path), {"LD_LIBRARY_PATH": ":".join(libraries)})
    raise Missing(f"{name} is not below {root}: run samples/install-packages test")


def library_folder(group):
    """build/foreign/GROUP/usr/lib/x86_64-linux-gnu, or what it is called on this machine."""
    return FOREIGN / group / "usr" / "lib" / f"{platform.machine()}-linux-gnu"


def heimdal(name):
    """kinit, klist, kdestroy, kpasswd, kadmin, ktutil, kgetcred or kdc of Heimdal."""
    if name in ("klist", "kswitch"):  # one program that acts by the name it is called with, which Debian changed
        program = unpacked("heimdal", "heimtools")
        return dataclasses.replace(program, first=(name,))
    for candidate in (f"{name}.heimdal", name):
        if any((FOREIGN / "heimdal" / f / candidate).exists() for f in ("usr/bin", "usr/sbin", "usr/lib/heimdal-servers")):
            return unpacked("heimdal", candidate)
    return unpacked("heimdal", name)


def mit_kdc(name):
    """krb5kdc, kdb5_util, kdb5_ldap_util or kadmin.local of MIT."""
    return unpacked("mit-kdc", name)


def slapd(name="slapd"):
    """slapd, ldapadd, ldapmodify or ldapsearch of OpenLDAP."""
    return unpacked("slapd", name)


def postgresql(name):
    """postgres, initdb or psql, of the version that samples/install-packages unpacked."""
    folders = sorted((FOREIGN / "postgresql" / "usr/lib/postgresql").glob("*/bin"))
    if not folders or not (folders[-1] / name).exists():
        raise Missing(f"{name} is not below {FOREIGN / 'postgresql'}: run samples/install-packages sdk")
    return Program(str(folders[-1] / name), {"LD_LIBRARY_PATH": str(library_folder("postgresql"))})


_BUILT = {"stead-kdc": ("kdc",), "stead-proxy": ("proxy",), "stead": ("sspi_shim/cli", "sspi_shim"),
          "stead-backend": ("samples/backend",),
          "sdk_postgresql": ("samples/sdk_postgresql",), "sdk_postgresql_sspi": ("samples/sdk_postgresql",)}


def built(name):
    """One of our own programs, from the build folder ($STEAD_BUILD, default build/dev)."""
    for folder in (*_BUILT.get(name, ()), "bin", "."):
        path = BUILD / folder / name
        if path.is_file():
            return Program(str(path))
    raise Missing(f"{name} is not built in {BUILD}")


# --- ports and servers ----------------------------------------------------------------------------------------------

def free_ports(count=1, host="127.0.0.1"):
    """Port numbers that are free for TCP and UDP at `host` now, all different."""
    held, ports = [], []
    try:
        while len(ports) < count:
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(tcp)
            # Below the range from which the kernel takes ports for outgoing connections: a client elsewhere in the
            # run must not take it before the server does.
            tcp_port = 10000 + int.from_bytes(os.urandom(4), "big") % 22000
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            held.append(udp)
            try:
                tcp.bind((host, tcp_port))
                udp.bind((host, tcp_port))
            except OSError:
                continue
            ports.append(tcp_port)
    finally:
        for s in held:
            s.close()
    return ports


def free_port(host="127.0.0.1"):
    return free_ports(1, host)[0]


_LIBC = ctypes.CDLL(None)


def _end_with_parent():
    """Runs in the child: if the test is killed, its servers end too."""
    _LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Server:
    """A process that serves until stop(). Both of its outputs go to the file `log`, or standard output to the file `out`.

    `tcp` is an (address, port) that has to accept connections before the constructor returns; `user` a (uid, gid) to run
    as. Raises AssertionError with the log's end if the process ends, or is not ready in `timeout` seconds.
    """

    def __init__(self, argv, env, log, tcp=None, user=None, timeout=20, cwd=None, out=None):
        self.name = pathlib.Path(argv[0]).name
        self.log = pathlib.Path(log)
        identity = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        if threading.current_thread() is threading.main_thread():  # the signal comes when the thread ends
            identity["preexec_fn"] = _end_with_parent
        with open(self.log, "ab") as errors, open(out or self.log, "ab") as output:
            self.process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=cwd,
                                            start_new_session=True, **identity)
        if tcp is not None:
            self.wait_until(lambda: accepts(*tcp), f"accepts connections at {tcp[0]}:{tcp[1]}", timeout)

    def wait_until(self, condition, what, timeout=20):
        """Waits until condition() is true; raises AssertionError as the class says."""
        end = time.monotonic() + timeout
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > end:
                self.stop()
                raise AssertionError(f"{self.name}: not true after {timeout} s: {what}\n{self.tail()}")
            time.sleep(0.02)

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="backslashreplace").splitlines()[-lines:])

    def stop(self, timeout=10):
        """Ends it with SIGTERM and returns its exit status; kills it if it does not end in time."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def accepts(host, port):
    """Whether a TCP connection to (host, port) is accepted."""
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


# --- Kerberos clients -----------------------------------------------------------------------------------------------

def krb5_environment(folder, realms, default_realm=None, libdefaults="", more=""):
    """Writes FOLDER/krb5.conf and returns the environment for Kerberos clients, with a credential cache of their own.

    `realms` maps a realm to its KDCs ("127.0.0.1:8088"). Nothing is looked up in DNS and no name is changed.
    """
    folder = pathlib.Path(folder)
    text = [f"""[libdefaults]
  default_realm = {default_realm or next(iter(realms))}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  forwardable = true
  {libdefaults}
[realms]"""]
    for realm, kdcs in realms.items():
        lines = "\n".join(f"    kdc = {kdc}" for kdc in kdcs)
        text.append(f"  {realm} = {{\n{lines}\n  }}")
    conf = folder / "krb5.conf"
    conf.write_text("\n".join(text) + "\n" + more)
    return client_environment(conf, folder / "ccache")


def client_environment(conf, ccache):
    """The environment for Kerberos clients with this krb5.conf and this credential cache file."""
    return {**clean_environment(), "KRB5_CONFIG": str(conf), "KRB5CCNAME": f"FILE:{ccache}",
            "KRB5RCACHEDIR": str(pathlib.Path(ccache).parent)}


def kinit(env, principal, password=None, keytab=None, options=(), program=None):
    """A stock kinit (MIT's unless `program` says otherwise) by password or keytab; returns a Ran."""
    program = program or mit("kinit")
    if keytab is not None:
        return program.run(*options, "-k", "-t", keytab, principal, env=env)
    if re.search(r"heimdal", program.path):
        return program.run(*options, "--password-file=STDIN", principal, env=env, input=password + "\n")
    return program.run(*options, principal, env=env, input=password + "\n")


def klist(env):
    """The credential cache as {service: (client, flags)}, by MIT's klist."""
    listing = mit("klist").run("-f", "-C", env=env).ok().out
    client = re.search(r"^Default principal: (\S+)", listing, re.M).group(1)
    tickets = {}
    for service, rest in re.findall(r"^\d\d/\d\d/\d\d\S* .*?  (\S+@\S*)\n((?:\t.*\n?)*)", listing, re.M):
        for_client = re.search(r"for client (\S+?),", rest)
        flags = re.search(r"Flags: (\w+)", rest)
        tickets[service] = (for_client.group(1) if for_client else client, flags.group(1) if flags else "")
    return tickets


def heimdal_delegate(env, user, front_end, target, evidence):
    """S4U2Self and S4U2Proxy by Heimdal's kgetcred, by a signed-in front end; `evidence` is a new ccache file for the first's
    ticket. Returns the Ran of the second, or of the first where that failed."""
    first = heimdal("kgetcred").run("--forwardable", f"--impersonate={user}", f"--out-cache=FILE:{evidence}", front_end, env=env)
    if first.status != 0:
        return first
    return heimdal("kgetcred").run(f"--delegation-credential-cache=FILE:{evidence}", target, env=env)
