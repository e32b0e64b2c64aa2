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
    return router.match("h", path_for_policy(path)).route->path;
  };
  EXPECT_EQ(path_of_route("/"), "/");
  EXPECT_EQ(path_of_route("/reports"), "/");
  EXPECT_EQ(path_of_route("/reports/"), "/reports/");
  EXPECT_EQ(path_of_route("/reports/2026"), "/reports/");
  EXPECT_EQ(path_of_route("/reports/secret"), "/reports/secret");
  EXPECT_EQ(path_of_route("/reports/secret/x"), "/reports/secret");
  EXPECT_EQ(path_of_route("/reports/secrets"), "/reports/");
  EXPECT_EQ(path_of_route("/reports//%73ecret;v=1/x"), "/reports/secret");
  EXPECT_EQ(path_of_route("/api/x"), "/api");
  EXPECT_EQ(path_of_route("/apix"), "/");
}

TEST(Router, PrefersANamedHostAmongEquals) {
  const std::vector<Route> routes{route("", "/a/"), route("one.example", "/a/"), route("one.example", "/b/")};
  const Router router(routes);
  EXPECT_EQ(router.match("one.example", "/a/x").index, 1U);
  EXPECT_EQ(router.match("two.example", "/a/x").index, 0U);
  EXPECT_EQ(router.match("two.example", "/b/x").route, nullptr);
  EXPECT_TRUE(router.match("two.example", "/b/x").known_host);
}

TEST(Router, KnowsNoHostThatNoRouteNames) {
  const std::vector<Route> routes{route("one.example", "/")};
  const Router router(routes);
  EXPECT_FALSE(router.match("two.example", "/").known_host);
  EXPECT_FALSE(router.match("", "/").known_host);
  EXPECT_TRUE(router.match("one.example", "/").known_host);
}

TEST(Reserved, IsWhatLiesBelowStead) {
  EXPECT_TRUE(is_reserved("/.stead"));
  EXPECT_TRUE(is_reserved("/.stead/login"));
  EXPECT_FALSE(is_reserved("/.steady"));
  EXPECT_FALSE(is_reserved("/a/.stead/"));
}

}  // namespace
}  // namespace stead::proxy
