// The cache over a scripted source: no KDC and no exchange.
#include "sspi_shim/client/caching_client.h"
#include "sspi_shim/base/text.h"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "tests/client/one_realm.h"

namespace stead {
namespace {

using namespace std::chrono_literals;

class CachingClientTest : public testing::Test {
 protected:
  CachingClientTest() {
    options_.ticket_life = std::chrono::seconds(0);  // to the end of the tickets
    open();
  }
  void open() {
    options_.on_event = [this](const Event& event) { events_.push_back(event.kind); };
    cache_ = std::make_shared<CachingClient>(
        io_.get_executor(), options_, [this] { return now_; },
        TicketSource{[this](UserRequest user, Freshness freshness) { return identity(std::move(user), freshness); },
                     [this](Identity who, Principal service, Freshness freshness) {
                       return ticket(std::move(who), std::move(service), freshness);
                     }});
  }
  [[nodiscard]] Time seconds_from_now(std::chrono::seconds life) const {
    return std::chrono::floor<std::chrono::seconds>(now_) + life;
  }
  asio::awaitable<Fetched<Identity>> identity(UserRequest user, Freshness freshness) {
    ++identities_;
    last_freshness_ = freshness;
    co_await asio::post(asio::use_awaitable);
    if (refuse_) co_return refusal();
    auto state = std::make_shared<Identity::State>();
    state->user = {{NameType::principal, {to_lower(user.name)}}, "A"};
    state->cache_key = to_lower(user.name) + "@a s4u2self ";
    state->endtime = seconds_from_now(10h);
    co_return Identity(std::move(state));
  }
  asio::awaitable<Fetched<TicketPtr>> ticket(Identity who, Principal service, Freshness freshness) {
    ++tickets_;
    last_freshness_ = freshness;
    co_await asio::post(asio::use_awaitable);
    if (refuse_) co_return refusal();
    Credential out;
    out.client = who.state().user.name;
    out.client_realm = "A";
    out.service = service.name;
    out.service_realm = "A";
    out.endtime = seconds_from_now(10h);
    co_return TicketPtr(std::make_shared<IssuedTicket>(std::move(out), Trace{}));
  }
  [[nodiscard]] ClassifiedFailure refusal() const {
    ClassifiedFailure out;
    out.kind = class_;
    out.failure.stage = stage_;
    return out;
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> out;
    asio::co_spawn(io_, std::move(work), [&](const std::exception_ptr&, T got) { out = std::move(got); });
    io_.restart();
    io_.run();
    return std::move(*out);
  }
  Outcome<Identity> user(const std::string& name) { return run(cache_->identity(UserRequest{name})); }
  Outcome<TicketPtr> back(const Identity& who, RememberedRefusals refusals = RememberedRefusals::respect) {
    return run(cache_->ticket(who, *parse_principal("HTTP/back.a"), refusals));
  }
  std::vector<EventKind> events() { return std::exchange(events_, {}); }

  asio::io_context io_{1};
  ClientOptions options_;
  CacheTime now_ = std::chrono::system_clock::now();
  bool refuse_ = false;
  RefusalClass class_ = RefusalClass::policy;
  std::string stage_;
  int identities_ = 0, tickets_ = 0;
  Freshness last_freshness_ = Freshness::cached;
  std::vector<EventKind> events_;
  std::shared_ptr<CachingClient> cache_;
};

TEST_F(CachingClientTest, FetchesOnceAndGivesItAgain) {
  const Identity alice = *user("alice");
  EXPECT_TRUE(user("alice@A")) << "the canonical name";
  EXPECT_EQ(identities_, 1);
  const auto first = *back(alice);
  EXPECT_EQ(*back(alice), first);
  EXPECT_EQ(tickets_, 1);
  using enum EventKind;
  EXPECT_THAT(events(), testing::ElementsAre(cache_miss, cache_hit, cache_miss, cache_hit));
}

TEST_F(CachingClientTest, AsksForANameInAnotherCaseAndFindsTheSameUser) {
  ASSERT_TRUE(user("alice"));
  EXPECT_EQ(user("ALICE")->principal(), "alice@A");
  EXPECT_EQ(identities_, 2) << "some KDCs tell ALICE from alice";
  EXPECT_TRUE(user("ALICE"));
  EXPECT_EQ(identities_, 2);
  EXPECT_EQ(cache_->view("alice@A", "us").evidence, 1u);
}

TEST_F(CachingClientTest, FetchesOnceForAllWhoWait) {
  int served = 0;
  for (int i = 0; i < 100; ++i) {
    asio::co_spawn(io_, cache_->identity(UserRequest{"alice"}),
                   [&](const std::exception_ptr&, const Outcome<Identity>& got) { served += got ? 1 : 0; });
  }
  io_.run();
  EXPECT_EQ(served, 100);
  EXPECT_EQ(identities_, 1);
  Statistics numbers;
  cache_->add_to(numbers);
  EXPECT_EQ(numbers.cache_joins, 99u);
  EXPECT_EQ(numbers.cache_misses, 1u);
}

TEST_F(CachingClientTest, ReplacesAnAgedEntryInTheBackground) {
  const Identity alice = *user("alice");
  const auto first = *back(alice);
  now_ += 8h;
  EXPECT_EQ(*back(alice), first);
  EXPECT_EQ(tickets_, 2);
  EXPECT_EQ(last_freshness_, Freshness::renewed);
  EXPECT_NE(*back(alice), first);
}

TEST_F(CachingClientTest, DropsTheEntryWhereItsSuccessorIsRefused) {
  const Identity alice = *user("alice");
  const auto first = *back(alice);
  now_ += 8h;
  refuse_ = true;
  EXPECT_EQ(*back(alice), first);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(back(alice));
  EXPECT_EQ(tickets_, 2);
}

TEST_F(CachingClientTest, DropsAUsersTicketsWhereTheUserIsRefused) {
  const Identity alice = *user("alice");
  ASSERT_TRUE(back(alice));
  ASSERT_TRUE(user("bob"));
  now_ += 9h;
  refuse_ = true;
  EXPECT_TRUE(user("alice"));
  EXPECT_FALSE(user("alice"));
  EXPECT_FALSE(user("alice@A")) << "by whatever name";
  EXPECT_TRUE(cache_->view("alice@A", "us").kept.empty());
  EXPECT_EQ(cache_->view("bob@A", "us").kept.size(), 1u);
}

TEST_F(CachingClientTest, UsesNothingLongerThanItsLife) {
  options_.ticket_life = 15min;
  open();
  const Identity alice = *user("alice");
  const auto first = *back(alice);
  now_ += 13min;
  EXPECT_EQ(*back(alice), first);
  EXPECT_TRUE(user("alice"));
  EXPECT_EQ(tickets_, 2) << "the successor is fetched, though it ends when the first one does";
  EXPECT_EQ(identities_, 2);
  for (int i = 0; i < 4; ++i) {
    now_ += 13min;
    EXPECT_TRUE(back(alice));
    EXPECT_TRUE(user("alice"));
  }
  EXPECT_EQ(tickets_, 6);
  EXPECT_EQ(identities_, 6);
  now_ += 16min;
  refuse_ = true;
  EXPECT_FALSE(back(alice));
  EXPECT_FALSE(user("alice"));
}

TEST_F(CachingClientTest, KeepsTheEntryWhereOurOwnAccountIsRefused) {
  const Identity alice = *user("alice");
  const auto first = *back(alice);
  now_ += 8h;
  refuse_ = true;
  stage_ = "own_tgt";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*back(alice), first);
}

TEST_F(CachingClientTest, KeepsTheEntryWhereNoKdcAnswers) {
  const Identity alice = *user("alice");
  const auto first = *back(alice);
  now_ += 8h;
  refuse_ = true;
  class_ = RefusalClass::no_answer;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*back(alice), first);
  EXPECT_EQ(tickets_, 2) << "one refresh a minute";
}

TEST_F(CachingClientTest, RemembersARefusalAndLetsOneCallerLookPastIt) {
  const Identity alice = *user("alice");
  refuse_ = true;
  EXPECT_FALSE(back(alice));
  EXPECT_FALSE(back(alice));
  EXPECT_EQ(tickets_, 1);
  EXPECT_EQ(events_.back(), EventKind::negative_hit);
  refuse_ = false;
  EXPECT_FALSE(back(alice));
  EXPECT_TRUE(back(alice, RememberedRefusals::look_past));
  EXPECT_TRUE(back(alice));
}

TEST_F(CachingClientTest, ForgetsAUser) {
  const Identity alice = *user("alice");
  ASSERT_TRUE(back(alice));
  EXPECT_EQ(cache_->view("Alice@A", "us").kept.size(), 2u);
  cache_->forget_user("ALICE@a");
  EXPECT_TRUE(cache_->view("alice@A", "us").kept.empty());
  ASSERT_TRUE(back(alice));
  EXPECT_EQ(tickets_, 2);
}

TEST_F(CachingClientTest, KeepsNoTicketForAnUncachedService) {
  options_.uncached_services = {"http/BACK.a"};
  open();
  const Identity alice = *user("alice");
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(back(alice));
  EXPECT_EQ(tickets_, 2);
}

}  // namespace
}  // namespace stead
