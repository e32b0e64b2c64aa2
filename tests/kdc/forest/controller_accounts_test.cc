#include "kdc/forest/controller_accounts.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "kdc/forest/forest_file.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kForest = R"(
[[domain]]
realm = "A.EXAMPLE"
sid = "S-1-5-21-1-2-3"
[[domain.controller]]
name = "dc1.a.example"
address = "127.0.0.1"
[[domain.controller]]
name = "a-very-long-name.a.example"
address = "127.0.0.2"
[[domain.account]]
name = "dc1$"
rid = 1000
password = "of the file"
spns = ["HTTP/dc1.a.example"]
[[domain.account]]
name = "other$"
password = "x"
spns = ["ldap/dc1.a.example"]
)";

bool has_spn(const Account& account, std::string_view spn) {
  return std::find(account.spns.begin(), account.spns.end(), spn) != account.spns.end();
}

TEST(ControllerAccounts, AreMadeWhereTheFileHasNone) {
  auto file = parse_forest(kForest, "forest.toml", ".");
  ASSERT_TRUE(file.errors.empty()) << file.errors.front();
  Domain& domain = file.forest.domains.front();
  const Account* made = find_account(domain, "A-VERY-LONG-NAM$");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->rid, 1001u);
  EXPECT_TRUE(has_spn(*made, "ldap/a-very-long-name.a.example"));
  EXPECT_TRUE(has_spn(*made, "GC/a-very-long-name.a.example/a.example"));
  EXPECT_FALSE(made->secret.keys.empty());
  EXPECT_FALSE(add_controller_accounts(domain));
}

TEST(ControllerAccounts, OfTheFileGetTheSpnsThatNobodyHas) {
  auto file = parse_forest(kForest, "forest.toml", ".");
  const Account* own = find_account(file.forest.domains.front(), "dc1$");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->secret.password, "of the file");
  EXPECT_TRUE(has_spn(*own, "HOST/dc1.a.example"));
  EXPECT_TRUE(has_spn(*own, "ldap/DC1"));
  EXPECT_FALSE(has_spn(*own, "ldap/dc1.a.example"));
}

}  // namespace
}  // namespace stead::kdc
