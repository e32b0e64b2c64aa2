// Of the domain controllers that answered, the one that DsGetDcName takes.
#include "sspi_shim/s4u/controller_search.h"

#include <gtest/gtest.h>

#include "sspi_shim/s4u/dc_locator.h"
#include "tests/s4u/fake_dc.h"

namespace stead {
namespace asio = boost::asio;
namespace {

using test::FakeDc;
using test::FakeDns;

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

TEST(ChooseController, TakesTheFirstThatWillDo) {
  bool best = false;
  const Responses all = {std::nullopt, dc("a", ds_flag::ds), dc("b", ds_flag::ds | ds_flag::gc), dc("c", ds_flag::ds | ds_flag::gc)};
  EXPECT_EQ(choose_controller(all, {}, best), 1U);
  EXPECT_TRUE(best);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::required, ds_flag::gc), best), 2U);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::site, "C"), best), 3U);
  EXPECT_EQ(choose_controller(all, wish(&ControllerWish::required, ds_flag::pdc), best), std::nullopt);
  EXPECT_FALSE(best);
}

TEST(ChooseController, WaitsForWhatIsPreferred) {
  bool best = true;
  EXPECT_EQ(choose_controller({dc("a", 0), std::nullopt}, wish(&ControllerWish::preferred, ds_flag::good_timeserv), best), 0U);
  EXPECT_FALSE(best);
  EXPECT_EQ(choose_controller({dc("a", 0), dc("b", ds_flag::good_timeserv)}, wish(&ControllerWish::preferred, ds_flag::good_timeserv), best), 1U);
  EXPECT_TRUE(best);
}

TEST(ChooseController, OurSiteGoesBeforeTheNextClosestAndThatBeforeOthers) {
  bool best = true;
  const ControllerWish near = wish(&ControllerWish::near, true);
  EXPECT_EQ(choose_controller({dc("far", 0, "next"), dc("next", 0, "next"), dc("ours", ds_flag::closest)}, near, best), 2U);
  EXPECT_TRUE(best);
  EXPECT_EQ(choose_controller({dc("far", 0, "Next"), dc("next", 0)}, near, best), 1U);
  EXPECT_FALSE(best);
  EXPECT_EQ(choose_controller({dc("far", 0), dc("next", 0)}, near, best), 0U) << "nobody says which site is next";
  EXPECT_EQ(choose_controller({dc("far", 0, "next"), dc("next", 0)}, {}, best), 0U) << "not asked for";
}

// With DCs on loopback.
class ControllerSearchTest : public testing::Test {
 protected:
  std::shared_ptr<ControllerSearch> search(const std::vector<ControllerAddress>& controllers) {
    LocatorOptions options;
    options.realms["CORP.TEST"] = controllers;
    return std::make_shared<ControllerSearch>(io_.get_executor(), make_dc_locator(io_.get_executor(), options));
  }
  Result<FoundController> find(ControllerSearch& where, ControllerWish wish) {
    wish.realms = {"corp.test"};
    wish.timeout = std::chrono::milliseconds(400);
    return test::run(io_, where.find(std::move(wish)));
  }
  asio::io_context io_;
};

TEST_F(ControllerSearchTest, FindsWhatIsRequiredAndShowsWhoLacksIt) {
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
  EXPECT_EQ(old_dc.pings + global.pings, 2) << "what they said is kept";
}

TEST_F(ControllerSearchTest, RemembersThatThereIsNoneUntilItIsToldToLookAgain) {
  FakeDc one(io_, "dc1", test::k2008);
  const auto where = search({one.where});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(find(*where, wish(&ControllerWish::required, ds_flag::ds_8)).error(), asio::error::not_found);
  one.response.flags = test::k2012;
  EXPECT_FALSE(find(*where, wish(&ControllerWish::required, ds_flag::ds_8)));
  EXPECT_TRUE(find(*where, wish(&ControllerWish::required, ds_flag::kdc))) << "of something else nothing is remembered";
  EXPECT_EQ(one.pings, 1);
  ControllerWish again = wish(&ControllerWish::required, ds_flag::ds_8);
  again.fresh = true;
  EXPECT_TRUE(find(*where, again));
  EXPECT_EQ(one.pings, 2);
  EXPECT_TRUE(find(*where, wish(&ControllerWish::required, ds_flag::ds_8))) << "the failure is forgotten";
}

TEST_F(ControllerSearchTest, SaysWhyThereIsNone) {
  FakeDc gone(io_, "gone", test::k2016);
  const auto where = search({gone.where});
  gone.stop();
  EXPECT_EQ(find(*where, {}).error(), asio::error::timed_out);
  ControllerWish elsewhere;
  elsewhere.realms = {"nowhere.test"};
  EXPECT_FALSE(test::run(io_, search({})->find(elsewhere)));
}

// A DC that is registered for its site alone, as read-only ones are, is looked for there.
TEST_F(ControllerSearchTest, ASitesOwnRecordsAreAsked) {
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
  dns.srv["_ldap._tcp.dc._msdcs.corp.test"] = {{0, 0, hub.where.ldap_port, hub.where.name, 300}, {0, 0, branch.where.ldap_port, branch.where.name, 300}};
  const auto where = std::make_shared<ControllerSearch>(io_.get_executor(), make_dc_locator(io_.get_executor(), options));
  EXPECT_EQ(find(*where, {})->where.name, "dc.corp.test");
  const auto found = find(*where, wish(&ControllerWish::site, "Branch"));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->where.name, "rodc.corp.test");
}

}  // namespace
}  // namespace stead
