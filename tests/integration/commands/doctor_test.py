"""`stead doctor` in forests with one fault each: it names the check that is broken and what mends it; a healthy forest it leaves alone."""
# ctest: TIMEOUT 400

import base64
import contextlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import threading
import unittest

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support import clock

PASSWORD = "grist for 1 mill"
FRONT = "HTTP/gate.mill.example"
FLOUR = "HTTP/flour.mill.example"
BREAD = "HTTP/bread.bakery.example"

FOREST = f"""
[[domain]]
realm   = "MILL.EXAMPLE"
netbios = "MILL"
sid     = "S-1-5-21-711-712-713"
forest  = "mill.example"
account = [
  {{ name = "wanda", password = "{PASSWORD}" }},
  {{ name = "greta", password = "{PASSWORD}", flags = ["not_delegated"] }},
  {{ name = "otto", password = "{PASSWORD}", flags = ["disabled"] }},
  {{ name = "gate$", upn = "{FRONT}@MILL.EXAMPLE", password = "{PASSWORD} gate", flags = ["trusted_to_auth_for_delegation"], spns = ["{FRONT}"], allowed_to_delegate_to = ["{FLOUR}"] }},
  {{ name = "flour$", password = "{PASSWORD} flour", spns = ["{FLOUR}"] }},
  {{ name = "sieve$", password = "{PASSWORD} sieve", spns = ["HTTP/sieve.mill.example"] }},
]

[[domain.controller]]
name    = "dc1.mill.example"
address = "127.0.71.1"
level   = "2016"

[[domain]]
realm   = "BAKERY.EXAMPLE"
netbios = "BAKERY"
sid     = "S-1-5-21-721-722-723"
forest  = "bakery.example"
account = [
  {{ name = "bread$", password = "{PASSWORD} bread", spns = ["{BREAD}"], allowed_to_act = ['MILL\\gate$'] }},
  {{ name = "crumb$", password = "{PASSWORD} crumb", spns = ["HTTP/crumb.bakery.example"] }},
]

[[domain.controller]]
name    = "dc1.bakery.example"
address = "127.0.71.2"
level   = "2019"

[[trust]]
domains  = ["MILL.EXAMPLE", "BAKERY.EXAMPLE"]
kind     = "forest"
password = "between mill and bakery"
"""


def route(spn, upstream="http://127.0.0.1:9", path="/", **more):
    lines = ["[[route]]", f'path = "{path}"', 'sign_in = ["kerberos", "forms"]', f'upstreams = ["{upstream}"]', f'spn = "{spn}"']
    return "\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in more.items()]) + "\n"


class _Web(http.server.BaseHTTPRequestHandler):
    """A back end of the wrong kind: `answer` decides."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, headers = self.server.answer(self)
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web(answer):
    """An HTTP server for the block; `answer(request)` gives status and header fields."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    server.daemon_threads = True
    server.answer = answer
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def setUpModule():
    global PUBLIC
    PUBLIC = unittest.enterModuleContext(web(lambda request: (200, {})))


def public_route():
    """A route without sign-in to a page that answers everybody: the proxy's file needs one, and it has no fault."""
    return f'[[route]]\nupstreams = ["{PUBLIC}"]\ndelegation = "none"\n'


class Case(unittest.TestCase):
    """`examine` runs the doctor and returns its JSON; `broken` is the set of ids that it found at fault."""

    maxDiff = None

    def examine(self, forest, *args, routes="", keytab="gate$@MILL.EXAMPLE", principal=f"{FRONT}@MILL.EXAMPLE", locator=None, status=None, mode=0o600, env=None,
                server='listen = ["127.0.0.1:8443"]\n', tables=""):
        folder = forest.folder / "proxy"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        source = keytab if isinstance(keytab, pathlib.Path) else forest.keytab(keytab)
        shutil.copy(source, folder / "gate.keytab")
        os.chmod(folder / "gate.keytab", mode)
        config = folder / "proxy.toml"
        config.write_text(f'[server]\n{server}[identity]\nprincipal = "{principal}"\nkeytab = "gate.keytab"\n'
                          f'{locator or forest.stead_toml.read_text()}\n[sign_in.kerberos]\n[sign_in.forms]\n{tables}{routes or public_route()}')
        ran = foreign.built("stead").run("doctor", "--config", config, "--json", *args, env=env or forest.env, timeout=60)
        out = json.loads(ran.out)
        self.assertEqual(set(out), {"checks", "healthy"})
        for check in out["checks"]:
            self.assertLessEqual({"id", "name", "result", "symptom", "proof", "fix", "steps"}, set(check))
            self.assertIn(check["result"], ("ok", "fault", "unjudged", "skipped"))
            self.assertTrue(all(step["kind"] in ("look", "change", "note") and step["place"] for step in check["steps"]), check)
            if check["result"] == "fault":
                self.assertTrue(check["symptom"] and check["proof"] and check["fix"], check)
            elif check["result"] != "ok":
                self.assertTrue(check["symptom"], check)
        self.assertEqual(out["healthy"], not self.broken(out))
        self.assertEqual(ran.status, status if status is not None else 0 if out["healthy"] else 1, ran)
        return out

    def broken(self, out):
        return {check["id"] for check in out["checks"] if check["result"] == "fault"}

    def fault(self, out, check_id):
        found = [check for check in out["checks"] if check["id"] == check_id and check["result"] == "fault"]
        self.assertTrue(found, [c for c in out["checks"] if c["result"] == "fault"])
        return found[0]

    def result(self, out, check_id):
        return {check["result"] for check in out["checks"] if check["id"] == check_id}

    def only(self, out, *ids):
        """These checks are broken and no other; returns the first."""
        self.assertEqual(self.broken(out), set(ids), [c for c in out["checks"] if c["result"] == "fault"])
        return self.fault(out, ids[0])


class Domain(Case):
    """Faults of the network and of the front end's account, and the SPNs of what it publishes."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True))

    def test_healthy(self):
        out = self.examine(self.forest)
        self.assertEqual(self.broken(out), set())
        for check_id in ("N2", "N3", "N4", "N7", "N8", "A1", "A2", "A3", "A4", "A5", "A6", "A8"):
            self.assertEqual(self.result(out, check_id), {"ok"}, check_id)
        self.assertEqual(self.result(out, "N1"), {"skipped"})

    def test_a_keytab_that_others_may_read(self):
        check = self.only(self.examine(self.forest, mode=0o640), "A6")
        self.assertRegex(check["fix"][0], r"^chmod 600 .*/gate\.keytab$")

    def test_a_keytab_that_is_older_than_the_password(self):
        changed = FOREST.replace(f"{PASSWORD} gate", "another one")
        with Forest(changed, free_ports=True) as before:
            old = before.folder / "old.keytab"
            shutil.copy(before.keytab("gate$@MILL.EXAMPLE"), old)
            check = self.only(self.examine(self.forest, keytab=old), "A2")
            self.assertIn("KDC_ERR_PREAUTH_FAILED", check["proof"])
            # The commands for this machine write a keytab with which all is well; ktpass comes after what it does to the password.
            command, warning, ktpass = check["fix"]
            self.assertRegex(warning, r"^# ktpass sets a new password of gate\$")
            self.assertRegex(ktpass, "^ktpass .* /pass [*]")
            foreign.run("bash", "-c", command, input=f"{PASSWORD} gate\n", env=self.forest.env).ok()
            shutil.copy(command.rpartition(" ")[2].strip("'"), old)
            self.assertEqual(self.result(self.examine(self.forest, keytab=old), "A2"), {"ok"})

    def test_a_keytab_with_another_number(self):
        wrong = self.forest.folder / "wrong.keytab"
        wrong.unlink(missing_ok=True)
        foreign.mit("ktutil").run(input=f"addent -password -p {FRONT}@MILL.EXAMPLE -k 7 -e aes256-cts -s MILL.EXAMPLEhostgate.mill.example\n"
                                        f"{PASSWORD} gate\nwkt {wrong}\n", env=self.forest.env).ok()
        check = self.only(self.examine(self.forest, keytab=wrong), "A2")
        self.assertIn("kvno 7", check["proof"])

    def test_a_keytab_of_another_account(self):
        check = self.only(self.examine(self.forest, keytab="sieve$@MILL.EXAMPLE"), "A2")
        self.assertIn("HTTP/sieve.mill.example", check["proof"])

    def test_a_published_host_without_an_spn(self):
        out = self.examine(self.forest, routes=route(FLOUR, host="shop.mill.example", delegation="none"))
        check = self.fault(out, "A4")
        self.assertEqual(check["fix"], ["setspn -S HTTP/shop.mill.example gate$"])
        self.assertIn("KDC_ERR_S_PRINCIPAL_UNKNOWN", check["proof"])

    def test_a_published_host_whose_spn_is_elsewhere(self):
        out = self.examine(self.forest, routes=route(FLOUR, host="sieve.mill.example", delegation="none"))
        check = self.fault(out, "A5")
        self.assertIn("setspn -Q HTTP/sieve.mill.example", check["fix"])

    def test_the_own_spn_on_another_account(self):
        moved = FOREST.replace(f'spns = ["{FRONT}"]', 'spns = ["HTTP/other.mill.example"]').replace('spns = ["HTTP/sieve.mill.example"]', f'spns = ["{FRONT}"]')
        with Forest(FOREST, free_ports=True) as before, Forest(moved, free_ports=True) as forest:
            check = self.only(self.examine(forest, keytab=before.keytab(f"{FRONT}@MILL.EXAMPLE")), "A5")
        self.assertIn(f"setspn -S {FRONT} gate$", check["fix"])

    def test_the_own_account_disabled(self):
        with Forest(FOREST.replace('flags = ["trusted_to_auth_for_delegation"], spns', 'flags = ["trusted_to_auth_for_delegation", "disabled"], spns'), free_ports=True) as forest:
            check = self.only(self.examine(forest), "A1")
        self.assertIn("Enable-ADAccount gate$ -Server MILL.EXAMPLE", check["fix"])

    def test_a_realm_in_lower_case(self):
        check = self.fault(self.examine(self.forest, principal=f"{FRONT}@mill.example"), "N7")
        self.assertIn(f'principal = "{FRONT}@MILL.EXAMPLE"', check["fix"])

    def test_a_clock_that_is_off(self):
        env = clock.off_by(1200, self.forest.env)
        check = self.only(self.examine(self.forest, env=env), "N3")
        self.assertIn("20 min", check["proof"])
        self.assertIn("chronyc makestep", check["fix"])

    def test_a_controller_that_is_silent(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            port, = foreign.free_ports(1, "127.0.71.9")
            udp.bind(("127.0.71.9", port))
            tcp.bind(("127.0.71.9", port))
            tcp.listen()
            locator = self.forest.stead_toml.read_text().replace(
                'controllers = [', f'controllers = [{{ name = "dc9.example", address = "127.0.71.9", kerberos_port = {port}, ldap_port = {port} }}, ', 1)
            check = self.only(self.examine(self.forest, locator=locator), "N2")
        self.assertIn("dc9.example", check["subject"])
        self.assertIn("silent", check["proof"])

    def test_a_port_that_is_closed(self):
        dc = self.forest.controllers("MILL.EXAMPLE")[0]
        closed, = foreign.free_ports(1, dc["address"])
        locator = self.forest.stead_toml.read_text().replace(
            'controllers = [', f'controllers = [{{ name = "dc2.mill.example", address = "{dc["address"]}", kerberos_port = {dc["kerberos_port"]}, ldap_port = {closed} }}, ')
        check = self.fault(self.examine(self.forest, locator=locator), "N2")
        self.assertIn(f"-Protocol UDP -LocalPort {closed}", check["fix"][0])

    def test_nobody_answers(self):
        closed = foreign.free_ports(1, "127.0.71.1")[0]
        locator = f'[locator.realm."MILL.EXAMPLE"]\ncontrollers = [{{ name = "dc1.mill.example", address = "127.0.71.1", kerberos_port = {closed}, ldap_port = {closed} }}]\n'
        check = self.only(self.examine(self.forest, locator=locator, status=3), "N2")
        self.assertIn("refused", check["proof"])

    def test_usage_and_files(self):
        stead = foreign.built("stead")
        self.assertEqual(stead.run("doctor").status, 2)
        self.assertEqual(stead.run("doctor", "--config", "/nonexistent").status, 2)
        path = self.forest.folder / "bad.toml"
        start = '[server]\nlisten = ["127.0.0.1:8443"]\n[identity]\nprincipal = "HTTP/x@Y"\nkeytab = "k"\n'
        path.write_text(start + '\n[[route]]\nupstreams = ["nonsense"]\n')
        ran = stead.run("doctor", "--config", path)
        self.assertEqual(ran.status, 2)
        self.assertIn(f"{path}:8:", ran.err)
        path.write_text(start + '\n[sign_in.forms]\nunknown = "key"\n' + public_route())
        ran = stead.run("doctor", "--config", path)  # what `stead-proxy --check` refuses, the doctor refuses
        self.assertEqual(ran.status, 2)
        self.assertIn(f"{path}:8:", ran.err)
        path.write_text(start + public_route())
        self.assertEqual(stead.run("doctor", "--config", path, "--for", "wanda").status, 2)
        self.assertIn("F4", stead.run("doctor", "--help").ok().out)
        self.assertEqual(stead.run("doctor", "--config", path, "--for", "wanda", "--service", "nonsense").status, 2)


class Act(Case):
    """A user and a service: the whole chain, with one link broken at a time."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True))

    def act(self, user="wanda", service=BREAD, forest=None, **kw):
        return self.examine(forest or self.forest, "--for", user, "--service", service, **kw)

    def changed(self, *pairs):
        text = FOREST
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return Forest(text, free_ports=True)

    def test_healthy_across_forests(self):
        for user in ("wanda", "wanda@mill.example", "MILL\\wanda"):
            with self.subTest(user):
                out = self.act(user)
                self.assertEqual(self.broken(out), set())
                for check_id in ("S1", "S2", "S5", "U1", "U2", "U3", "U4", "A7", "D3", "D4", "D5", "D6", "D7"):
                    self.assertEqual(self.result(out, check_id), {"ok"}, check_id)

    def test_healthy_by_the_list_of_an_old_controller(self):
        with self.changed(('level   = "2016"', 'level   = "2008R2"')) as forest:
            out = self.act(service=FLOUR, forest=forest)
        self.assertEqual(self.broken(out), set())
        for check_id in ("D1", "D2", "D4", "D5", "D8"):
            self.assertEqual(self.result(out, check_id), {"ok"}, check_id)

    def test_no_protocol_transition(self):
        with self.changed(('flags = ["trusted_to_auth_for_delegation"], spns', "spns")) as forest:
            check = self.only(self.act(service=FLOUR, forest=forest), "D1")
        self.assertIn("Set-ADAccountControl gate$ -TrustedToAuthForDelegation $true -Server MILL.EXAMPLE", check["fix"])
        self.assertIn("STATUS_ACCOUNT_RESTRICTION", check["proof"])

    def test_an_spn_that_the_list_lacks(self):
        out = self.act(service="HTTP/sieve.mill.example")
        check = self.only(out, "D2")  # the directory says by LDAP that the front end has a list, and what it lacks
        self.assertEqual(check["fix"], ["Set-ADComputer gate$ -Add @{'msDS-AllowedToDelegateTo'='HTTP/sieve.mill.example'} -Server MILL.EXAMPLE"])
        self.assertIn("msDS-AllowedToActOnBehalfOfOtherIdentity of sieve$ does not name gate$", check["symptom"])

    def test_an_spn_that_the_list_lacks_by_an_old_controller(self):
        with self.changed(('level   = "2016"', 'level   = "2008"')) as forest:
            self.only(self.act(service="HTTP/sieve.mill.example", forest=forest), "D2")

    def test_a_back_end_that_allows_nobody(self):
        check = self.only(self.act(service="HTTP/crumb.bakery.example"), "D3")
        self.assertEqual(check["fix"], ["Set-ADComputer crumb$ -PrincipalsAllowedToDelegateToAccount gate$ -Server BAKERY.EXAMPLE"])
        self.assertIn("STATUS_NOT_FOUND", check["proof"])

    def test_old_controllers_alone(self):
        with self.changed(('level   = "2016"', 'level   = "2008R2"'), ('level   = "2019"', 'level   = "2008"')) as forest:
            check = self.only(self.act(forest=forest), "D5")
        self.assertTrue(any("/ds_8" in line for line in check["fix"]))
        self.assertIn("2008", check["proof"])

    def test_a_sensitive_user(self):
        check = self.only(self.act("greta"), "U3")
        self.assertIn("Set-ADAccountControl greta -AccountNotDelegated $false -Server MILL.EXAMPLE", check["fix"])

    def test_a_disabled_user(self):
        check = self.only(self.act("otto"), "U2")
        self.assertIn("Enable-ADAccount otto -Server MILL.EXAMPLE", check["fix"])

    def test_an_unknown_user(self):
        for user in ("nobody", "nobody@nowhere.example"):
            with self.subTest(user):
                check = self.only(self.act(user), "U1")
                self.assertTrue(any(line.startswith("Get-ADUser") for line in check["fix"]))

    def test_an_spn_of_no_account(self):
        out = self.act(service="HTTP/nothere.mill.example")
        check = self.only(out, "S1")
        self.assertIn("KDC_ERR_S_PRINCIPAL_UNKNOWN", check["proof"])
        self.assertIn("setspn -Q HTTP/nothere.mill.example", check["fix"])
        self.assertEqual(self.result(out, "D3"), {"skipped"})

    def test_a_chain_that_breaks_early_is_not_followed(self):
        out = self.act(keytab="sieve$@MILL.EXAMPLE")
        self.only(out, "A2")
        for check_id in ("S1", "U1", "U3", "D1", "D3", "D4"):
            self.assertEqual(self.result(out, check_id), {"skipped"}, check_id)
            self.assertEqual({c["symptom"] for c in out["checks"] if c["id"] == check_id}, {"A2 is broken"})

    def test_the_report_for_a_person(self):
        self.act("greta")
        ran = foreign.built("stead").run("doctor", "--config", self.forest.folder / "proxy/proxy.toml", "--for", "greta", "--service", BREAD, env=self.forest.env)
        self.assertEqual(ran.status, 1, ran)
        self.assertRegex(ran.out, r"(?m)^U3  .*greta@MILL\.EXAMPLE +FAULT$")
        self.assertRegex(ran.out, r"(?m)^  symptom  .*sensitive")
        self.assertRegex(ran.out, r"(?m)^  proof    S4U2Self .* to dc1\.mill\.example \(127\.0\.71\.1:\d+, level 2016\): ticket")
        self.assertRegex(ran.out, r"(?m)^  fix      Set-ADAccountControl greta")


class ByDns(Case):
    """Without [locator.realm]: the domain's DNS is asked."""

    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True))

    def nameserver(self, more=""):
        """dnsmasq with the forest's zones, and the [locator] table that asks it."""
        address = self.enterContext(self.forest.nameserver(more=more))
        return f'[locator]\nnameservers = ["{address}"]\n'

    def test_healthy(self):
        out = self.examine(self.forest, "--for", "wanda", "--service", BREAD, locator=self.nameserver())
        self.assertEqual(self.broken(out), set())
        self.assertEqual({c["subject"]: c["result"] for c in out["checks"] if c["id"] == "N1"}, {"MILL.EXAMPLE": "ok", "BAKERY.EXAMPLE": "ok"})

    def test_no_nameserver(self):
        check = self.only(self.examine(self.forest, locator=f'[locator]\nnameservers = ["127.0.0.1:{foreign.free_port()}"]\n', status=3), "N1")
        self.assertIn("nslookup -type=SRV _kerberos._tcp.mill.example", check["fix"])

    def test_a_public_name_that_is_an_alias(self):
        locator = self.nameserver("host-record=sieve.mill.example,127.0.71.77\nhost-record=gate.mill.example,127.0.71.78\n"
                                  "cname=shop.mill.example,sieve.mill.example\ncname=door.mill.example,gate.mill.example")
        out = self.examine(self.forest, locator=locator, routes="".join(route(FLOUR, host=f"{host}.mill.example", delegation="none") for host in ("shop", "door")))
        self.assertEqual({c["subject"]: c["result"] for c in out["checks"] if c["id"] == "F2"}, {"shop.mill.example": "fault", "door.mill.example": "ok"})
        self.assertIn("setspn -S HTTP/sieve.mill.example gate$", self.fault(out, "F2")["fix"])


class BackEnds(Case):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(FOREST, free_ports=True))
        cls.krb5_conf = pathlib.Path(cls.forest.env["KRB5_CONFIG"])

    def act(self, upstream, *args, **kw):
        return self.examine(self.forest, *(args or ("--for", "wanda", "--service", BREAD)), routes=route(BREAD, upstream), **kw)

    def test_healthy(self):
        with Apache(self.forest.keytab("bread$@BAKERY.EXAMPLE"), self.krb5_conf) as back_end:
            out = self.act(back_end.url)
            self.assertEqual(self.broken(out), set())
            for check_id in ("B1", "B2", "B3", "B5", "B6", "B7", "B8", "S4", "F3"):
                self.assertEqual(self.result(out, check_id), {"ok"}, check_id)
            self.assertIn("wanda@MILL.EXAMPLE", "".join(back_end.access_log()))

    def test_healthy_over_tls(self):
        with Apache(self.forest.keytab("bread$@BAKERY.EXAMPLE"), self.krb5_conf, tls=["bread.bakery.example"]) as back_end:
            out = self.examine(self.forest, "--for", "wanda", "--service", BREAD, routes=route(BREAD, back_end.url, upstream_ca=str(back_end.ca)))
            self.assertEqual(self.broken(out), set())
            self.assertEqual(self.result(out, "B4"), {"ok"})
            self.fault(self.examine(self.forest, routes=route(BREAD, back_end.url)), "B1")  # its CA is nobody's

    def test_healthy_without_a_user(self):
        with Apache(self.forest.keytab("bread$@BAKERY.EXAMPLE"), self.krb5_conf) as back_end:
            out = self.examine(self.forest, routes=route(BREAD, back_end.url))
        self.assertEqual(self.broken(out), set())
        self.assertEqual(self.result(out, "B1"), {"ok"})

    def test_an_identity_bound_to_the_connection_is_reported(self):
        with Apache(self.forest.keytab("bread$@BAKERY.EXAMPLE"), self.krb5_conf, connection_bound=True) as back_end:
            out = self.act(back_end.url)
        self.assertEqual(self.broken(out), set())
        self.assertIn("it is bound", [c["proof"] for c in out["checks"] if c["id"] == "B6"][0])

    def test_another_key(self):
        other = FOREST.replace(f"{PASSWORD} bread", "another one")
        with Forest(other, free_ports=True) as forest:
            keytab = self.forest.folder / "other.keytab"
            shutil.copy(forest.keytab("bread$@BAKERY.EXAMPLE"), keytab)
        with Apache(keytab, self.krb5_conf) as back_end:
            check = self.only(self.act(back_end.url), "S4")
        self.assertIn("KRB_AP_ERR_MODIFIED", check["symptom"])
        self.assertIn(f"setspn -Q {BREAD}", check["fix"])

    def test_basic_alone(self):
        with web(lambda request: (401, {"WWW-Authenticate": 'Basic realm="x"'})) as url:
            check = self.fault(self.act(url), "B1")
            self.assertIn("Basic", check["proof"])
            self.only(self.examine(self.forest, routes=route(BREAD, url)), "B1")

    def test_down(self):
        closed = foreign.free_port()
        check = self.only(self.act(f"http://127.0.0.1:{closed}"), "B1")
        self.assertIn("refused", check["proof"].lower())

    def test_a_token_taken_only_after_a_challenge(self):
        asked = set()

        def answer(request):
            if "Authorization" in request.headers and request.client_address in asked:
                return 200, {}
            asked.add(request.client_address)
            return 401, {"WWW-Authenticate": "Negotiate"}
        with web(answer) as url:
            self.only(self.act(url), "B3")

    def test_no_spnego(self):
        def answer(request):
            token = base64.b64decode(request.headers.get("Authorization", "Negotiate ")[10:])
            raw = token[:1] == b"\x60" and b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" in token[:20]
            return (200, {}) if raw else (401, {"WWW-Authenticate": "Negotiate"})
        with web(answer) as url:
            self.only(self.act(url), "B2")

    def test_a_reply_that_proves_nothing(self):
        def answer(request):
            if "Authorization" in request.headers:
                return 200, {"WWW-Authenticate": "Negotiate " + base64.b64encode(b"nonsense").decode()}
            return 401, {"WWW-Authenticate": "Negotiate"}
        with web(answer) as url:
            self.only(self.act(url), "B8")

    def test_a_token_that_is_too_long(self):
        with web(lambda r: (431, {}) if "Authorization" in r.headers else (401, {"WWW-Authenticate": "Negotiate"})) as url:
            self.only(self.act(url), "U4")

    def test_another_host(self):
        with web(lambda r: (421, {})) as url:
            self.only(self.examine(self.forest, routes=route(BREAD, url)), "B7")

    def test_a_clock_that_is_off(self):
        with web(lambda r: (401, {"WWW-Authenticate": "Negotiate"})) as url:
            out = self.examine(self.forest, routes=route(BREAD, url), env=clock.off_by(-1200, self.forest.env))
        self.assertEqual(self.only(out, "N3")["subject"], "this computer")

    def test_one_that_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            check = self.only(self.examine(self.forest, routes=route(BREAD, f"http://127.0.0.1:{silent.getsockname()[1]}")), "B5")
        self.assertIn("in time", check["proof"])


def tearDownModule():
    clock.remove()


if __name__ == "__main__":
    unittest.main()
