// The search by ControllerRequirements, as DsGetDcName does it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/locate/dns/dc_discovery.h"
#include "tests/locate/fake_dc.h"

namespace stead {
namespace asio = boost::asio;
namespace {

using test::FakeClock;
using test::FakeDc;
using test::FakeDns;
using namespace std::chrono_literals;

NetlogonResponse dc(std::string site, std::uint32_t flags, std::optional<std::string> next_closest = {}) {
  NetlogonResponse out;
  out.netbios_domain_name = "CORP";
  out.dc_site_name = std::move(site);
  out.flags = flags;
  out.next_closest_site_name = std::move(next_closest);
  return out;
}
template <class Member, class Value>
ControllerWish wish(Member member, Value value) {
  ControllerWish out;
  out.*member = value;
  return out;
}
using Responses = std::vector<std::optional<NetlogonResponse>>;

TEST(ChooseController, TakesTheFirstThatSatisfiesTheWish) {
  const Responses all = {std::nullopt, dc("a", ds_flag::ds), dc("b", ds_flag::ds | ds_flag::gc),
                         dc("c", ds_flag::ds | ds_flag::gc)};
  const auto any = choose_controller(all, {});
  ASSERT_TRUE(any);
  EXPECT_EQ(any->index, 1U);
  EXPECT_TRUE(any->is_best);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::required, ds_flag::gc))->index, 2U);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::site, "C"))->index, 3U);
  EXPECT_FALSE(choose_controller(all, wish(&ControllerWish::required, ds_flag::pdc)));
}

TEST(ChooseController, WaitsForWhatIsPreferred) {
  const ControllerWish time_server = wish(&ControllerWish::preferred, ds_flag::good_timeserv);
  const auto without = choose_controller({dc("a", 0), std::nullopt}, time_server);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->index, 0U);
  EXPECT_FALSE(without->is_best);
  const auto with = choose_controller({dc("a", 0), dc("b", ds_flag::good_timeserv)}, time_server);
  ASSERT_TRUE(with);
  EXPECT_EQ(with->index, 1U);
  EXPECT_TRUE(with->is_best);
}

TEST(ChooseController, OurSiteGoesBeforeTheNextClosestAndThatBeforeOthers) {
  const ControllerWish near = wish(&ControllerWish::near, true);
  const auto ours =
      choose_controller({dc("far", 0, "next"), dc("next", 0, "next"), dc("ours", ds_flag::closest)}, near);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->index, 2U);
  EXPECT_TRUE(ours->is_best);
  const auto next = choose_controller({dc("far", 0, "Next"), dc("next", 0)}, near);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->index, 1U);
  EXPECT_FALSE(next->is_best);
  EXPECT_EQ(choose_controller({dc("far", 0), dc("next", 0)}, near)->index, 0U) << "no DC names the next closest site";
  EXPECT_EQ(choose_controller({dc("far", 0, "next"), dc("next", 0)}, {})->index, 0U) << "not asked for";
}

// With DCs on loopback.
class ControllerSearchTest : public testing::Test {
 protected:
  std::shared_ptr<DcLocator> search(const std::vector<ControllerAddress>& controllers) {
    LocatorOptions options;
    options.realms["CORP.TEST"] = controllers;
    return make_dc_locator(io_.get_executor(), options, clock_.times());
  }
  Result<FoundController> find(DcLocator& where, ControllerWish wish) {
    wish.realms = {"corp.test"};
    wish.timeout = std::chrono::milliseconds(400);
    return test::run(io_, where.find_controller(std::move(wish)));
  }
  asio::io_context io_;
  FakeClock clock_;
};

TEST_F(ControllerSearchTest, FindsWhatIsRequiredAndListsDcsThatLackIt) {
  FakeDc old_dc(io_, "dc08", test::k2008), global(io_, "gc16", test::k2016 | ds_flag::gc);
  old_dc.response.flags &= ~ds_flag::gc;
  const auto where = search({old_dc.where, global.where});
  const auto found = find(*where, wish(&ControllerWish::required, ds_flag::gc));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->where.name, "gc16");
  EXPECT_EQ(found->realm, "CORP.TEST");
  ASSERT_EQ(found->seen.size(), 2U);
  EXPECT_EQ(found->seen[0].answer, "lacks what is required");
  EXPECT_EQ(found->seen[1].answer, "ok");
  EXPECT_EQ(find(*where, wish(&ControllerWish::at_least, DcLevel::w2016))->where.name, "gc16");
  EXPECT_EQ(find(*where, wish(&ControllerWish::site, "here"))->where.name, "dc08");
  EXPECT_EQ(old_dc.pings + global.pings, 2) << "answers are kept";
}

TEST_F(ControllerSearchTest, RemembersAFailureUntilAFreshSearchIsAskedFor) {
  FakeDc one(io_, "dc1", test::k2008);
  const auto where = search({one.where});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(find(*where, wish(&ControllerWish::required, ds_flag::ds_8)).error(), asio::error::not_found);
  one.response.flags = test::k2012;
  EXPECT_FALSE(find(*where, wish(&ControllerWish::required, ds_flag::ds_8)));
  EXPECT_TRUE(find(*where, wish(&ControllerWish::required, ds_flag::kdc))) << "another requirement is another search";
  EXPECT_EQ(one.pings, 1);
  ControllerWish again = wish(&ControllerWish::required, ds_flag::ds_8);
  again.fresh = true;
  EXPECT_TRUE(find(*where, again));
  EXPECT_EQ(one.pings, 2);
  EXPECT_TRUE(find(*where, wish(&ControllerWish::required, ds_flag::ds_8))) << "the failure is forgotten";
}

TEST_F(ControllerSearchTest, AsksAgainAfter45SecondsWhatFailedAndAfter15MinutesWhatAnswered) {
  FakeDc one(io_, "dc1", test::k2008);
  const auto where = search({one.where});
  const ControllerWish newer = wish(&ControllerWish::required, ds_flag::ds_8);
  EXPECT_FALSE(find(*where, newer));
  one.response.flags = test::k2012;
  clock_.advance(44s);
  EXPECT_FALSE(find(*where, newer));
  clock_.advance(1s);
  EXPECT_FALSE(find(*where, newer)) << "the failure is forgotten, but not the DC's answer";
  EXPECT_EQ(one.pings, 1);
  clock_.advance(15min);
  EXPECT_TRUE(find(*where, newer));
  EXPECT_EQ(one.pings, 2);
}

TEST_F(ControllerSearchTest, SharesAnswersWithTheSearchByLevel) {
  FakeDc one(io_, "dc1", test::k2012);
  const auto where = search({one.where});
  EXPECT_EQ(test::run(io_, where->level_of("CORP.TEST", one.where)), DcLevel::w2012);
  EXPECT_TRUE(find(*where, wish(&ControllerWish::required, ds_flag::ds_8)));
  EXPECT_EQ(one.pings, 1);
}

TEST_F(ControllerSearchTest, FailsWithTheReason) {
  FakeDc gone(io_, "gone", test::k2016);
  const auto where = search({gone.where});
  gone.stop();
  EXPECT_EQ(find(*where, {}).error(), asio::error::timed_out);
  ControllerWish elsewhere;
  elsewhere.realms = {"nowhere.test"};
  EXPECT_FALSE(test::run(io_, search({})->find_controller(elsewhere)));
}

// Read-only DCs, for example, are registered for their site only.
TEST_F(ControllerSearchTest, AsksDnsForTheRecordsOfTheSite) {
  FakeDc branch(io_, "rodc.corp.test", test::k2016), hub(io_, "dc.corp.test", test::k2016);
  branch.response.dc_site_name = "Branch";
  FakeDns dns(io_);
  LocatorOptions options;
  options.nameservers = {dns.address()};
  for (auto* dc : {&branch, &hub}) {
    const bool in_branch = dc == &branch;
    const std::string site = in_branch ? "Branch._sites." : "";
    dns.srv["_kerberos._tcp." + site + "dc._msdcs.corp.test"] = {{0, 0, dc->where.kerberos_port, dc->where.name, 300}};
    dns.a[dc->where.name] = "127.0.0.1";
  }
  dns.srv["_ldap._tcp.dc._msdcs.corp.test"] = {{0, 0, hub.where.ldap_port, hub.where.name, 300},
                                               {0, 0, branch.where.ldap_port, branch.where.name, 300}};
  const auto where = make_dc_locator(io_.get_executor(), options);
  EXPECT_EQ(find(*where, {})->where.name, "dc.corp.test");
  const auto found = find(*where, wish(&ControllerWish::site, "Branch"));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->where.name, "rodc.corp.test");
}

// A forest with the root forest.test. Each DC answers with its own domain.
class ForestTest : public testing::Test {
 protected:
  std::unique_ptr<FakeDc> dc(const std::string& name, const std::string& domain, bool catalog,
                             const std::string& forest = "forest.test") {
    auto out = std::make_unique<FakeDc>(io_, name, catalog ? test::k2016 : test::k2016 & ~ds_flag::gc, domain);
    out->response.dns_forest_name = forest;
    out->response.netbios_domain_name = to_upper(domain.substr(0, domain.find('.')));
    dns_.a[name] = "127.0.0.1";
    return out;
  }
  void publish(const std::string& name, const FakeDc& dc, std::uint16_t port) {
    dns_.srv[name].push_back({0, 0, port, dc.where.name, 300});
  }
  void publish_domain(const FakeDc& dc) {
    publish("_kerberos._tcp.dc._msdcs." + dc.response.dns_domain_name, dc, dc.where.kerberos_port);
    publish("_ldap._tcp.dc._msdcs." + dc.response.dns_domain_name, dc, dc.where.ldap_port);
  }
  void publish_catalog(const FakeDc& dc, const std::string& site = "") {
    publish("_gc._tcp." + site + dc.response.dns_forest_name, dc, dc.where.ldap_port);
  }
  Result<FoundController> find(std::vector<std::string> names, const std::string& netbios = "",
                               const std::string& site = "") {
    ControllerWish wish;
    wish.realms = std::move(names);
    wish.netbios = netbios;
    wish.site = site;
    wish.required = ds_flag::gc;
    return find(std::move(wish));
  }
  Result<FoundController> find(ControllerWish wish) {
    if (!locator_) {
      if (options_.realms.empty()) options_.nameservers = {dns_.address()};
      locator_ = make_dc_locator(io_.get_executor(), options_);
    }
    wish.timeout = std::chrono::milliseconds(400);
    return test::run(io_, locator_->find_controller(std::move(wish)));
  }

  asio::io_context io_;
  FakeDns dns_{io_};
  LocatorOptions options_;
  std::shared_ptr<DcLocator> locator_;
};
class GlobalCatalog : public ForestTest {};

TEST_F(GlobalCatalog, MayBeADcOfAnyDomainOfTheForest) {
  const auto root = dc("dc.forest.test", "forest.test", false),
             child = dc("gc.child.forest.test", "child.forest.test", true);
  publish_domain(*root);
  publish_domain(*child);
  publish_catalog(*child);
  const auto found = find({"Forest.Test"});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->where, child->where) << "with the KDC's port, from the records of its domain";
  EXPECT_EQ(found->realm, "CHILD.FOREST.TEST");
  EXPECT_EQ(child->asked.dns_domain, "") << "it is pinged for its own domain, whichever that is";
  EXPECT_EQ(root->pings, 0);
}

TEST_F(GlobalCatalog, IsFoundByTheForestThatTheDomainsDcsName) {
  const auto child = dc("dc.child.forest.test", "child.forest.test", false),
             root = dc("gc.forest.test", "forest.test", true);
  publish_domain(*child);
  publish_domain(*root);
  publish_catalog(*root);
  ASSERT_TRUE(find({"child.forest.test"}));
  EXPECT_EQ(find({"child.forest.test"})->where.name, "gc.forest.test");
  EXPECT_EQ(find({"CHILD.FOREST.TEST"}, "CHILD")->where.name, "gc.forest.test") << "by its NetBIOS name";
  EXPECT_EQ(find({"CHILD.FOREST.TEST"}, "OTHER").error(), asio::error::not_found);
}

TEST_F(GlobalCatalog, OfTheSiteGoesFirst) {
  const auto here = dc("gc1.forest.test", "forest.test", true), there = dc("gc2.forest.test", "forest.test", true);
  there->response.dc_site_name = "Branch";
  publish_domain(*here);
  publish_catalog(*here);
  publish_catalog(*there, "Branch._sites.");
  EXPECT_EQ(find({"forest.test"})->where.name, "gc1.forest.test");
  EXPECT_EQ(find({"forest.test"}, "", "Branch")->where.name, "gc2.forest.test");
  EXPECT_EQ(std::count(dns_.asked.begin(), dns_.asked.end(), "_gc._tcp.Branch._sites.forest.test"), 1);
}

TEST_F(GlobalCatalog, IsNotOneOfAnotherForestNorADcWithoutTheFlag) {
  const auto stranger = dc("gc.other.test", "other.test", true, "other.test"),
             retired = dc("dc.forest.test", "forest.test", false);
  publish("_gc._tcp.forest.test", *stranger, stranger->where.ldap_port);
  publish_catalog(*retired);
  EXPECT_EQ(find({"forest.test"}).error(), asio::error::not_found);
  EXPECT_EQ(find({"nowhere.test"}).error(), asio::error::host_not_found);
}

TEST_F(GlobalCatalog, MayBeAConfiguredControllerOfTheSameForest) {
  const auto child = dc("dc.child.forest.test", "child.forest.test", false),
             other = dc("gc.other.test", "other.test", true, "other.test"),
             root = dc("gc.forest.test", "forest.test", true);
  options_.realms = {
      {"CHILD.FOREST.TEST", {child->where}}, {"AAA.OTHER.TEST", {other->where}}, {"FOREST.TEST", {root->where}}};
  other->response.dns_domain_name = "aaa.other.test";
  const auto found = find({"child.forest.test"});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->where, root->where);
  EXPECT_EQ(root->asked.dns_domain, "forest.test");
  const auto answer_of = [&](const std::string& name) {
    for (const SeenController& seen : found->seen) {
      if (seen.controller == name) return seen.answer;
    }
    return std::string("not seen");
  };
  EXPECT_EQ(answer_of("gc.other.test"), "not this forest");
  EXPECT_EQ(answer_of("dc.child.forest.test"), "lacks what is required");
  EXPECT_TRUE(dns_.asked.empty());
}

// AD registers the catalog's LDAP port, which answers no pings.
TEST_F(GlobalCatalog, IsPingedAtTheUsualPortIfRegisteredWithTheCatalogsPort) {
  const auto one = dc("gc.forest.test", "forest.test", true);
  publish("_gc._tcp.forest.test", *one, 3268);
  const auto resolver = make_dns_resolver(io_.get_executor(), {dns_.address()});
  ASSERT_TRUE(resolver);
  const DcList list = test::run(io_, discover_global_catalogs(*resolver, "FOREST.TEST", ""));
  ASSERT_EQ(list.controllers.size(), 1U);
  EXPECT_EQ(list.controllers[0].ldap_port, 389);
  EXPECT_EQ(list.controllers[0].kerberos_port, 88);
}

// A domain new.test that was renamed from old.test.
class DomainGuid : public ForestTest {
 protected:
  void SetUp() override {
    std::iota(guid_.begin(), guid_.end(), std::uint8_t{1});
    new_->response.domain_guid = guid_;
    root_->response.domain_guid[0] = 0xff;
  }
  Result<FoundController> find_domain(const std::string& name, std::uint32_t required = 0) {
    ControllerWish wish;
    wish.realms = {name};
    wish.home = "forest.test";
    wish.domain_guid = guid_;
    wish.required = required;
    return find(std::move(wish));
  }
  std::array<std::uint8_t, 16> guid_{};
  std::unique_ptr<FakeDc> root_ = dc("dc.forest.test", "forest.test", true),
                          new_ = dc("dc.new.test", "new.test", false);
  static constexpr const char* kRecord = "_ldap._tcp.04030201-0605-0807-090a-0b0c0d0e0f10.domains._msdcs.forest.test";
};

TEST_F(DomainGuid, FindsARenamedDomain) {
  publish_domain(*root_);
  publish_domain(*new_);
  publish(kRecord, *new_, new_->where.ldap_port);
  const auto found = find_domain("old.test");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->where, new_->where);
  EXPECT_EQ(found->realm, "NEW.TEST");
  const auto asked = dns_.asked.size();
  EXPECT_TRUE(find_domain("new.test")) << "by its name";
  EXPECT_TRUE(find_domain("forest.test")) << "by its GUID, if the name is another domain's";
  EXPECT_EQ(find_domain("old.test", ds_flag::ndnc).error(), asio::error::not_found);
  EXPECT_EQ(std::count(dns_.asked.begin() + static_cast<std::ptrdiff_t>(asked), dns_.asked.end(), kRecord), 0)
      << "the list of DNS is kept";
}

TEST_F(DomainGuid, LeadsToTheGlobalCatalogOfItsForest) {
  publish_domain(*root_);
  publish_domain(*new_);
  publish(kRecord, *new_, new_->where.ldap_port);
  publish_catalog(*root_);
  EXPECT_EQ(find_domain("old.test", ds_flag::gc)->where.name, "dc.forest.test");
  EXPECT_EQ(find_domain("new.test", ds_flag::gc)->where.name, "dc.forest.test");
}

TEST_F(DomainGuid, OfNoDomainIsNotFound) {
  publish_domain(*root_);
  EXPECT_EQ(find_domain("forest.test").error(), asio::error::host_not_found)
      << "the DC that answers is of another domain";
  publish(kRecord, *root_, root_->where.ldap_port);
  EXPECT_EQ(find_domain("forest.test").error(), asio::error::host_not_found) << "the failure is remembered";
  locator_.reset();
  EXPECT_EQ(find_domain("forest.test").error(), asio::error::not_found) << "a stale record";
}

TEST_F(DomainGuid, IsLookedForAmongConfiguredControllers) {
  options_.realms = {{"FOREST.TEST", {root_->where}}, {"NEW.TEST", {new_->where}}};
  const auto found = find_domain("forest.test");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->where, new_->where);
  ASSERT_FALSE(found->seen.empty());
  EXPECT_EQ(found->seen[0].answer, "not this domain");
  EXPECT_TRUE(dns_.asked.empty());
}

}  // namespace
}  // namespace stead
