"""The story of samples/sdk_postgresql/run. Each step prints one line, "ok" or "FAILED" with the reason."""

import argparse
import json
import signal
import sys

from samples.support import app_server
from samples.support.app_server import AppServer, Services


class Story:
    def __init__(self):
        self.failed = False

    def step(self, what, act, expected):
        try:
            came = act()
        except AssertionError as why:
            came = why
        held = came == expected
        self.failed |= not held
        print(f"  {'ok    ' if held else 'FAILED'}  {what}: {came}" + ("" if held else f"\n          expected: {expected}"), flush=True)


def answer(app, path, env, *options):
    status, said = app.ask(path, *options, env=env)
    return f"{status} {json.dumps(said)}"


def who(name):
    principal = f"{name}@{app_server.REALM}"
    return "200 " + json.dumps({"signed_in_as": principal, "current_user": name, "principal": principal, "encrypted": True})


def tell(story, services, app, app_in_c):
    users = {name: services.sign_in(name) for name in ("alice", "bob", "carol")}
    for what, server in {"in C++": app, "in C by SSPI's names": app_in_c}.items():
        print(f"\nThe app server {what}, http://app.root.fabrikam.com:{server.port} at 127.0.0.1", flush=True)
        for name in ("alice", "bob"):
            story.step(f"{name} signs in by Negotiate; the app server asks the database for the current user", lambda: answer(server, "/whoami", users[name]), who(name))
        story.step("carol is sensitive: no service may act for her", lambda: answer(server, "/whoami", users["carol"]),
                   '403 {"error": "the directory does not let this server act for you"}')
    print("\nThe database shows users their own rows only", flush=True)
    story.step("bob writes a note", lambda: answer(app, "/notes", users["bob"], "--data", "buy milk"),
               '200 {"owner": "bob", "text": "buy milk"}')
    story.step("bob's notes", lambda: [note["text"] for note in app.ask("/notes", env=users["bob"])[1]], ["call the plumber", "buy milk"])
    story.step("alice's notes", lambda: [note["text"] for note in app.ask("/notes", env=users["alice"])[1]], ["renew the lease"])

    print("\nStock tools with a ticket that `stead s4u --ccache` wrote: no password, no TGT", flush=True)
    folder = app_server.ccache_folder(services)
    env = services.export("alice", folder / "alice.database", f"postgres/{app_server.DATABASE}")
    story.step("psql, SELECT current_user", lambda: services.database.psql("SELECT current_user", "alice", env).ok().out.strip(), "alice")
    env = services.export("bob", folder / "bob.directory", f"ldap/{app_server.DIRECTORY}")
    story.step("ldapwhoami", lambda: services.directory.client("ldapwhoami", "-Q", env=env).ok().out.strip(), "dn:uid=bob,cn=gssapi,cn=auth")
    story.step("ldapsearch", lambda: services.directory.client("ldapsearch", "-Q", "-LLL", "-b", "dc=directory", "(cn=printer)", "description", env=env).ok().out.strip(),
               "dn: cn=printer,dc=directory\ndescription: second floor")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the story")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    story = Story()
    with Services() as services, AppServer(services, "sdk_postgresql") as app, AppServer(services, "sdk_postgresql_sspi") as app_in_c:
        tell(story, services, app, app_in_c)
        if not arguments.once:
            client = services.forest.folder / "client" / "krb5.conf"
            print(f"\nTo look for yourself (Ctrl-C ends it; alice's password is {app_server.PASSWORD}):\n"
                  f"  export KRB5_CONFIG={client} KRB5CCNAME=FILE:{services.forest.folder}/mine; kinit alice\n"
                  f"  curl --negotiate -u : --resolve app.root.fabrikam.com:{app.port}:127.0.0.1 http://app.root.fabrikam.com:{app.port}/notes", flush=True)
            try:
                signal.pause()
            except KeyboardInterrupt:
                pass
    return 1 if story.failed else 0


if __name__ == "__main__":
    sys.exit(main())
