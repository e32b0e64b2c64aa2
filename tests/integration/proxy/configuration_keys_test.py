"""The keys of the configuration: the reader, the JSON schema, the man page and the guide have the same ones; and --print-config."""

import json
import pathlib
import re
import subprocess
import tempfile
import tomllib
import unittest

from samples.support import foreign

TOP = foreign.TOP
SCHEMA = json.loads((TOP / "proxy/package/stead-proxy.schema.json").read_text())
BASE = '[server]\nlisten = ["127.0.0.1:1"]\n[identity]\nprincipal = "HTTP/f@R"\nkeytab = "none"\n[sign_in.forms]\n'
ROUTE = '[[route]]\nupstreams = ["http://a", "http://b"]\ndelegation = "none"\n'

# Where each table of the schema stands in a file: "KEY" is an assignment.
TABLES = {
    "": ("KEY\n" + BASE + ROUTE, SCHEMA),
    "server": (BASE.replace("[identity]", "KEY\n[identity]") + ROUTE, SCHEMA["properties"]["server"]),
    "listener": (BASE.replace('"127.0.0.1:1"', '{ address = "127.0.0.1:1", KEY }') + ROUTE, SCHEMA["$defs"]["listener"]),
    "own certificate": (BASE.replace("[identity]", 'certificates = [{ certificate = "a", key = "b", KEY }]\n[identity]') + ROUTE, SCHEMA["$defs"]["certificate"]),
    "hsts": (BASE.replace("[identity]", 'certificate = "a"\nkey = "b"\nhsts = { max_age = "1d", KEY }\n[identity]') + ROUTE, SCHEMA["$defs"]["hsts"]),
    "identity": (BASE.replace("[sign_in.forms]", "KEY\n[sign_in.forms]") + ROUTE, SCHEMA["properties"]["identity"]),
    "locator": (BASE + "[locator]\nKEY\n" + ROUTE, SCHEMA["properties"]["locator"]),
    "realm": (BASE + '[locator.realm."R"]\nkdc_proxy = "https://a/b"\nKEY\n' + ROUTE, SCHEMA["$defs"]["realm"]),
    "controller": (BASE + '[[locator.realm."R".controllers]]\naddress = "10.0.0.1"\nKEY\n' + ROUTE, SCHEMA["$defs"]["controller"]),
    "tickets": (BASE + "[tickets]\nKEY\n" + ROUTE, SCHEMA["properties"]["tickets"]),
    "sign_in": (BASE + "[sign_in]\nKEY\n" + ROUTE, SCHEMA["properties"]["sign_in"]),
    "kerberos": (BASE + "[sign_in.kerberos]\nKEY\n" + ROUTE, SCHEMA["properties"]["sign_in"]["properties"]["kerberos"]),
    "forms": (BASE + "KEY\n" + ROUTE, SCHEMA["properties"]["sign_in"]["properties"]["forms"]),
    "certificate": (BASE.replace("[identity]", 'certificate = "a"\nkey = "b"\n[identity]') + '[sign_in.certificate]\nca = "x"\nrevocation = "none"\nKEY\n' + ROUTE, SCHEMA["properties"]["sign_in"]["properties"]["certificate"]),
    "session": (BASE + "[session]\nKEY\n" + ROUTE, SCHEMA["properties"]["session"]),
    "shared": (BASE + '[shared]\nredis = "redis://a"\nKEY\n' + ROUTE, SCHEMA["properties"]["shared"]),
    "pages": (BASE + "[pages]\nKEY\n" + ROUTE, SCHEMA["properties"]["pages"]),
    "limits": (BASE + "[limits]\nKEY\n" + ROUTE, SCHEMA["properties"]["limits"]),
    "route": (BASE + ROUTE + "KEY\n", SCHEMA["$defs"]["route"]),
    "upstream": (BASE + '[[route]]\ndelegation = "none"\n[[route.upstreams]]\nurl = "http://a"\nKEY\n', SCHEMA["$defs"]["upstream"]),
    "health": (BASE + ROUTE + '[route.health]\npath = "/"\nKEY\n', SCHEMA["$defs"]["health"]),
    "redirect": (BASE + '[[route]]\n[route.redirect]\nto = "/x"\nKEY\n', SCHEMA["$defs"]["redirect"]),
    "answer": (BASE + "[[route]]\n[route.answer]\nKEY\n", SCHEMA["$defs"]["answer"]),
}


class Reader(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def run_proxy(self, text, option="--print-config"):
        (self.folder / "proxy.toml").write_text(text)
        return foreign.built("stead-proxy").run("--config", self.folder / "proxy.toml", option)


class Keys(Reader):
    def keys_of_reader(self, file):
        """The reader says what it knows when it meets a key that it does not."""
        ran = self.run_proxy(file.replace("KEY", "no_such_key = 1"))
        self.assertEqual(ran.status, 2)
        found = re.search(r'unknown key "no_such_key" in .*, which has: (.*)', ran.err)
        self.assertTrue(found, ran.err)
        return set(found.group(1).split())

    def test_the_schema_has_the_keys_of_the_reader(self):
        for name, (file, schema) in TABLES.items():
            self.assertEqual(set(schema["properties"]), self.keys_of_reader(file), name)
            self.assertFalse(schema["additionalProperties"], name)

    def test_every_table_of_the_schema_is_among_them(self):
        def tables(schema):
            if "properties" in schema:
                yield json.dumps(schema["properties"], sort_keys=True)
            for below in schema.values():
                if isinstance(below, dict):
                    yield from tables(below)

        self.assertEqual(set(tables(SCHEMA)), {json.dumps(schema["properties"], sort_keys=True) for _, schema in TABLES.values()})

    def test_the_man_page_is_made_of_the_schema(self):
        made = subprocess.run([TOP / "proxy/package/schema_to_man"], capture_output=True, text=True, check=True).stdout
        self.assertEqual((TOP / "proxy/stead-proxy.toml.5").read_text(), made)
        for name, (_, schema) in TABLES.items():
            for key in schema["properties"]:
                self.assertRegex(made, rf"(?m)^(\.B {key}\\fR = |\.SH \[.*\b{key}\]?)", name)

    def test_the_guide_has_every_key(self):
        guide = (TOP / "proxy/README.md").read_text()
        for name, (_, schema) in TABLES.items():
            for key in schema["properties"]:
                self.assertRegex(guide, rf"`[^`\n]*\b{key}\b[^`\n]*`|\[{key}\]|\[sign_in\.{key}\]|\b{key}\s*=", name)

    def test_a_value_of_another_kind_is_refused_at_its_place(self):
        """The schema's kinds are the reader's: what the one takes for a wrong kind, the other does."""
        wrong = {"string": "17", "array": '"x"', "integer": '"x"', "boolean": '"x"', "object": "17"}
        for name, (file, schema) in TABLES.items():
            for key, value in schema["properties"].items():
                kind = value.get("type")
                if kind is None or re.search(rf"(?m)^{key} = ", file[:file.index("KEY")].rpartition("[")[2] if name else ""):
                    continue
                if re.search(rf"(?m)^\[+([a-z_.]*\.)?{key}\b", file):
                    continue
                text = file.replace("KEY", f"{key} = {wrong[kind]}")
                line = text[:text.index(f"{key} = {wrong[kind]}")].count("\n") + 1
                ran = self.run_proxy(text)
                self.assertEqual(ran.status, 2, (name, key))
                self.assertRegex(ran.err, rf"proxy\.toml:{line}:\d+: ", (name, key))
                self.assertNotIn("unknown key", ran.err, (name, key))

    def test_defaults_are_those_in_effect(self):
        printed = tomllib.loads(self.run_proxy(BASE + ROUTE).ok().out)
        for name in ("server", "identity", "tickets", "session", "limits", "pages"):
            for key, value in SCHEMA["properties"][name]["properties"].items():
                if "default" in value and key in printed.get(name, {}):
                    shown = printed[name][key]
                    if key != "key_file":  # a path
                        self.assertEqual(seconds(shown), seconds(value["default"]), (name, key))
        for key, value in SCHEMA["$defs"]["route"]["properties"].items():
            if "default" in value and key in printed["route"][0] and key != "delegation":
                self.assertEqual(printed["route"][0][key], value["default"], key)


def seconds(value):
    """Times in seconds; others as they are."""
    found = re.fullmatch(r"(\d+)([smhd])", value) if isinstance(value, str) else None
    return int(found.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found.group(2)] if found else value


class Print(Reader):
    def test_it_is_a_configuration_with_the_same_effect(self):
        text = (TOP / "samples/proxy.toml").read_text()
        first = self.run_proxy(text).ok().out
        (self.folder / "again.toml").write_text(first)
        again = foreign.built("stead-proxy").run("--config", self.folder / "again.toml", "--print-config").ok().out
        self.assertEqual(first.partition("\n")[2], again.partition("\n")[2])
        values = tomllib.loads(first)
        self.assertEqual(values["session"]["key_file"], str(self.folder / "session.key"))
        self.assertEqual(values["limits"]["header_bytes"], 65536)
        self.assertEqual([route["path"] for route in values["route"]], ["/reports/", "/ledger/", "/backend/", "/denied/", "/orders/", "/legacy/"])

    def test_everything_that_a_route_may_say_comes_back(self):
        (self.folder / "sorry.html").write_text("<p>Sorry</p>")
        text = BASE + """[locator]
nameservers = ["10.0.0.1:53"]
[locator.realm."R"]
controllers = [{ name = "dc.r", address = "10.0.0.2", kerberos_port = 8088 }]
[sign_in]
deny_delegation_of = ["S-1-5-21-*-512"]
[limits]
lame_duck = "5s"
[[route]]
host = "*.Example.com"
path = "/app/"
strip_prefix = "/app"
sign_in = ["forms"]
allow = ["*@R", "S-1-5-21-1-2-3-1104", "frontend$@R"]
deny = ["bob@R"]
allowed_origins = ["https://portal.example.com"]
upstreams = [{ url = "http://a:81/x", weight = 3 }, { url = "https://b", backup = true }]
balance = "least_connections"
health = { path = "/health", status = [200, 204], kerberos = true }
slow_start = "30s"
reply_timeout = "90s"
retries = 1
body_bytes = 4096
set_request_headers = { "X-Api-Key" = "verysecret" }
set_response_headers = { "X-Frame-Options" = "DENY" }
address_map = { "http://internal" = "client" }
public = ["/app/static/"]
preflight = true
spn = "HTTP/a"
mutual = "required"
[[route]]
host = "old.example.com"
redirect = { to = "https://www.example.com", keep_path = true }
[[route]]
path = "/down/"
answer = { file = "sorry.html", retry_after = "10m" }
"""
        first = self.run_proxy(text).ok().out
        self.assertNotIn("verysecret", first)
        self.assertIn('set_request_headers = { "X-Api-Key" = "(left out)" }', first)
        (self.folder / "again.toml").write_text(first)
        again = foreign.built("stead-proxy").run("--config", self.folder / "again.toml", "--print-config").ok().out
        self.assertEqual(first.partition("\n")[2].replace("# answer: its file was read\n", ""), again.partition("\n")[2])
        values = tomllib.loads(first)
        self.assertEqual([route["path"] for route in values["route"]], ["/app/", "/app/static/", "/", "/down/"])
        self.assertEqual(values["route"][0]["upstreams"][0], {"url": "http://a:81/x", "weight": 3, "backup": False})
        self.assertEqual({one.upper() for one in values["route"][0]["allow"]}, {"*@R", "FRONTEND$@R", "S-1-5-21-1-2-3-1104"})

    def test_included_files_are_in_it(self):
        (self.folder / "more.toml").write_text(ROUTE.replace("[[route]]", '[[route]]\npath = "/more/"'))
        out = self.run_proxy('include = ["more.toml"]\n' + BASE + ROUTE).ok().out
        self.assertEqual([route["path"] for route in tomllib.loads(out)["route"]], ["/", "/more/"])
        self.assertIn(f"# With {self.folder}/more.toml.", out)


if __name__ == "__main__":
    unittest.main()
