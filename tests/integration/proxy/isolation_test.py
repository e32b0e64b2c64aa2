# ctest: TIMEOUT 300
# ctest: RUN_SERIAL
"""No answer under another user's name: many users at once, through the proxy, to a back end that binds the identity to the connection."""

import asyncio
import collections
import re
import unittest
import urllib.parse

from samples.support import foreign
from samples.support.apache import Apache
from samples.support.forest import Forest
from tests.support.async_answer import read_answer
from tests.support.proxy import Proxy, route

USERS = 200
REQUESTS = 50       # of each user, in parallel
USERS_AT_ONCE = 6
PASSWORD = "one for all 1"
REALM = "MANY.EXAMPLE"

FOREST = f"""
[[domain]]
realm = "{REALM}"
netbios = "MANY"
sid = "S-1-5-21-11-22-33"
forest = "many.example"
[[domain.controller]]
name = "kdc.many.example"
address = "127.0.21.1"
level = "2016"
[[domain.account]]
name = "web$"
password = "web of many"
spns = ["HTTP/web.many.example"]
upn = "HTTP/web.many.example@MANY.EXAMPLE"
flags = ["trusted_to_auth_for_delegation"]
allowed_to_delegate_to = ["HTTP/app.many.example"]
[[domain.account]]
name = "app$"
password = "app of many"
spns = ["HTTP/app.many.example"]
""" + "\n".join(f'[[domain.account]]\nname = "user{i}"\npassword = "{PASSWORD}"' for i in range(USERS))


class Client:
    def __init__(self, proxy):
        self.proxy = proxy

    async def request(self, text):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        try:
            writer.write(text.encode())
            await writer.drain()
            return await asyncio.wait_for(read_answer(reader), 60)
        finally:
            writer.close()

    def get(self, path, cookie=""):
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.proxy.host}:{self.proxy.port}", "Accept: text/html"]
        return self.request("\r\n".join(lines + ([f"Cookie: {cookie}"] if cookie else [])) + "\r\n\r\n")

    async def sign_in(self, user):
        form = await self.get("/.stead/login")
        csrf = re.search(r'name="csrf" value="([^"]+)"', form.body).group(1)
        body = urllib.parse.urlencode({"username": user, "password": PASSWORD, "return": "/", "csrf": csrf})
        answer = await self.request(f"POST /.stead/login HTTP/1.1\r\nHost: {self.proxy.host}:{self.proxy.port}\r\nCookie: {form.cookies()}\r\n"
                                    f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        assert answer.status == 303, f"{user}: {answer.status}"
        return answer.cookies()


class Isolation(unittest.TestCase):
    def test_many_users_at_once_each_see_themselves(self):
        with Forest(FOREST, free_ports=True) as forest, \
                Apache(forest.keytab(f"app$@{REALM}"), forest.env["KRB5_CONFIG"], connection_bound=True, replay_cache=False) as back_end, \
                Proxy(forest, [route("/", back_end.url, "HTTP/app.many.example", sign_in=["forms"])], host="web.many.example",
                      principal=f"HTTP/web.many.example@{REALM}", account=f"web$@{REALM}", sign_in="[sign_in.forms]\n", tls=False) as proxy:
            wrong, statuses = asyncio.run(self.load(proxy))
            self.assertEqual(wrong, [], "answers under another user's name")
            self.assertEqual(statuses, {200: USERS * REQUESTS}, proxy.log()[-2000:])
            asked = collections.Counter(re.findall(r" (S4U2Self|S4U2Proxy) client=", forest.log()))
            self.assertEqual(asked, {"S4U2Self": USERS, "S4U2Proxy": USERS}, "exchanges: one of each a user and target")

    async def load(self, proxy):
        client = Client(proxy)
        wrong, statuses = [], collections.Counter()
        gate = asyncio.Semaphore(USERS_AT_ONCE)

        async def one_request(user, cookie, number):
            answer = await client.get(f"/{user}/{number}", cookie)
            statuses[answer.status] += 1
            seen = re.search(r"^REMOTE_USER=(.*)$", answer.body, re.M)
            if answer.status == 200 and (seen is None or seen.group(1) != f"{user}@{REALM}"):
                wrong.append((user, seen and seen.group(1)))

        async def one_user(user):
            async with gate:
                cookie = await client.sign_in(user)
                await asyncio.gather(*(one_request(user, cookie, number) for number in range(REQUESTS)))

        await asyncio.gather(*(one_user(f"user{i}") for i in range(USERS)))
        return wrong, statuses


if __name__ == "__main__":
    unittest.main()
