"""Several back ends on a route: a dead one costs no request, a frozen one at most one time-out; checks, and what the operator sees."""

import collections
import concurrent.futures
import pathlib
import tempfile
import time
import unittest

from samples.support import foreign
from tests.support.plain_proxy import PlainProxy
from tests.support.proxy import make_certificate


def three(more=""):
    """Routes to three back ends, a, b and c."""
    def make(proxy):
        urls = [proxy.back_end(name).url for name in "abc"]
        return f'[[route]]\ndelegation = "none"\nupstreams = {urls}\n{more}\n'.replace("'", '"')
    return make


class ThreeBackEnds(unittest.TestCase):
    def names(self, proxy, count, **options):
        """How often each back end answered; every answer is a 200."""
        seen = collections.Counter()
        for _ in range(count):
            status, _, text = proxy.ask(**options)
            self.assertEqual(status, 200, text + proxy.tail())
            seen[text.split("\n")[0]] += 1
        return seen

    def test_each_has_its_turn(self):
        with PlainProxy(three()) as proxy:
            seen = self.names(proxy, 60)
            self.assertEqual(set(seen), set("abc"))
            self.assertGreaterEqual(min(seen.values()), 10, seen)  # in turn on each core
            page = proxy.admin("/status")
            self.assertEqual(page.count("● up"), 6, page)  # of the route, and in the list of back ends

    def test_a_dead_one_costs_no_request_not_even_a_post(self):
        with PlainProxy(three()) as proxy:
            self.names(proxy, 12)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                def work(n):
                    return [proxy.ask("/x", "POST", body=b"order")[0] if n % 2 else proxy.ask("/slow/0.02")[0] for _ in range(40)]
                running = [pool.submit(work, n) for n in range(4)]
                time.sleep(0.1)
                proxy.back_ends[1].kill()
                failed = [s for one in running for s in one.result() if s != 200]
            # A POST that the dead one had begun to read is not sent twice.
            self.assertLessEqual(len(failed), 2, failed)
            self.assertEqual(set(self.names(proxy, 20)), set("ac"))
            self.assertEqual(set(self.names(proxy, 20, method="POST", body=b"order")), set("ac"))
            self.assertEqual(len(proxy.messages("upstream 127.0.0.1:.* is out: Connection refused")), 1)
            self.assertIn("Connection refused", proxy.admin("/status"))
            self.assertRegex(proxy.admin("/metrics"), r'stead_upstream_up\{upstream="http://127.0.0.1:\d+",check=""\} 0')
            proxy.back_ends[1].start()
            proxy.wait_for("is up again after")
            self.assertEqual(set(self.names(proxy, 20)), set("abc"))

    def test_a_frozen_one_costs_at_most_one_time_out(self):
        with PlainProxy(three(), more='[limits]\nupstream_reply_timeout = "3s"\n') as proxy:
            self.names(proxy, 12)
            proxy.back_ends[2].freeze()
            statuses = collections.Counter(proxy.ask()[0] for _ in range(60))
            self.assertLessEqual(statuses[504], 1, statuses)
            self.assertEqual(statuses[200] + statuses[504], 60, statuses)
            self.assertEqual(len(proxy.messages("is out: no response in time")), 1)
            time.sleep(4)  # it is not tried again by a user's request
            self.assertEqual(set(self.names(proxy, 20)), set("ab"))
            proxy.back_ends[2].thaw()
            proxy.wait_for("is up again after")
            self.assertEqual(set(self.names(proxy, 20)), set("abc"))

    def test_a_frozen_one_is_found_before_its_requests_time_out(self):
        with PlainProxy(three()) as proxy:
            self.names(proxy, 12)
            proxy.back_ends[0].freeze()
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                asked = [pool.submit(proxy.ask, timeout=60) for _ in range(6)]
                proxy.wait_for("is out: it does not answer the check in time", timeout=15)
                started = time.monotonic()
                self.assertEqual(set(self.names(proxy, 20)), set("bc"))
                self.assertLess(time.monotonic() - started, 5)
                proxy.back_ends[0].thaw()
                self.assertEqual({one.result()[0] for one in asked}, {200})

    def test_all_dead_is_a_502_and_ends_at_once_when_one_is_back(self):
        with PlainProxy(three()) as proxy:
            for back_end in proxy.back_ends:
                back_end.kill()
            for _ in range(3):
                self.assertEqual(proxy.ask()[0], 502)
            proxy.back_ends[0].start()
            self.assertEqual(set(self.names(proxy, 5)), {"a"})

    def test_checks_take_an_ill_one_out(self):
        def routes(proxy):
            urls = [proxy.back_end("a").url, proxy.back_end("b", state="ill").url]
            return (f'[[route]]\ndelegation = "none"\nupstreams = {urls}\n'.replace("'", '"') +
                    'health = { path = "/health", interval = "1s", timeout = "1s", rise = 1, fall = 2 }\n')
        with PlainProxy(routes) as proxy:
            proxy.wait_for("is out: status 503 at /health", timeout=10)
            self.assertEqual(set(self.names(proxy, 10)), {"a"})
            self.assertRegex(proxy.admin("/metrics"), r'stead_upstream_failed_checks_total\{upstream="http://127.0.0.1:\d+",check="/health"\} [1-9]')

    def test_weights_and_backups_count(self):
        def routes(proxy):
            a, b, c = (proxy.back_end(name).url for name in "abc")
            return (f'[[route]]\ndelegation = "none"\nupstreams = [{{ url = "{a}", weight = 3 }}, "{b}", {{ url = "{c}", backup = true }}]\n')
        with PlainProxy(routes, server="threads = 1") as proxy:
            self.assertEqual(self.names(proxy, 40), {"a": 30, "b": 10})
            proxy.back_ends[0].kill()
            proxy.back_ends[1].kill()
            self.assertEqual(set(self.names(proxy, 10)), {"c"})

    def test_sticky_keeps_a_client_at_one(self):
        with PlainProxy(three('balance = "sticky"')) as proxy:
            self.assertEqual(len(self.names(proxy, 20)), 1)


class TlsOfABackEnd(unittest.TestCase):
    def test_its_fault_is_told(self):
        with PlainProxy(self.routes) as proxy:
            for path, why in (("/unknown/", "its certificate is by an unknown CA: the system's authorities did not issue it"),
                              ("/wrong-name/", "its certificate has the wrong name: it is not for 127.0.0.2"),
                              ("/no-tls/", "its TLS handshake fails: ")):
                with self.subTest(path):
                    status, _, text = proxy.ask(path)
                    self.assertEqual(status, 502)
                    self.assertNotIn("certificate", text)  # the page says nothing of it
                    proxy.wait_for("is out: " + why)
            self.assertEqual(proxy.ask("/good/")[0], 200)

    @staticmethod
    def routes(proxy):
        pair = make_certificate(proxy.folder, ["back.test"])
        good = proxy.back_end("good", certificate=pair)
        plain = proxy.back_end("plain")
        def one(path, url, ca):
            return f'[[route]]\npath = "{path}"\ndelegation = "none"\nupstreams = ["{url}"]\n' + (f'upstream_ca = "{ca}"\n' if ca else "")
        return (one("/good/", good.url, pair[0]) + one("/unknown/", good.url, None) +
                one("/wrong-name/", f"https://127.0.0.2:{TlsOfABackEnd.at_2(proxy, pair)}", pair[0]) +
                one("/no-tls/", f"https://127.0.0.1:{plain.port}", pair[0]))

    @staticmethod
    def at_2(proxy, pair):
        """The port of a TLS server at 127.0.0.2, for which the certificate is not."""
        port = foreign.free_port("127.0.0.2")
        server = foreign.on_path("openssl").serve(
            "s_server", "-accept", f"127.0.0.2:{port}", "-cert", pair[0], "-key", pair[1], "-www", "-quiet",
            log=proxy.folder / "s_server.log", tcp=("127.0.0.2", port))
        proxy.others = [server]
        return port


class Refusals(unittest.TestCase):
    """Each is one line with its place; the status is 2."""

    def test_a_file_that_cannot_work(self):
        with tempfile.TemporaryDirectory() as folder:
            for keys, wanted in (
                    ('upstreams = ["http://a", "http://a"]', ":5:26: upstreams: http://a stands here twice"),
                    ('upstreams = ["http://a"]\nbalance = "fair"', ':6:11: [[route]] balance: "fair" is none of'),
                    ('upstreams = [{ url = "http://a", wait = 2 }]', ':5:34: unknown key "wait" in upstreams'),
                    ('upstreams = [{ url = "http://a", weight = 0 }]', ":5:"),
                    ('upstreams = [{ url = "http://a", backup = true }]', "all have backup = true"),
                    ('upstreams = ["http://a"]\nhealth = { path = "x" }', 'health path: "x" is not a path'),
                    ('upstreams = ["http://a"]\nhealth = { path = "/x", kerberos = true }', "health: kerberos = true needs"),
                    ('upstreams = ["http://a"]\nhealth = { path = "/x", timeout = "9s" }', "timeout is longer than interval"),
                    ('upstreams = ["http://a"]\nslow_start = "9s"', "slow_start has no meaning with one upstream")):
                with self.subTest(keys):
                    file = pathlib.Path(folder) / "proxy.toml"
                    file.write_text(f'[server]\nlisten = ["127.0.0.1:0"]\n[[route]]\ndelegation = "none"\n{keys}\n')
                    ran = foreign.built("stead-proxy").run("--config", file, "--check")
                    self.assertEqual(ran.status, 2, ran)
                    self.assertIn(wanted, ran.err)
                    self.assertRegex(ran.err, r"proxy.toml:\d+:\d+: ")
                    self.assertEqual(len(ran.err.strip().splitlines()), 1, ran.err)
