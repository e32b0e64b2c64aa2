#include "proxy/headers/backend_target.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

std::string cut(std::string_view target, bool ignore_case = false) {
  Route route;
  route.strip_prefix = "/app/x";
  route.ignore_case = ignore_case;
  const auto out = target_for_backend(route, target);
  return out ? std::string(*out) : "refused";
}

TEST(BackendTarget, HasNoPrefix) {
  EXPECT_EQ(cut("/app/x/a?b"), "/a?b");
  EXPECT_EQ(cut("/app/x/"), "/");
  EXPECT_EQ(cut("/app/x"), "");
  EXPECT_EQ(cut("/app/x?a=/b"), "?a=/b");
  EXPECT_EQ(cut("*"), "*");
  EXPECT_EQ(cut("/app/x/app/x/"), "/app/x/");
}

TEST(BackendTarget, HasNoneInAnySpelling) {
  EXPECT_EQ(cut("/%61pp/x/a"), "/a");
  EXPECT_EQ(cut("//app///x/a"), "/a");
  EXPECT_EQ(cut("/app/%78/%61"), "/%61") << "the rest stays as it was sent";
  EXPECT_EQ(cut("/APP/X/A", true), "/A");
}

TEST(BackendTarget, IsNeverANetworkPath) {
  EXPECT_EQ(cut("/app/x//evil.example/"), "/evil.example/");
}

TEST(BackendTarget, IsRefusedWhereThePrefixCannotBeTold) {
  EXPECT_EQ(cut("/app;v=1/x/a"), "refused");
  EXPECT_EQ(cut("/app/x%2fa"), "refused");
  EXPECT_EQ(cut("/app/xy"), "refused");
  EXPECT_EQ(cut("/APP/x/a"), "refused");
  EXPECT_EQ(cut("/app"), "refused");
}

TEST(BackendTarget, IsTheWholeOneWithoutAPrefix) {
  EXPECT_EQ(target_for_backend(Route{}, "//a"), "//a");
}

}  // namespace
}  // namespace stead::proxy
