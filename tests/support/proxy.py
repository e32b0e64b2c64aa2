"""Runs stead-proxy in front of back ends, for a forest, and sends it requests by curl."""

import json
import pathlib
import re
import shutil
import signal
import time
import urllib.request

from samples.support import foreign
from samples.support.server_in_folder import ServerInFolder

FRONT = "frontend.root.fabrikam.com"


def make_certificate(folder, names, stem="front"):
    """A self-signed certificate for these names: returns the paths of STEM.crt and STEM.key."""
    certificate, key = pathlib.Path(folder) / f"{stem}.crt", pathlib.Path(folder) / f"{stem}.key"
    alternatives = ",".join([f"DNS:{name}" for name in names] + ["IP:127.0.0.1"])
    foreign.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}", "-keyout", key, "-out", certificate).ok()
    return certificate, key


def route(path, upstreams, spn=None, sign_in=("kerberos", "forms"), delegation=None, host=None, **more):
    """One [[route]] as text."""
    lines = ["[[route]]", f'path = "{path}"', f"sign_in = {json.dumps(list(sign_in))}",
             f"upstreams = {json.dumps([upstreams] if isinstance(upstreams, str) else list(upstreams))}"]
    for key, value in {"host": host, "spn": spn, "delegation": delegation, **more}.items():
        if value is not None:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


class Proxy(ServerInFolder):
    """A context manager: stead-proxy serves in the block; it must exit 0 at its end.

        with Forest(...) as forest, Proxy(forest, [route("/", back_end.url, "HTTP/reports.root.fabrikam.com")]) as proxy:
            proxy.curl("/", "--negotiate", "-u", ":", env=forest.env).ok()

    `sign_in` are the lines of the [sign_in] tables; `more` is put behind the file's tables. `tls=False`: plain HTTP. `env`
    is added to the environment of the process. `folder` holds proxy.toml, the keytab, the certificate and the log.
    """

    SIGN_IN = '[sign_in.kerberos]\n[sign_in.forms]\nrealm = "ROOT.FABRIKAM.COM"\n'

    NAME = "stead-proxy"
    ENDS_BY_0 = True

    def __init__(self, forest, routes, principal=f"HTTP/{FRONT}@ROOT.FABRIKAM.COM", account="frontend$@ROOT.FABRIKAM.COM", host=FRONT,
                 sign_in=SIGN_IN, server="", more="", tls=True, env=None):
        self.forest, self.routes, self.principal, self.account, self.host = forest, list(routes), principal, account, host
        self.sign_in, self.server, self.more, self.tls, self.extra_env = sign_in, server, more, tls, env or {}

    def _set_up(self):
        self.port, self.admin_port = foreign.free_ports(2)
        shutil.copy(self.forest.keytab(self.account), self.folder / "frontend.keytab")
        if self.tls:
            self.ca, _ = make_certificate(self.folder, [self.host])
        (self.folder / "rcache").mkdir(mode=0o700)
        self.file = self.folder / "proxy.toml"
        self.file.write_text(self.configuration())
        self.start()

    def configuration(self):
        certificate = 'certificate = "front.crt"\nkey = "front.key"\n' if self.tls else ""
        return (f'[server]\nlisten = ["127.0.0.1:{self.port}"]\nadmin = "127.0.0.1:{self.admin_port}"\n{certificate}{self.server}\n'
                f'[identity]\nprincipal = "{self.principal}"\nkeytab = "frontend.keytab"\n'
                f'{self.forest.stead_toml.read_text()}\n{self.sign_in}[session]\nkey_file = "session.key"\n{self.more}\n'
                + "".join(self.routes))

    @property
    def environment(self):
        return {**foreign.clean_environment(), "KRB5_CONFIG": self.forest.env["KRB5_CONFIG"],
                "KRB5RCACHEDIR": str(self.folder / "rcache"), **self.extra_env}

    def start(self):
        self._server = foreign.built("stead-proxy").serve("--config", self.file, env=self.environment, log=self.folder / "proxy.log",
                                                          tcp=("127.0.0.1", self.port))

    def reload(self, text=None, timeout=20):
        """Writes the configuration, sends SIGHUP, and returns what became of it: "used" or "refused"."""
        if text is not None:
            self.file.write_text(text)
        before = {result: self.metric("stead_reloads_total", result=result) for result in ("used", "refused")}
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for result, count in before.items():
                if self.metric("stead_reloads_total", result=result) > count:
                    return result
            time.sleep(0.02)
        raise AssertionError(f"no reload within {timeout} s\n{self.log()}")

    def check(self, *options):
        """Runs `stead-proxy --config FILE --check` and returns a Ran."""
        return foreign.built("stead-proxy").run("--config", self.file, "--check", *options, env=self.environment)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def log(self):
        """What the proxy logged so far. The cores hand over their lines a few times a second, so this waits until no more come, five
        seconds at most."""
        file, size, end = self.folder / "proxy.log", -1, time.monotonic() + 5
        while size != file.stat().st_size and time.monotonic() < end:
            size = file.stat().st_size
            time.sleep(0.4)
        return file.read_text(errors="backslashreplace")

    def must_log(self, pattern, count=1, timeout=20):
        """Waits until the log has `count` matches of the regular expression, and fails without them."""
        file, end = self.folder / "proxy.log", time.monotonic() + timeout
        while len(re.findall(pattern, text := file.read_text(errors="backslashreplace"))) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} is not {count} times in\n{text}")
            time.sleep(0.02)

    def access_log(self):
        """The lines of the access log so far, as objects."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith('{"time"')]

    def curl(self, path, *options, env=None, url=None):
        """curl to this proxy by its name; returns a Ran."""
        trust = ["--cacert", self.ca] if self.tls else []
        return foreign.run("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", *trust,
                           "--resolve", f"{self.host}:{self.port}:127.0.0.1", *options, f"{url or self.url}{path}",
                           env=env or foreign.clean_environment())

    def negotiate(self, path, *options, env):
        """curl with the Kerberos ticket of `env`."""
        return self.curl(path, "--negotiate", "-u", ":", *options, env=env)

    def log_in(self, user, password, jar, back="/"):
        """Signs in by the form with curl's cookie jar; returns the status and curl's Ran of the POST."""
        form = self.curl(f"/.stead/login?return={back}", "-b", jar, "-c", jar).ok().out
        csrf = re.search(r'name="csrf" value="([^"]*)"', form).group(1)
        ran = self.curl("/.stead/login", "-b", jar, "-c", jar, "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", f"Origin: {self.url}",
                        *[o for field, value in {"username": user, "password": password, "csrf": csrf, "return": back}.items()
                          for o in ("--data-urlencode", f"{field}={value}")]).ok()
        return int(ran.out.split()[0]), ran

    def admin(self, path):
        """The status and the body of a page at the administrator's port."""
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name, **labels):
        """The value of one metric; 0 where it has none."""
        text = ",".join(f'{key}="{value}"' for key, value in labels.items())
        found = re.search(rf"^{name}{re.escape('{' + text + '}') if text else ''} (\S+)$", self.admin("/metrics")[1], re.M)
        return float(found.group(1)) if found else 0
