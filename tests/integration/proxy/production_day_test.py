# ctest: TIMEOUT 300
# ctest: RUN_SERIAL
"""A day of production: users read through HAProxy and three replicas that share Redis, while the file is reloaded, each replica restarted, and a back
end, a domain controller and Redis are killed and come back. No request fails, nobody signs in again, nobody sees another user's page.

By hand, 300 requests a second for five minutes through 50 reloads: STEAD_DAY=300 python3 -m unittest production_day_test
"""

import asyncio
import collections
import os
import re
import threading
import time
import unittest
import urllib.parse

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.async_answer import read_body, read_head
from tests.support.haproxy import Haproxy
from tests.support.proxy import Proxy, route
from tests.support.redis import Redis

SECONDS = float(os.environ.get("STEAD_DAY", "20"))
RATE = 300              # requests a second, of all users
RELOADS_A_SECOND = 50 / 300
USERS = 30
PASSWORD = "one for all 1"
REALM = "DAY.EXAMPLE"

FOREST = f"""
[[domain]]
realm = "{REALM}"
netbios = "DAY"
sid = "S-1-5-21-11-22-34"
forest = "day.example"
[[domain.controller]]
name = "dc1.day.example"
address = "127.0.22.1"
level = "2016"
[[domain.controller]]
name = "dc2.day.example"
address = "127.0.22.2"
level = "2016"
[[domain.account]]
name = "web$"
password = "web of the day"
spns = ["HTTP/web.day.example"]
upn = "HTTP/web.day.example@{REALM}"
flags = ["trusted_to_auth_for_delegation"]
allowed_to_delegate_to = ["HTTP/app.day.example"]
[[domain.account]]
name = "app$"
password = "app of the day"
spns = ["HTTP/app.day.example"]
""" + "\n".join(f'[[domain.account]]\nname = "user{i}"\npassword = "{PASSWORD}"' for i in range(USERS))


class User:
    """A browser of one user: one connection, used again while it lasts. What a browser does on its own is done here too: a request on a connection
    that ended before the first byte of an answer is sent again on a new one."""

    def __init__(self, name, host, port):
        self.name, self.host, self.port = name, host, port
        self.cookies, self.again = "", 0
        self.reader = self.writer = None

    async def send(self, request):
        used = self.writer is not None
        if not used:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.writer.write(request)
            head = await asyncio.wait_for(read_head(self.reader), 30)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.leave()
            if not used or getattr(error, "partial", b""):
                raise
            self.again += 1
            return await self.send(request)
        answer = await asyncio.wait_for(read_body(head, self.reader), 30)
        if ("connection", "close") in answer.fields:
            self.leave()
        return answer

    def leave(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    def get(self, path):
        return self.send(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept: text/html\r\nCookie: {self.cookies}\r\n\r\n".encode())

    async def sign_in(self):
        form = await self.get("/.stead/login")
        csrf = re.search(r'name="csrf" value="([^"]+)"', form.body).group(1)
        body = urllib.parse.urlencode({"username": self.name, "password": PASSWORD, "return": "/", "csrf": csrf})
        answer = await self.send(f"POST /.stead/login HTTP/1.1\r\nHost: {self.host}\r\nCookie: {form.cookies()}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                                             f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        if answer.status != 303:
            raise AssertionError(f"{self.name} cannot sign in: {answer.status}")
        self.cookies = answer.cookies()


class Load(threading.Thread):
    """Users sign in once each and read until `end()`; then `statuses`, `wrong` (pages of another user) and `failed` (no answer) tell."""

    def __init__(self, host, port):
        super().__init__()
        self.users = [User(f"user{i}", f"{host}:{port}", port) for i in range(USERS)]
        self.statuses, self.wrong, self.failed, self.error = collections.Counter(), [], [], None
        self.longest = 0.0
        self.signed_in, self.ending = threading.Event(), False

    def run(self):
        try:
            asyncio.run(self.read())
        except BaseException as error:  # shown by end()
            self.error = error
        self.signed_in.set()

    async def read(self):
        for user in self.users:
            await user.sign_in()
        self.signed_in.set()
        self.began = time.monotonic()
        await asyncio.gather(*(self.one(user, n) for n, user in enumerate(self.users)))

    async def one(self, user, number):
        pause = USERS / RATE
        turn = time.monotonic() + pause * number / USERS
        while not self.ending:
            await asyncio.sleep(max(0, turn - time.monotonic()))
            turn = max(turn + pause, time.monotonic() - 1)
            began = time.monotonic()
            try:
                answer = await user.get(f"/{user.name}")
            except Exception as error:
                user.leave()
                self.failed.append((round(began - self.began, 2), user.name, repr(error)))
                continue
            self.longest = max(self.longest, time.monotonic() - began)
            self.statuses[answer.status] += 1
            if answer.status != 200:
                self.failed.append((round(began - self.began, 2), user.name, answer.status, answer.body[:1500]))
            elif f"REMOTE_USER={user.name}@{REALM}\n" not in answer.body:
                self.wrong.append((user.name, answer.body[:400]))
        user.leave()

    def end(self):
        self.ending = True
        self.join()
        if self.error:
            raise self.error


class Replica(Proxy):
    def __init__(self, forest, back_ends, redis):
        routes = [route("/", [back_end.url for back_end in back_ends], "HTTP/app.day.example", sign_in=["forms"])]
        super().__init__(forest, routes, host="web.day.example", principal=f"HTTP/web.day.example@{REALM}", account=f"web$@{REALM}", sign_in="[sign_in.forms]\n", tls=False,
                         more=f'[limits]\nlame_duck = "1s"\n[shared]\nredis = "{redis.url}"\n')

    def start(self):
        (self.folder / "session.key").write_bytes(bytes(range(32)))
        (self.folder / "session.key").chmod(0o600)
        super().start()

    def restart(self):
        if self.stop() != 0:
            raise AssertionError(self.log())
        self.start()


class Day(unittest.TestCase):
    def setUp(self):
        self.forest = self.enterContext(Forest(FOREST, free_ports=True, dcs=["dc1.day.example"]))
        self.second_dc = self.enterContext(Forest(self.forest.file, dcs=["dc2.day.example"]))
        keytab = self.forest.keytab(f"app$@{REALM}")
        self.back_ends = [self.enterContext(Apache(keytab, self.forest.env["KRB5_CONFIG"], replay_cache=False)) for _ in range(2)]
        self.redis = self.enterContext(Redis())
        self.replicas = [self.enterContext(Replica(self.forest, self.back_ends, self.redis)) for _ in range(3)]
        self.haproxy = self.enterContext(Haproxy([(replica.port, replica.admin_port) for replica in self.replicas]))

    def test_nobody_notices(self):
        load = Load("web.day.example", self.haproxy.port)
        load.start()
        try:
            load.signed_in.wait(60)
            self.live_through(load)
        finally:
            load.end()
        seconds = time.monotonic() - load.began
        told = f"{sum(load.statuses.values()) / seconds:.0f} requests a second for {seconds:.0f} s, {self.reloads} reloads, the slowest {load.longest:.2f} s, " \
               f"{sum(user.again for user in load.users)} sent again by the client\n"
        logs = "\n".join(line for replica in self.replicas for line in replica.log().splitlines() if not line.startswith("{"))[-6000:]
        self.assertEqual(load.wrong, [], told)
        self.assertEqual(load.failed, [], told + logs)
        self.assertGreater(load.statuses[200], RATE * seconds * 0.5, told)
        print(told, end="")

    def live_through(self, load):
        """Does what happens, at its time, and reloads all the while."""
        self.reloads = 0
        happens = [(0.10, self.back_ends[0].stop), (0.20, self.back_ends[0]._serve), (0.25, self.forest.stop), (0.40, self.forest.start),
                   (0.45, self.redis.kill), (0.55, self.redis.start)]
        happens += [(0.60 + 0.1 * n, replica.restart) for n, replica in enumerate(self.replicas)]
        next_reload = 0.0
        while (now := time.monotonic() - load.began) < SECONDS:
            if load.error:
                return
            if happens and now >= happens[0][0] * SECONDS:
                happens.pop(0)[1]()
            elif now >= next_reload:
                next_reload = now + 1 / RELOADS_A_SECOND
                self.reloads += 1
                for replica in self.replicas:
                    added = route(f"/public{self.reloads}/", self.back_ends[1].url, sign_in=[], delegation="none")
                    self.assertEqual(replica.reload(replica.configuration() + added), "used")
            else:
                time.sleep(0.05)
        self.assertEqual(happens, [], "not all of it happened: the machine is too slow")


if __name__ == "__main__":
    unittest.main()
