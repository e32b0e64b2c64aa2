// What the Client of stead/s4u.h tells and takes besides tickets: refusals in detail, events, deadlines, its own name,
// what it keeps.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "sspi_shim/client/s4u_client.h"
#include "sspi_shim/krb5/proxy_credential.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "stead/log_events.h"
#include "tests/client/one_realm.h"

namespace stead {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ClientCallsTest : public testing::Test {
 protected:
  ClientCallsTest() {
    options_.principal = "HTTP/front.a@A";
    options_.on_event = [this](const Event& event) { events_.push_back(event); };
    open();
  }
  void open() {
    client_ = std::make_shared<S4uClient>(io_.get_executor(), options_, *parse_principal(options_.principal),
                                          std::vector<Key>{key_}, realm_, realm_);
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> out;
    asio::co_spawn(io_, std::move(work), [&](const std::exception_ptr&, T got) { out = std::move(got); });
    const auto busy = asio::make_work_guard(io_);  // a password's key is derived on another thread
    io_.restart();
    while (!out) io_.run_one();
    return std::move(*out);
  }
  Client& client() { return *client_; }
  Identity alice() { return *run(client().user("alice")); }
  // Since the last time.
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const Event& event : std::exchange(events_, {})) out.push_back(to_text(event));
    return out;
  }

  asio::io_context io_{1};
  ClientOptions options_;
  Key key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::shared_ptr<OneRealm> realm_ = std::make_shared<OneRealm>(key_);
  std::vector<Event> events_;
  std::shared_ptr<S4uClient> client_;
};

TEST_F(ClientCallsTest, ARefusalSaysWhereItEndedAndHowLongItHolds) {
  const auto denied = run(client().ticket_for(alice(), "HTTP/denied.a"));
  ASSERT_FALSE(denied);
  const Failure& first = denied.error();
  EXPECT_EQ(first.stage, "s4u2proxy");
  EXPECT_EQ(first.realm, "A");
  EXPECT_EQ(first.controller, "dc12.a");
  EXPECT_EQ(first.address, "127.0.0.1:88");
  EXPECT_EQ(first.level, "2012");
  EXPECT_FALSE(first.retryable);
  EXPECT_GE(first.cacheable_for, 60s);
  EXPECT_LE(first.cacheable_for, 120s);
  EXPECT_EQ(static_cast<std::uint32_t>(security_status(first)), 0x8009035EU);
  const Failure again = run(client().ticket_for(alice(), "HTTP/denied.a")).error();
  EXPECT_EQ(again.controller, "dc12.a");
  EXPECT_LE(again.cacheable_for, first.cacheable_for) << "what is left of it";
  EXPECT_GT(again.cacheable_for, 0s);
}

TEST_F(ClientCallsTest, ARefusalSaysWhetherItMayMendItself) {
  const Failure nobody = run(client().user("nobody")).error();
  EXPECT_EQ(nobody.stage, "s4u2self");
  EXPECT_FALSE(nobody.retryable);
  EXPECT_EQ(static_cast<std::uint32_t>(security_status(nobody)), 0x8009030CU);
  const Failure nameless = run(client().ticket_for(alice(), "")).error();
  EXPECT_FALSE(nameless.retryable);
  EXPECT_EQ(nameless.cacheable_for, 0s);
  realm_->silent = true;
  const Failure silence = run(client().ticket_for(alice(), "HTTP/back.a")).error();
  EXPECT_TRUE(silence.retryable);
  EXPECT_GE(silence.cacheable_for, 1s);
  EXPECT_LE(silence.cacheable_for, 3s);
  EXPECT_EQ(silence.controller, "");
  EXPECT_EQ(static_cast<std::uint32_t>(security_status(silence)), 0x80090311U);
}

TEST_F(ClientCallsTest, EventsTellEachExchangeAndTheCache) {
  const Identity who = alice();
  EXPECT_THAT(told(), ElementsAre("cache_miss alice", "request alice@A: AS A [our own TGT, HTTP/front.a@A]",
                                  "reply alice@A: AS A [our own TGT, HTTP/front.a@A]: dc12.a (2012) gave a ticket",
                                  "request alice@A: S4U2Self A [HTTP/front.a for alice@A]",
                                  "reply alice@A: S4U2Self A [HTTP/front.a for alice@A]: dc12.a (2012) gave a ticket"));
  ASSERT_TRUE(run(client().ticket_for(who, "HTTP/back.a")));
  EXPECT_THAT(told(), ElementsAre("cache_miss alice@A -> HTTP/back.a",
                                  testing::StartsWith("request alice@A -> HTTP/back.a: S4U2Proxy A"),
                                  testing::StartsWith("reply alice@A -> HTTP/back.a: S4U2Proxy A")));
  ASSERT_TRUE(run(client().ticket_for(who, "HTTP/back.a")));
  EXPECT_THAT(told(), ElementsAre("cache_hit alice@A -> HTTP/back.a"));
  ASSERT_FALSE(run(client().ticket_for(who, "HTTP/denied.a")));
  EXPECT_THAT(told().back(), testing::EndsWith("dc12.a (2012) said KDC_ERR_BADOPTION + STATUS_NOT_FOUND"));
  ASSERT_FALSE(run(client().ticket_for(who, "HTTP/denied.a")));
  EXPECT_EQ(events_.back().kind, EventKind::negative_hit);
  EXPECT_THAT(told(), ElementsAre(testing::StartsWith("negative_hit alice@A -> HTTP/denied.a: ")));
}

TEST_F(ClientCallsTest, EventsTellWhoJoined) {
  int ended = 0;
  const auto ask = [&]() -> asio::awaitable<void> {
    const Outcome<Identity> who = co_await client().user("alice");
    if (who) ++ended;
  };
  for (int i = 0; i < 3; ++i) asio::co_spawn(io_, ask, asio::detached);
  io_.run();
  EXPECT_EQ(ended, 3);
  const auto count = [&](EventKind kind) {
    return std::count_if(events_.begin(), events_.end(), [&](const Event& event) { return event.kind == kind; });
  };
  EXPECT_EQ(count(EventKind::cache_miss), 1);
  EXPECT_EQ(count(EventKind::cache_join), 2);
  EXPECT_EQ(count(EventKind::request), 2);
}

TEST_F(ClientCallsTest, EventsTellARelocationWithBothControllers) {
  realm_->where = dc("dc08.a", DcLevel::w2008);
  realm_->newer = KnownController{{"dc12.a", "127.0.0.2", 88, 389}, DcLevel::w2012};
  const Identity who = alice();
  told();
  ASSERT_TRUE(run(client().ticket_for(who, "HTTP/denied.a")));
  const auto found = std::find_if(events_.begin(), events_.end(),
                                  [](const Event& event) { return event.kind == EventKind::relocation; });
  ASSERT_NE(found, events_.end());
  EXPECT_EQ(found->user, "alice@A");
  EXPECT_EQ(found->service, "HTTP/denied.a");
  EXPECT_EQ(found->left.name, "dc08.a");
  EXPECT_EQ(found->left.level, "2008");
  EXPECT_EQ(found->taken.name, "dc12.a");
  EXPECT_EQ(found->taken.level, "2012");
  EXPECT_EQ(to_text(*found),
            "relocation alice@A -> HTTP/denied.a: dc08.a (2008) said KDC_ERR_BADOPTION + STATUS_NOT_FOUND, dc12.a "
            "(2012) is asked");
}

TEST_F(ClientCallsTest, EventsGoIntoALogByTheirWeight) {
  std::ostringstream text;
  auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  logger->set_pattern("%l %v");
  options_.on_event = log_events(logger);
  open();
  ASSERT_FALSE(run(client().ticket_for(alice(), "HTTP/denied.a")));
  EXPECT_THAT(text.str(), testing::StartsWith("info refusal alice@A -> HTTP/denied.a: S4U2Proxy A"));
  EXPECT_THAT(text.str(), testing::Not(testing::HasSubstr("cache_miss")));
}

TEST_F(ClientCallsTest, ADeadlineEndsTheWaitingAndNotTheExchange) {
  const Identity who = alice();
  asio::steady_timer gate(io_, asio::steady_timer::time_point::max());
  realm_->gate = &gate;
  const auto late = run(client().ticket_for(who, "HTTP/back.a", {.deadline = 20ms}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::unreachable);
  EXPECT_EQ(late.error().error, asio::error::timed_out);
  EXPECT_TRUE(late.error().retryable);
  realm_->gate = nullptr;
  gate.cancel();
  ASSERT_TRUE(run(client().ticket_for(who, "HTTP/back.a", {.deadline = 10s})));
  EXPECT_EQ(client().statistics().s4u2proxy_exchanges, 1u);
}

TEST_F(ClientCallsTest, OptionsLookPastARefusal) {
  const Identity who = alice();
  ASSERT_FALSE(run(client().ticket_for(who, "HTTP/denied.a")));
  realm_->allows_denied = true;
  EXPECT_FALSE(run(client().ticket_for(who, "HTTP/denied.a", TicketOptions{})));
  EXPECT_TRUE(run(client().ticket_for(who, "HTTP/denied.a", {.past_refusal = true})));
}

TEST_F(ClientCallsTest, ATokenIsMadeAtOnce) {
  const std::string text = "tls-server-end-point:x";
  const auto token = run(client().token_for(alice(), "HTTP/back.a", {text.begin(), text.end()}));
  ASSERT_TRUE(token);
  EXPECT_TRUE(decode_neg_token_init(token->token));
  EXPECT_FALSE(token->reply_state.empty());
  EXPECT_EQ(run(client().token_for(alice(), "HTTP/denied.a")).error().stage, "s4u2proxy");
}

TEST_F(ClientCallsTest, ItAsksInItsOwnName) {
  const auto self = run(client().self());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->principal(), "HTTP/front.a@A");
  const auto got = run(client().ticket_for(*self, "HTTP/denied.a"));
  ASSERT_TRUE(got) << "nobody is delegated";
  EXPECT_EQ((*got)->client(), "HTTP/front.a@A");
  EXPECT_EQ(client().statistics().s4u2proxy_exchanges, 0u);
  ASSERT_TRUE(run(client().ticket_for(*run(client().self()), "HTTP/denied.a")));
  EXPECT_EQ(client().statistics().tgs_exchanges, 1u) << "kept as a user's";
  realm_->forgot_its_keys = true;
  ASSERT_FALSE(run(client().ticket_for(*self, "HTTP/other.a")));
  ASSERT_TRUE(run(client().ticket_for(*run(client().self()), "HTTP/third.a")));
  EXPECT_EQ(client().statistics().as_exchanges, 2u) << "its TGT had become worthless";
}

// What is asked for in our own name no delegation list bounds: whoever only names a user must not get it.
TEST_F(ClientCallsTest, ItIsNoUserToActFor) {
  for (const char* name : {"HTTP/front.a", "http/FRONT.a@A"}) {
    const Failure refused = run(client().user(name)).error();
    EXPECT_EQ(refused.kind, FailureKind::unusable) << name;
    ASSERT_TRUE(refused.trace.diagnosis);
    EXPECT_EQ(refused.trace.diagnosis->code, "user_account_refused");
  }
  EXPECT_EQ(client().statistics().s4u2self_exchanges, 0u);
}

TEST_F(ClientCallsTest, AUserWithHisPasswordAsksHimself) {
  const auto who = run(client().user_by_password("alice", OneRealm::kPassword));
  ASSERT_TRUE(who) << who.error().text;
  EXPECT_EQ(who->principal(), "alice@A");
  const auto got = run(client().ticket_for(*who, "HTTP/back.a"));
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ((*got)->client(), "alice@A");
  EXPECT_EQ(client().statistics().s4u2self_exchanges + client().statistics().s4u2proxy_exchanges, 0u);
  EXPECT_NE(*run(client().ticket_for(alice(), "HTTP/back.a")), *got) << "what her TGT gave is for whoever has it";
  EXPECT_FALSE(run(client().user_by_password("alice", "another")));
  const auto checked = run(client().check_password("alice", OneRealm::kPassword));
  ASSERT_TRUE(checked);
  EXPECT_EQ(*checked, "alice@A");
}

TEST_F(ClientCallsTest, WithoutKeysThereAreUsersWithPasswordsAndNothingElse) {
  Principal nobody{{NameType::principal, {}}, "A"};
  client_ = std::make_shared<S4uClient>(io_.get_executor(), options_, nobody, std::vector<Key>(), realm_, realm_);
  const auto who = run(client().user_by_password("alice", OneRealm::kPassword));
  ASSERT_TRUE(who) << who.error().text;
  EXPECT_TRUE(run(client().ticket_for(*who, "HTTP/back.a")));
  EXPECT_EQ(run(client().user("bob")).error().kind, FailureKind::unusable);
  EXPECT_EQ(run(client().self()).error().kind, FailureKind::unusable);
  EXPECT_EQ(client().statistics().as_exchanges, 1u) << "nothing is sent under no name";
}

TEST_F(ClientCallsTest, AProxyCredentialIsRefusedUnlessItIsAllowed) {
  const auto refused = run(client().proxy_credential(alice()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::unusable);
  EXPECT_THAT(refused.error().text, testing::HasSubstr("allow_proxy_credentials"));
  options_.allow_proxy_credentials = true;
  open();
  const auto given = run(client().proxy_credential(alice()));
  ASSERT_TRUE(given) << given.error().text;
  EXPECT_EQ((*given)->client(), "alice@A");
  EXPECT_EQ((*given)->impersonator(), "HTTP/front.a@A");
  const auto& issued = static_cast<const IssuedProxyCredential&>(**given);
  EXPECT_EQ(issued.own_tgt().tgt_realm(), "A");
  const auto brought = client().from_ticket(encode(realm_->evidence_of("bob")));
  const auto his = run(client().proxy_credential(*brought));
  ASSERT_TRUE(his) << his.error().text;
  EXPECT_EQ((*his)->client(), "bob@A");
  EXPECT_FALSE(static_cast<const IssuedProxyCredential&>(**his).evidence().session_key.value().empty())
      << "out of his ticket";
  EXPECT_FALSE(run(client().proxy_credential(*run(client().self())))) << "we are no user";
}

TEST_F(ClientCallsTest, ItShowsWhatItKeeps) {
  const Identity who = alice();
  ASSERT_TRUE(run(client().ticket_for(who, "HTTP/back.a")));
  ASSERT_FALSE(run(client().ticket_for(who, "HTTP/denied.a")));
  ASSERT_TRUE(run(client().user("bob")));
  const CacheView all = client().cache_view();
  EXPECT_EQ(all.tickets, 1u);
  EXPECT_EQ(all.evidence, 2u);
  EXPECT_EQ(all.refusals, 1u);
  EXPECT_GT(all.bytes, 500u);
  EXPECT_TRUE(all.kept.empty());
  const CacheView hers = client().cache_view("ALICE@a");
  ASSERT_EQ(hers.kept.size(), 2u);
  EXPECT_TRUE(hers.kept[0].evidence);
  EXPECT_EQ(hers.kept[1].service, "HTTP/back.a@A");
  EXPECT_EQ(hers.kept[1].client, "alice@A");
  EXPECT_GT(hers.kept[1].end_time, std::chrono::system_clock::now());
  client().forget_user("alice@A");
  EXPECT_TRUE(client().cache_view("alice@A").kept.empty());
  EXPECT_EQ(client().cache_view("bob@A").kept.size(), 1u);
}

TEST_F(ClientCallsTest, ACertificateGoesWithTheNameOfItsHint) {
  const std::vector<std::uint8_t> der{0x30, 0x01, 0x02};
  const auto by_hint = [&](CertificateHints hints) {
    const auto who = run(client().user_by_certificate(der, std::move(hints)));
    return who ? who->principal() : who.error().text;
  };
  EXPECT_EQ(by_hint(CertificateHints()), "carol@A");
  EXPECT_FALSE(realm_->last_user->cname);
  EXPECT_EQ(by_hint(CertificateHints("alice")), "alice@A");
  EXPECT_EQ(to_string(*realm_->last_user->cname), "alice");
  EXPECT_EQ(realm_->last_user->subject_certificate, der);
  by_hint(CertificateHints("bob@a.example", "a"));
  EXPECT_EQ(realm_->last_user->cname->type, NameType::enterprise);
  EXPECT_EQ(by_hint(CertificateHints("A\\dave")), "dave@A");
  const auto asked = client().statistics().s4u2self_exchanges;
  EXPECT_EQ(asked, 4u);
  EXPECT_EQ(by_hint(CertificateHints("alice")), "alice@A");
  EXPECT_EQ(by_hint(CertificateHints()), "carol@A");
  EXPECT_EQ(client().statistics().s4u2self_exchanges, asked) << "each is kept by certificate and hint";
  EXPECT_EQ(run(client().user_by_certificate(der, CertificateHints("@"))).error().kind, FailureKind::unusable);
  EXPECT_EQ(run(client().user_by_certificate(der, CertificateHints("HTTP/front.a"))).error().kind,
            FailureKind::unusable)
      << "that is ourselves";
}

TEST_F(ClientCallsTest, ACertificateThatMustHaveOneAccountIsAskedAboutFirst) {
  const auto before = client().statistics().as_exchanges;
  ASSERT_TRUE(run(client().user_by_certificate({0x30}, CertificateHints("alice"))));
  const auto own = client().statistics().as_exchanges - before;
  ASSERT_TRUE(run(client().user_by_certificate({0x31}, CertificateHints("alice", "", true))));
  EXPECT_EQ(client().statistics().as_exchanges, before + own + 1) << "whose it is, by the certificate alone";
}

TEST_F(ClientCallsTest, LogonHoursAreAskedAboutEachTime) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(run(client().user_within_logon_hours("alice")));
  EXPECT_EQ(client().statistics().s4u2self_exchanges, 2u);
  EXPECT_EQ(client().cache_view().evidence, 0u);
  EXPECT_EQ(run(client().user_within_logon_hours("@")).error().kind, FailureKind::unusable);
}

}  // namespace
}  // namespace stead
