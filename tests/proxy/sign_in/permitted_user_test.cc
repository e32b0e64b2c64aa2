#include "proxy/sign_in/permitted_user.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/security/sid.h"

namespace stead::proxy {
namespace {

TEST(PrincipalKind, IsToldFromTheName) {
  const std::pair<const char*, PrincipalKind> rows[] = {
      {"alice@ROOT.EXAMPLE", PrincipalKind::person},
      {"j\\/d@ROOT.EXAMPLE", PrincipalKind::person},
      {"krbtgtx@ROOT.EXAMPLE", PrincipalKind::person},
      {"frontend$@ROOT.EXAMPLE", PrincipalKind::machine},
      {"HTTP/web.root.example@ROOT.EXAMPLE", PrincipalKind::service},
      {"host/pc@ROOT.EXAMPLE", PrincipalKind::service},
      {"krbtgt/ROOT.EXAMPLE@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"krbtgt/OTHER@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"krbtgt@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"KRBTGT@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"kadmin/changepw@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"K/M@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", PrincipalKind::nobody},
      {"WELLKNOWN/ANONYMOUS@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"wellknown/anonymous@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"WELLKNOWN/FEDERATED@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"alice@WELLKNOWN:ANONYMOUS", PrincipalKind::nobody},
      {"WELLKNOWN\\:ORG.H5L@ROOT.EXAMPLE", PrincipalKind::person},
      {"@ROOT.EXAMPLE", PrincipalKind::nobody},
      {"", PrincipalKind::nobody},
  };
  for (const auto& [name, kind] : rows) EXPECT_EQ(kind_of(name), kind) << name;
}

Session session(std::string user, std::optional<std::vector<std::uint8_t>> groups = std::vector<std::uint8_t>()) {
  Session out;
  out.user = std::move(user);
  out.groups = std::move(groups);
  return out;
}
const Session kAlice = session("alice@ROOT.EXAMPLE"), kAdmin = session("root@ROOT.EXAMPLE", {{0}}),
              kEve = session("eve@OTHER.EXAMPLE"), kMachine = session("pc$@ROOT.EXAMPLE", {{1}}),
              kUnknown = session("dan@ROOT.EXAMPLE", std::nullopt);

TEST(RefusedByRoute, WithoutListsPeopleOfEveryRealmAreServed) {
  const Route open;
  EXPECT_FALSE(refused_by_route(open, kAlice));
  EXPECT_FALSE(refused_by_route(open, kEve));
  EXPECT_FALSE(refused_by_route(open, kUnknown));
  for (const char* name : {"pc$@ROOT.EXAMPLE", "HTTP/x@ROOT.EXAMPLE", "krbtgt/A@A", "WELLKNOWN/ANONYMOUS@A"})
    EXPECT_TRUE(refused_by_route(open, session(name))) << name;
}

TEST(RefusedByRoute, DenyGoesBeforeAllow) {
  Route route;
  route.allow.realms = {"root.example"};
  route.deny.groups = {0};
  EXPECT_FALSE(refused_by_route(route, kAlice));
  EXPECT_TRUE(refused_by_route(route, kAdmin));
  EXPECT_TRUE(refused_by_route(route, kEve));
  EXPECT_TRUE(refused_by_route(route, kMachine)) << "a realm names people";
  EXPECT_TRUE(refused_by_route(route, kUnknown)) << "who knows whether they are in the group";
  route.deny = {};
  EXPECT_FALSE(refused_by_route(route, kUnknown));
  route.allow = {};
  route.allow.groups = {0};
  EXPECT_FALSE(refused_by_route(route, kAdmin));
  EXPECT_TRUE(refused_by_route(route, kAlice));
  EXPECT_TRUE(refused_by_route(route, kUnknown));
  route.allow.users = {"dan@root.example"};
  EXPECT_FALSE(refused_by_route(route, kUnknown)) << "named by itself";
}

TEST(RefusedByRoute, AMachineNeedsAnEntryOfItsOwn) {
  Route route;
  route.allow.users = {"pc$@root.example"};
  EXPECT_FALSE(refused_by_route(route, kMachine));
  EXPECT_TRUE(refused_by_route(route, session("pc2$@ROOT.EXAMPLE")));
  route.allow = {};
  route.allow.groups = {1};
  EXPECT_FALSE(refused_by_route(route, kMachine));
  route.allow.users = {"krbtgt/a@a"};
  EXPECT_TRUE(refused_by_route(route, session("krbtgt/A@A"))) << "whatever the list says";
}

TEST(RefusedByRoute, NamesAreComparedAsTheDirectoryDoes) {
  Route route;
  route.deny.users = {"m\xc3\xbcller@root.example"};
  EXPECT_TRUE(refused_by_route(route, session("M\xc3\x9cLLER@ROOT.EXAMPLE")));
  EXPECT_FALSE(refused_by_route(route, session("muller@ROOT.EXAMPLE")));
}

TEST(RefusedDelegation, IsForThoseNamed) {
  Config config;
  Route route;
  config.deny_delegation_of.groups = {0};
  EXPECT_TRUE(refused_delegation(config, route, kAdmin));
  EXPECT_TRUE(refused_delegation(config, route, kUnknown));
  EXPECT_FALSE(refused_delegation(config, route, kAlice));
  route.delegation = Delegation::none;
  EXPECT_FALSE(refused_delegation(config, route, kAdmin)) << "nothing is delegated";
}

}  // namespace
}  // namespace stead::proxy
