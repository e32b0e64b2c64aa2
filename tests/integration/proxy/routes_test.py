"""What routes do besides forwarding: prefixes, headers, redirections, fixed answers, public paths, preflights, limits."""

import unittest

from samples.support import foreign
from samples.support.forest import Forest
from tests.support.plain_proxy import BackEnd, PlainProxy
from tests.support.proxy import FRONT, Proxy, route


class PublicRoutes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.proxy = cls.enterClassContext(PlainProxy(cls.routes))

    @staticmethod
    def routes(proxy):
        url = proxy.back_end("a").url
        (proxy.folder / "sorry.html").write_text("<p>We are back at noon.</p>")

        def one(path, keys="", upstream=url):
            upstreams = f'upstreams = ["{upstream}"]\n' if upstream else ""
            return f'[[route]]\npath = "{path}"\ndelegation = "none"\n{upstreams}{keys}\n'
        return (one("/plain/") + one("/wiki/", 'strip_prefix = "/wiki"') + one("/new/", 'strip_prefix = "/new"', url + "/v2") +
                one("/fields/", 'set_request_headers = { "X-Site" = "intranet", "X-Remote-User" = "nobody" }\nremove_request_headers = ["X-Debug"]\n'
                    'set_response_headers = { "X-Frame-Options" = "DENY" }\nadd_response_headers = { "Link" = "</b>" }\n'
                    'remove_response_headers = ["Server"]') +
                one("/mapped/", 'address_map = { "http://wiki.internal" = "https://wiki.example", "http://app.internal:81" = "client" }') +
                one("/gone/", 'redirect = { to = "https://new.example/x", status = 301, keep_path = true }\nstrip_prefix = "/gone"', None) +
                one("/moved/", 'redirect = "/plain/"', None) +
                one("/sorry/", 'answer = { file = "sorry.html", retry_after = "10m" }') + one("/closed/", "answer = { status = 410 }", None) +
                one("/small/", "body_bytes = 10") + one("/slow/", 'reply_timeout = "1s"') +
                one("/", 'host = "app.example"').replace('path = "/"\n', 'path = "/"\nset_request_headers = { "X-Route" = "host" }\n') +
                one("/", 'host = "*.example"').replace('path = "/"\n', 'path = "/"\nset_request_headers = { "X-Route" = "wildcard" }\n'))

    def seen(self, path, **options):
        status, headers, text = self.proxy.ask(path, **options)
        self.assertEqual(status, 200, text)
        return headers, text

    def test_a_prefix_is_cut_off(self):
        for path, wanted in (("/wiki/a?b=/c", "/a?b=/c"), ("/wiki", "/"), ("/wiki?x", "/?x"), ("/%77iki//a", "/a"), ("/new/a", "/v2/a"),
                             ("/plain/a", "/plain/a")):
            with self.subTest(path):
                self.assertIn(f"\nGET {wanted}\n", self.seen(path)[1])
        status, _, text = self.proxy.ask("/wiki;x/a")
        self.assertEqual(status, 400, text)

    def test_a_prefix_comes_back_in_addresses_of_the_answer(self):
        headers, _ = self.seen("/wiki/a", headers={"X-Answer-Location": "/login?x", "X-Answer-Set-Cookie": "a=b; Path=/; HttpOnly"})
        self.assertEqual(headers["Location"], "/wiki/login?x")
        self.assertEqual(headers["Set-Cookie"], "a=b; Path=/wiki/; HttpOnly")

    def test_other_internal_names_are_mapped(self):
        for given, wanted in (("http://wiki.internal/a", "https://wiki.example/a"), ("http://app.internal:81/b", "http://127.0.0.1/b"),
                              ("http://other.internal/c", "http://other.internal/c")):
            self.assertEqual(self.seen("/mapped/", headers={"X-Answer-Location": given})[0]["Location"], wanted)

    def test_fields_are_set_and_removed(self):
        headers, text = self.seen("/fields/", headers={"X-Site": "elsewhere", "x_site": "elsewhere", "X-Debug": "1", "X-Remote-User": "root",
                                                       "X-Answer-X-Frame-Options": "ALLOWALL", "X-Answer-Link": "</a>"})
        self.assertIn("X-Site: intranet\n", text)
        self.assertIn("X-Remote-User: nobody\n", text)
        for word in ("elsewhere", "X-Debug", "root"):
            self.assertNotIn(word, text)
        self.assertEqual(headers.get_all("X-Frame-Options"), ["DENY"])
        self.assertEqual(headers.get_all("Link"), ["</a>", "</b>"])
        self.assertIsNone(headers["Server"])

    def test_redirections(self):
        for path, status, wanted in (("/gone/a?b", 301, "https://new.example/x/a?b"), ("/gone", 301, "https://new.example/x/"), ("/moved/a", 308, "/plain/")):
            with self.subTest(path):
                answer = self.proxy.ask(path)
                self.assertEqual((answer[0], answer[1]["Location"]), (status, wanted))

    def test_fixed_answers(self):
        status, headers, text = self.proxy.ask("/sorry/a", method="POST", body=b"x" * 1000)
        self.assertEqual((status, headers["Retry-After"], headers["Content-Type"], text),
                         (503, "600", "text/html; charset=utf-8", "<p>We are back at noon.</p>"))
        self.assertEqual(self.proxy.ask("/closed/")[0], 410)

    def test_a_body_that_is_too_long(self):
        self.assertEqual(self.proxy.ask("/small/", method="POST", body=b"x" * 10)[0], 200)
        self.assertEqual(self.proxy.ask("/small/", method="POST", body=b"x" * 11)[0], 413)
        self.assertEqual(self.proxy.ask("/small/", method="POST", body=iter([b"x" * 6, b"x" * 6]))[0], 413)
        self.assertEqual(self.proxy.ask("/small/", method="POST", body=iter([b"x" * 6] * 9000))[0], 413)

    def test_a_route_has_a_time_out_of_its_own(self):
        self.assertEqual(self.proxy.ask("/slow/0")[0], 200)
        self.assertEqual(self.proxy.ask("/slow/3")[0], 504)

    def test_the_host_chooses_first(self):
        for host, wanted in (("app.example", "host"), ("b.example", "wildcard"), ("a.b.example", "wildcard")):
            with self.subTest(host):
                self.assertIn(f"X-Route: {wanted}\n", self.seen("/plain/", host=host)[1])
        self.assertNotIn("X-Route", self.seen("/plain/", host="example")[1])


class RoutesWithUsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forest = cls.enterClassContext(Forest(foreign.TOP / "samples/forest.toml", free_ports=True))
        cls.back_end = BackEnd(cls.forest.folder, "users")
        cls.addClassCleanup(cls.back_end.kill)
        options = {"sign_in": ["forms"], "delegation": "none", "host": FRONT}
        cls.proxy = cls.enterClassContext(Proxy(cls.forest, [
            route("/app/", cls.back_end.url, public=["/app/static/"], preflight=True, **options),
            route("/asked/", cls.back_end.url, preflight="answer", allowed_origins=["https://portal.example"], **options),
            route("/closed/", cls.back_end.url, **options)]))

    def status(self, path, *options):
        return self.proxy.curl(path, "-o", "/dev/null", "-w", "%{http_code}", *options).ok().out

    def test_public_paths_need_no_user(self):
        self.assertEqual(self.status("/app/static/logo.png"), "200")
        for path in ("/app/", "/app/staticx", "/app/static/..%2f", "/app/static/..;/x", "/app/static%2f"):
            with self.subTest(path):
                self.assertIn(self.status(path, "--path-as-is"), ("401", "400"))

    def test_preflights(self):
        asked = ["-X", "OPTIONS", "-H", "Origin: https://portal.example", "-H", "Access-Control-Request-Method: PUT",
                 "-H", "Access-Control-Request-Headers: x-a"]
        self.assertEqual(self.status("/app/", *asked), "200")  # the back end's own answer
        self.assertEqual(self.status("/app/", "-X", "OPTIONS", "-H", "Origin: https://portal.example"), "401")
        self.assertEqual(self.status("/closed/", *asked), "401")
        answer = self.proxy.curl("/asked/", "-i", *asked).ok().out
        for line in ("HTTP/2 204", "access-control-allow-origin: https://portal.example", "access-control-allow-methods: PUT",
                     "access-control-allow-headers: x-a"):
            self.assertIn(line, answer)
        self.assertEqual(self.status("/asked/", "-X", "OPTIONS", "-H", "Origin: https://evil.example", "-H", "Access-Control-Request-Method: PUT"), "403")
