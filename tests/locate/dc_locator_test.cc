#include "sspi_shim/locate/dc_locator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/locate/fake_dc.h"

namespace stead {
namespace asio = boost::asio;
namespace {

using test::FakeClock;
using test::FakeDc;
using test::FakeDns;
using namespace std::chrono_literals;
using testing::ElementsAre;

std::vector<std::string> names(const std::vector<KnownController>& controllers) {
  std::vector<std::string> out;
  for (const auto& dc : controllers) out.push_back(dc.where.name);
  return out;
}
std::vector<std::string> answers(const std::vector<SeenController>& seen) {
  std::vector<std::string> out;
  for (const auto& dc : seen) out.push_back(dc.controller + " " + dc.level + " " + dc.answer);
  return out;
}

class DcLocatorTest : public testing::Test {
 protected:
  std::shared_ptr<DcLocator> locator(const std::vector<ControllerAddress>& controllers) {
    options_.realms["CORP.TEST"] = controllers;
    return make_dc_locator(io_.get_executor(), options_, clock_.times());
  }
  DcLocator::Found find(DcLocator& locator, DcLevel level, std::vector<ControllerAddress> refused = {}) {
    return test::run(io_, locator.find("CORP.TEST", level, std::move(refused)));
  }
  Result<LocatedController> locate(DcLocator& locator, DcLevel level, std::string site = "") {
    return test::run(io_, locator.locate("corp.test", level, std::move(site)));
  }

  DcLocatorTest() { options_.ping_timeout = 400ms; }
  LocatorOptions options_;
  asio::io_context io_;
  FakeClock clock_;
};

TEST_F(DcLocatorTest, FindsTheDcOfTheLevelAndAsksEachOnce) {
  FakeDc old_dc(io_, "dc08.corp.test", test::k2008), new_dc(io_, "dc12.corp.test", test::k2012);
  const auto where = locator({old_dc.where, new_dc.where});
  for (int i = 0; i < 2; ++i) {
    const auto found = find(*where, DcLevel::w2012, {old_dc.where});
    EXPECT_THAT(names(found.usable), ElementsAre("dc12.corp.test"));
    EXPECT_EQ(found.usable[0].level, DcLevel::w2012);
    EXPECT_THAT(answers(found.seen), ElementsAre("dc08.corp.test 2008 below the level", "dc12.corp.test 2012 ok"));
  }
  EXPECT_EQ(old_dc.pings, 1);
  EXPECT_EQ(new_dc.pings, 1);
  EXPECT_EQ(where->pings(), 2U);
}

TEST_F(DcLocatorTest, FindsARaisedDcIfNoOtherServes) {
  FakeDc raised(io_, "dc08.corp.test", test::k2008);
  const auto where = locator({raised.where});
  EXPECT_THAT(answers(find(*where, DcLevel::w2012).seen), ElementsAre("dc08.corp.test 2008 below the level"));
  const int pings = raised.pings;
  (void)find(*where, DcLevel::w2012);
  EXPECT_EQ(raised.pings, pings) << "the answer is recent";
  raised.response.flags = test::k2012;
  clock_.advance(2s);
  EXPECT_THAT(names(find(*where, DcLevel::w2012).usable), ElementsAre("dc08.corp.test"));
  clock_.advance(2s);
  EXPECT_THAT(names(find(*where, DcLevel::w2012).usable), ElementsAre("dc08.corp.test"));
  EXPECT_EQ(raised.pings, pings + 1) << "while one serves, answers are kept";
}

TEST_F(DcLocatorTest, ARaisedDcReplacesOneThatFellSilent) {
  FakeDc raised(io_, "dc08.corp.test", test::k2008), gone(io_, "dc12.corp.test", test::k2012);
  const auto where = locator({raised.where, gone.where});
  EXPECT_THAT(names(find(*where, DcLevel::w2012).usable), ElementsAre("dc12.corp.test"));
  raised.response.flags = test::k2012;
  where->mark_silent(gone.where);
  clock_.advance(2s);
  EXPECT_THAT(names(find(*where, DcLevel::w2012).usable), ElementsAre("dc08.corp.test", "dc12.corp.test"));
}

TEST_F(DcLocatorTest, LevelOfAsksAgainUnlessTheAnswerIsRecent) {
  FakeDc set_back(io_, "dc08.corp.test", test::k2012);
  const auto where = locator({set_back.where});
  const auto level = [&] { return test::run(io_, where->level_of("CORP.TEST", set_back.where)); };
  EXPECT_EQ(level(), DcLevel::w2012);
  set_back.response.flags = test::k2008;
  EXPECT_EQ(level(), DcLevel::w2012) << "the answer is recent";
  clock_.advance(2s);
  EXPECT_EQ(level(), DcLevel::w2008);
  clock_.advance(2s);
  set_back.ignored = 100;
  EXPECT_EQ(level(), DcLevel::w2008) << "the last answer stands while the DC is silent";
}

TEST_F(DcLocatorTest, ListsControllersInTheFilesOrderAndSilentOnesLast) {
  FakeDc a(io_, "a", test::k2012), b(io_, "b", test::k2012);
  const auto where = locator({a.where, b.where});
  EXPECT_THAT(names(test::run(io_, where->controllers("corp.test"))), ElementsAre("a", "b"));
  where->mark_silent(a.where);
  EXPECT_THAT(names(test::run(io_, where->controllers("CORP.TEST"))), ElementsAre("b", "a"));
  where->mark_alive(a.where);
  EXPECT_THAT(names(test::run(io_, where->controllers("CORP.TEST"))), ElementsAre("a", "b"));
  EXPECT_EQ(a.pings, 0);
}

TEST_F(DcLocatorTest, ListsASilentDcInOrderAgainAfterAMinute) {
  FakeDc a(io_, "a", test::k2012), b(io_, "b", test::k2012);
  const auto where = locator({a.where, b.where});
  where->mark_silent(a.where);
  clock_.advance(59s);
  EXPECT_THAT(names(test::run(io_, where->controllers("CORP.TEST"))), ElementsAre("b", "a"));
  clock_.advance(1s);
  EXPECT_THAT(names(test::run(io_, where->controllers("CORP.TEST"))), ElementsAre("a", "b"));
}

TEST_F(DcLocatorTest, KeepsAnAnswerFor30MinutesAndSilenceFor45Seconds) {
  FakeDc answers(io_, "answers", test::k2012), silent(io_, "silent", test::k2012);
  silent.stop();
  const auto answering = locator({answers.where}), silent_only = locator({silent.where});
  for (const auto& [age, pings] : {std::pair(0s, 1U), {1799s, 1U}, {1s, 2U}}) {
    clock_.advance(age);
    (void)find(*answering, DcLevel::w2012);
    EXPECT_EQ(answering->pings(), pings);
  }
  for (const auto& [age, pings] : {std::pair(0s, 1U), {44s, 1U}, {1s, 2U}}) {
    clock_.advance(age);
    (void)find(*silent_only, DcLevel::w2012);
    EXPECT_EQ(silent_only->pings(), pings);
  }
}

TEST_F(DcLocatorTest, UsesDcsOfUnknownLevelIfNoneIsKnownToServeAndNoneThatRefused) {
  FakeDc old_dc(io_, "dc08.corp.test", test::k2008), mute(io_, "kdc1", 0), mute2(io_, "kdc2", 0);
  mute.stop();
  mute2.stop();
  const auto where = locator({old_dc.where, mute.where, mute2.where});
  const auto found = find(*where, DcLevel::w2012, {old_dc.where});
  EXPECT_THAT(names(found.usable), ElementsAre("kdc1", "kdc2"));
  EXPECT_THAT(answers(found.seen),
              ElementsAre("dc08.corp.test 2008 below the level", "kdc1 unknown timeout", "kdc2 unknown timeout"));
  EXPECT_THAT(names(find(*where, DcLevel::w2012, {mute.where}).usable), ElementsAre("kdc2"));
  EXPECT_TRUE(find(*where, DcLevel::w2012, {mute.where, mute2.where}).usable.empty());
}

TEST_F(DcLocatorTest, DoesNotUsePausedDcsNorThoseOfOtherDomains) {
  FakeDc paused(io_, "paused", test::k2012), foreign(io_, "foreign", test::k2012, "other.test"),
      empty(io_, "empty", test::k2012);
  paused.response.opcode = NetlogonOpcode::pause_response_ex;
  empty.hosts_domain = false;
  const auto where = locator({paused.where, foreign.where, empty.where});
  const auto found = find(*where, DcLevel::unknown);
  EXPECT_TRUE(found.usable.empty());
  EXPECT_THAT(answers(found.seen),
              ElementsAre("paused unknown paused", "foreign unknown not this domain", "empty unknown not this domain"));
  EXPECT_EQ(locate(*where, DcLevel::unknown).error(), asio::error::not_found);
}

TEST_F(DcLocatorTest, FindsAWritableDc) {
  FakeDc read_only(io_, "rodc", test::k2016 & ~ds_flag::writable), full(io_, "full", test::k2008);
  const auto where = locator({read_only.where, full.where});
  const auto found = test::run(io_, where->find_writable("corp.test", {read_only.where}));
  EXPECT_THAT(names(found.usable), ElementsAre("full"));
  EXPECT_EQ(answers(found.seen).front(), "rodc 2016 lacks what is required");
  const auto none = test::run(io_, locator({read_only.where})->find_writable("corp.test", {}));
  EXPECT_THAT(names(none.usable), ElementsAre());
}

TEST_F(DcLocatorTest, ReportsWhenTheHealthOfADcChanges) {
  FakeDc one(io_, "dc1", test::k2016);
  const auto where = locator({one.where});
  std::vector<std::string> reported;
  where->on_health([&](const KnownController& dc, ControllerState state) {
    reported.push_back(dc.where.name + " " + std::string(to_string(dc.level)) + " " + std::string(to_string(state)));
  });
  where->mark_alive(one.where);
  EXPECT_THAT(reported, ElementsAre());
  where->mark_silent(one.where);
  where->mark_silent(one.where);
  EXPECT_THAT(reported, ElementsAre("dc1 unknown silent"));
  EXPECT_EQ(test::run(io_, where->level_of("CORP.TEST", one.where)), DcLevel::w2016);
  where->mark_alive(one.where);
  EXPECT_THAT(reported, ElementsAre("dc1 unknown silent", "dc1 2016 alive"));
  one.response.opcode = NetlogonOpcode::pause_response_ex;
  where->forget("corp.test");
  (void)test::run(io_, where->level_of("CORP.TEST", one.where));
  EXPECT_EQ(reported.back(), "dc1 unknown paused");
}

TEST_F(DcLocatorTest, ListsPausedDcsLast) {
  FakeDc paused(io_, "paused", test::k2016), ready(io_, "ready", test::k2012);
  paused.response.opcode = NetlogonOpcode::pause_response_ex;
  const auto where = locator({paused.where, ready.where});
  EXPECT_THAT(names(test::run(io_, where->controllers("CORP.TEST"))), ElementsAre("paused", "ready"));
  EXPECT_EQ(test::run(io_, where->level_of("CORP.TEST", paused.where)), DcLevel::unknown);
  EXPECT_THAT(names(test::run(io_, where->controllers("CORP.TEST"))), ElementsAre("ready", "paused"));
  EXPECT_EQ(locate(*where, DcLevel::unknown)->controller.name, "ready");
  EXPECT_EQ(paused.pings, 1);
}

TEST_F(DcLocatorTest, ASecondDatagramIsSentAndGarbageIsIgnored) {
  FakeDc dc(io_, "dc", test::k2016);
  dc.ignored = 1;
  dc.garbage_first = true;
  const auto where = locator({dc.where});
  EXPECT_EQ(test::run(io_, where->level_of("CORP.TEST", dc.where)), DcLevel::w2016);
  EXPECT_EQ(dc.pings, 2);
}

TEST_F(DcLocatorTest, ManyWaitersShareOnePing) {
  FakeDc dc(io_, "dc", test::k2012);
  const auto where = locator({dc.where});
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    asio::co_spawn(io_, where->level_of("CORP.TEST", dc.where), [&](std::exception_ptr, DcLevel level) {
      EXPECT_EQ(level, DcLevel::w2012);
      if (++done == 50) io_.stop();
    });
  }
  io_.run();
  EXPECT_EQ(dc.pings, 1);
}

TEST_F(DcLocatorTest, ASilentDcDoesNotHoldUpTheSearch) {
  options_.ping_timeout = 5000ms;
  FakeDc mute(io_, "mute", test::k2012), good(io_, "good", test::k2012);
  mute.ignored = 100;
  const auto where = locator({mute.where, good.where});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(names(find(*where, DcLevel::w2012).usable), ElementsAre("good"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(DcLocatorTest, LocateGivesTheReason) {
  FakeDc old_dc(io_, "dc08.corp.test", test::k2008), new_dc(io_, "dc12.corp.test", test::k2012);
  const auto where = locator({old_dc.where, new_dc.where});
  const auto any = locate(*where, DcLevel::unknown);
  ASSERT_TRUE(any) << any.error().message();
  EXPECT_EQ(any->controller, old_dc.where);
  EXPECT_EQ(any->why, "the first controller of CORP.TEST in the configuration's order that answers");
  const auto level = locate(*where, DcLevel::w2012);
  ASSERT_TRUE(level);
  EXPECT_EQ(level->controller, new_dc.where);
  EXPECT_EQ(level->level, "2012");
  EXPECT_EQ(level->site, "Here");
  EXPECT_EQ(level->flags, test::k2012);
  EXPECT_EQ(level->why, "the first controller of CORP.TEST in the configuration's order that is 2012 or later");
  EXPECT_EQ(level->seen.size(), 2U);
  EXPECT_EQ(locate(*where, DcLevel::w2016).error(), asio::error::not_found);
}

TEST_F(DcLocatorTest, LocatePrefersTheGivenSite) {
  FakeDc here(io_, "here", test::k2012), there(io_, "there", test::k2012);
  there.response.dc_site_name = "There";
  const auto where = locator({here.where, there.where});
  EXPECT_EQ(locate(*where, DcLevel::w2012, "there")->controller, there.where);
  EXPECT_EQ(locate(*where, DcLevel::w2012)->controller, here.where);
  const auto nowhere = locate(*where, DcLevel::w2012, "Mars");
  ASSERT_TRUE(nowhere);
  EXPECT_THAT(nowhere->why, testing::HasSubstr("none answers in site Mars"));
}

TEST_F(DcLocatorTest, LocatesAKdcThatAnswersNoPings) {
  test::FakeKdc kdc(io_, "kdc.test"), dead(io_, "dead.test", false);
  kdc.on_datagram = [](Bytes) { return std::vector<Buffer>{test::error_reply(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN)}; };
  dead.stop_udp();
  const auto found = locate(*locator({dead.where, kdc.where}), DcLevel::w2012);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->controller, kdc.where);
  EXPECT_EQ(found->level, "unknown");
  EXPECT_THAT(found->why, testing::HasSubstr("answers no ping"));
  EXPECT_EQ(locate(*locator({dead.where}), DcLevel::unknown).error(), asio::error::timed_out);
}

TEST_F(DcLocatorTest, PrefersTheDcThatServedUntilItIsSilent) {
  FakeDc old_dc(io_, "dc08.corp.test", test::k2008), new_dc(io_, "dc12.corp.test", test::k2012);
  const auto where = locator({old_dc.where, new_dc.where});
  EXPECT_FALSE(where->preferred("CORP.TEST", DcLevel::w2012));
  (void)find(*where, DcLevel::w2012);
  EXPECT_FALSE(where->preferred("CORP.TEST", DcLevel::w2012));
  where->mark_alive(old_dc.where);
  where->mark_alive(new_dc.where);
  ASSERT_TRUE(where->preferred("corp.test", DcLevel::w2012));
  EXPECT_EQ(where->preferred("CORP.TEST", DcLevel::w2012)->where, new_dc.where);
  where->mark_silent(new_dc.where);
  EXPECT_FALSE(where->preferred("CORP.TEST", DcLevel::w2012));
}

class DcLocatorByDns : public DcLocatorTest {
 protected:
  void SetUp() override {
    options_.nameservers = {dns_.address()};
    near_.response.flags |= ds_flag::closest;
    far_.response.flags &= ~ds_flag::closest;
    for (FakeDc* dc : {&near_, &far_}) {
      dns_.a[dc->where.name] = "127.0.0.1";
      dns_.srv["_ldap._tcp.dc._msdcs.corp.test"].push_back({0, 100, dc->where.ldap_port, dc->where.name, 600});
    }
    dns_.srv["_kerberos._tcp.dc._msdcs.corp.test"] = {{10, 0, near_.where.kerberos_port, near_.where.name, 600},
                                                      {0, 0, far_.where.kerberos_port, far_.where.name, 600}};
  }
  std::shared_ptr<DcLocator> by_dns() { return make_dc_locator(io_.get_executor(), options_, clock_.times()); }
  FakeDns dns_{io_};
  FakeDc near_{io_, "near.corp.test", test::k2012}, far_{io_, "far.corp.test", test::k2012};
};

TEST_F(DcLocatorByDns, TakesPriorityPortsAndAddressesFromTheRecords) {
  const auto where = by_dns();
  const auto list = test::run(io_, where->controllers("CORP.TEST"));
  ASSERT_THAT(names(list), ElementsAre("far.corp.test", "near.corp.test"));
  EXPECT_EQ(list[0].where, far_.where);
  const auto asked = dns_.asked.size();
  (void)test::run(io_, where->controllers("corp.test"));
  EXPECT_EQ(dns_.asked.size(), asked) << "the list is kept";
}

TEST_F(DcLocatorByDns, ListsTheClosestOfTheLevelFirst) {
  EXPECT_THAT(names(find(*by_dns(), DcLevel::w2012).usable), ElementsAre("near.corp.test", "far.corp.test"));
}

TEST_F(DcLocatorByDns, ListsTheSitesRecordsFirst) {
  options_.site = "Here";
  dns_.srv["_kerberos._tcp.Here._sites.dc._msdcs.corp.test"] = {
      {0, 0, near_.where.kerberos_port, near_.where.name, 600}};
  EXPECT_THAT(names(test::run(io_, by_dns()->controllers("CORP.TEST"))),
              ElementsAre("near.corp.test", "far.corp.test"));
}

TEST_F(DcLocatorByDns, FindsARealmThatPublishesNoNamesOfAd) {
  dns_.srv.clear();
  dns_.srv["_kerberos._udp.corp.test"] = {{0, 0, 1088, "near.corp.test", 600}};
  const auto list = test::run(io_, by_dns()->controllers("CORP.TEST"));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].where, (ControllerAddress{"near.corp.test", "127.0.0.1", 1088, 389}));
}

TEST_F(DcLocatorByDns, DistinguishesAnUnknownDomainFromADeadNameserver) {
  EXPECT_EQ(test::run(io_, by_dns()->locate("NO.SUCH.TEST", DcLevel::unknown, "")).error(),
            asio::error::host_not_found);
  dns_.silent = true;
  EXPECT_EQ(test::run(io_, by_dns()->locate("CORP.TEST", DcLevel::unknown, "")).error(), asio::error::timed_out);
}

TEST_F(DcLocatorByDns, AsksADeadNameserverAgainSoon) {
  const auto where = by_dns();
  dns_.silent = true;
  EXPECT_TRUE(test::run(io_, where->controllers("CORP.TEST")).empty());
  dns_.silent = false;
  clock_.advance(1s);
  EXPECT_EQ(test::run(io_, where->controllers("CORP.TEST")).size(), 2U);
}

TEST_F(DcLocatorByDns, KeepsTheLastListWhileTheNameserverIsDead) {
  for (auto& [name, records] : dns_.srv)
    for (auto& record : records) record.ttl = 0;  // it is kept for ten seconds
  const auto where = by_dns();
  ASSERT_EQ(test::run(io_, where->controllers("CORP.TEST")).size(), 2U);
  dns_.silent = true;
  clock_.advance(10s);
  EXPECT_EQ(test::run(io_, where->controllers("CORP.TEST")).size(), 2U);
  clock_.advance(1s);
  const auto asked_at = std::chrono::steady_clock::now();
  EXPECT_EQ(test::run(io_, where->controllers("CORP.TEST")).size(), 2U);
  EXPECT_LT(std::chrono::steady_clock::now() - asked_at, clock_.times().dns_timeout / 2)
      << "a nameserver that is known to be dead is not waited for";
}

TEST_F(DcLocatorByDns, AsksDnsOnlyForRealmsThatAreNotConfigured) {
  options_.realms["STATIC.TEST"] = {near_.where};
  const auto where = by_dns();
  EXPECT_THAT(names(test::run(io_, where->controllers("STATIC.TEST"))), ElementsAre("near.corp.test"));
  EXPECT_TRUE(dns_.asked.empty());
  EXPECT_EQ(test::run(io_, where->controllers("CORP.TEST")).size(), 2U);
}

}  // namespace
}  // namespace stead
