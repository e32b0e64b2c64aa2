#include "proxy/upstream/router.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace stead::proxy {
namespace {

Route route(std::string host, std::string path) {
  Route out;
  out.host = std::move(host);
  out.path = std::move(path);
  return out;
}

TEST(PathForPolicy, IsWhatABackEndMayRead) {
  EXPECT_EQ(path_for_policy("/a/b"), "/a/b");
  EXPECT_EQ(path_for_policy("/%61dmin/"), "/admin/");
  EXPECT_EQ(path_for_policy("//admin///x"), "/admin/x");
  EXPECT_EQ(path_for_policy("/admin;a=b/x;c"), "/admin/x");
  EXPECT_EQ(path_for_policy("/a%3bb/c"), "/a/c");
  EXPECT_EQ(path_for_policy("/%2Estead/login"), "/.stead/login");
}

TEST(Router, TakesTheLongestPrefixOnASegmentsBorder) {
  const std::vector<Route> routes{route("", "/"), route("", "/reports/"), route("", "/reports/secret"),
                                  route("", "/api")};
  const Router router(routes);
  const auto path_of_route = [&](std::string_view path) {
    const Router::Match match = router.match("h", readings_of(path));
    return match.ambiguous ? "ambiguous" : match.route->path;
  };
  EXPECT_EQ(path_of_route("/"), "/");
  EXPECT_EQ(path_of_route("/reports"), "/reports/");
  EXPECT_EQ(path_of_route("/reports/"), "/reports/");
  EXPECT_EQ(path_of_route("/reports/2026"), "/reports/");
  EXPECT_EQ(path_of_route("/reports/secret"), "/reports/secret");
  EXPECT_EQ(path_of_route("/reports/secret/x"), "/reports/secret");
  EXPECT_EQ(path_of_route("/reports/secrets"), "/reports/");
  EXPECT_EQ(path_of_route("/reports//%73ecret/x;v=1"), "/reports/secret");
  EXPECT_EQ(path_of_route("/api/x"), "/api");
  EXPECT_EQ(path_of_route("/apix"), "/");
}

TEST(Router, RefusesWhatABackEndMayReadAsAnotherRoute) {
  const std::vector<Route> routes{route("", "/"), route("", "/admin/"), route("", "/public")};
  const Router router(routes);
  const auto ambiguous = [&](std::string_view path) { return router.match("h", readings_of(path)).ambiguous; };
  for (const char* const path : {"/admin./x",
                                 "/admin.../x",
                                 "/admin%20/x",
                                 "/admin.%20./x",
                                 "/admin::$INDEX_ALLOCATION/x",
                                 "/admin:x/y",
                                 "/admin%2fx",
                                 "/admin%2Fx",
                                 "/x%2fadmin",
                                 "/admin;x/y",
                                 "/admin%3bx/y",
                                 "/%61dmin;/y",
                                 "/%2561dmin/x",
                                 "/%252561dmin/x",
                                 "/admin%252fx",
                                 "/admin%252e/x",
                                 "/public;/secret",
                                 "/public%2fsecret",
                                 "/public%252fsecret",
                                 "/.stead%2flogin",
                                 "/.stead./login",
                                 "/%252estead/login",
                                 "/.stead;x/login",
                                 "/admin%3a%3a$INDEX_ALLOCATION/x",
                                 "/admin%2e/x"}) {
    const bool no_other_route = std::string_view(path) == "/x%2fadmin";
    EXPECT_EQ(ambiguous(path), !no_other_route) << path;
  }
  for (const char* const path : {"/a%2fb", "/admin/a%2fb", "/admin/x;y/z", "/a.b./c", "/admin/x./y", "/a:b/c",
                                 "/100%25/x", "/a%252fb", "/admin/%2561", "/administrator%2fx", "/x/y.", "/"})
    EXPECT_FALSE(ambiguous(path)) << path;
}

TEST(Router, IgnoresCaseWhereTheBackEndDoes) {
  std::vector<Route> routes{route("", "/"), route("", "/Admin/"), route("", "/open/"), route("", "/open/Inner/")};
  routes[1].ignore_case = true;
  routes[2].ignore_case = true;
  const Router router(routes);
  const auto path_of_route = [&](std::string_view path) { return router.match("h", readings_of(path)).route->path; };
  for (const char* const path : {"/ADMIN/x", "/admin", "/%41dMIN/x", "/Admin"})
    EXPECT_EQ(path_of_route(path), "/Admin/");
  EXPECT_EQ(path_of_route("/OPEN/x"), "/open/");
  EXPECT_EQ(path_of_route("/open/inner/x"), "/open/Inner/");  // the back end of /open/ takes both for one
  EXPECT_EQ(path_of_route("/ADMINX"), "/");
  EXPECT_TRUE(router.match("h", readings_of("/ADMIN./x")).ambiguous);
  const std::vector<Route> exact{route("", "/"), route("", "/admin/")};
  EXPECT_EQ(Router(exact).match("h", readings_of("/ADMIN/x")).index, 0U);
}

TEST(FaultOfPath, IsWhatNoRouteMayServe) {
  for (const char* const path : {"/a/../b",
                                 "/a/..",
                                 "/./a",
                                 "/a/%2e%2E/b",
                                 "/a/.%2e/b",
                                 "/a/..;x/b",
                                 "/x/..%3b/admin/x",
                                 "/x/%2e%2e%3bv/admin",
                                 "/x/..%2fadmin",
                                 "/x%2f..%2fadmin",
                                 "/x%2f%2e%2e",
                                 "/..%20/a",
                                 "/x/..%20%20/a",
                                 "/..:x/a",
                                 "/..%3a/a",
                                 "/%252e%252e/a",
                                 "/%25252e./a",
                                 "/..%252fa",
                                 "/a%5cb",
                                 "/a\\b",
                                 "/a%255cb",
                                 "/..%5ca",
                                 "/%c0%ae/a",
                                 "/%c0%ae%c0%ae/a",
                                 "/a%c0%afb",
                                 "/a%c1%9cb",
                                 "/a%e0%80%afb",
                                 "/%e0%80%ae",
                                 "/%f0%80%80%ae",
                                 "/%f8%80%80%80%ae",
                                 "/%fc%80%80%80%80%ae",
                                 "/%c0.",
                                 "/%c0%2e",
                                 "/%c0%5c",
                                 "/%25c0%25ae",
                                 "/a%00",
                                 "/a%2500b",
                                 "/a%0d%0aX:b",
                                 "/a%4",
                                 "/a%",
                                 "/a%zz",
                                 "/%u002e",
                                 "/a%2525252541"})
    EXPECT_NE(fault_of_path(path), "") << path;
  for (const char* const path :
       {"/", "/a%2fb", "/a%2F%2fb", "/.well-known/..a/a../...", "/B%FCro", "/%E4", "/%C3%A4", "/100%25", "/a%253db",
        "/a;b", "/a%20b", "/Web/GetFolderByServerRelativeUrl('%2Fsites%2Fa')", "/%C1gua"})
    EXPECT_EQ(fault_of_path(path), "") << path;
}

TEST(Router, PrefersANamedHostAmongEquals) {
  const std::vector<Route> routes{route("", "/a/"), route("one.example", "/a/"), route("one.example", "/b/")};
  const Router router(routes);
  EXPECT_EQ(router.match("one.example", readings_of("/a/x")).index, 1U);
  EXPECT_EQ(router.match("two.example", readings_of("/a/x")).index, 0U);
  EXPECT_EQ(router.match("two.example", readings_of("/b/x")).route, nullptr);
  EXPECT_TRUE(router.match("two.example", readings_of("/b/x")).known_host);
}

TEST(Router, LetsTheHostChooseBeforeThePath) {
  const std::vector<Route> routes{route("", "/app/"), route("one.example", "/"), route("*.example", "/app/x/"),
                                  route("*.sub.example", "/")};
  const Router router(routes);
  const auto index = [&](std::string_view host, std::string_view path) {
    const Router::Match match = router.match(host, readings_of(path));
    return match.route != nullptr ? static_cast<int>(match.index) : -1;
  };
  EXPECT_EQ(index("one.example", "/app/y"), 1) << "the longer path of any host does not go before a host's own route";
  EXPECT_EQ(index("two.example", "/app/x/y"), 2);
  EXPECT_EQ(index("two.example", "/app/y"), 0) << "no route of the host has the path";
  EXPECT_EQ(index("two.example", "/y"), -1);
  EXPECT_EQ(index("a.sub.example", "/app/x/y"), 3) << "the longer wildcard goes first";
  EXPECT_EQ(index("a.b.sub.example", "/"), 3) << "a wildcard has any number of labels";
  EXPECT_EQ(index("sub.example", "/y"), -1) << "*.sub.example is not sub.example";
  EXPECT_EQ(index(".example", "/app/x/"), 0);
  EXPECT_EQ(index("elsewhere", "/app/x/"), 0);
}

TEST(Router, KnowsNoHostThatNoRouteNames) {
  const std::vector<Route> routes{route("one.example", "/")};
  const Router router(routes);
  EXPECT_FALSE(router.match("two.example", readings_of("/")).known_host);
  EXPECT_FALSE(router.match("", readings_of("/")).known_host);
  EXPECT_TRUE(router.match("one.example", readings_of("/")).known_host);
}

TEST(Router, TakesTheNamedHostWhetherOrNotThePathEndsWithASlash) {
  const std::vector<Route> routes{route("", "/a/"), route("one.example", "/a")};
  EXPECT_EQ(Router(routes).match("one.example", readings_of("/a/x")).index, 1U);
}

TEST(Reserved, IsWhatLiesBelowStead) {
  EXPECT_TRUE(is_reserved("/.stead"));
  EXPECT_TRUE(is_reserved("/.stead/login"));
  EXPECT_FALSE(is_reserved("/.steady"));
  EXPECT_FALSE(is_reserved("/a/.stead/"));
}

}  // namespace
}  // namespace stead::proxy
