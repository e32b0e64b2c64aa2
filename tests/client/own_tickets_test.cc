#include "sspi_shim/client/own_tickets.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>

#include <boost/asio/detached.hpp>

#include "tests/client/client_parts.h"

namespace stead {
namespace {

class OwnTicketsTest : public ClientPartTest {
 protected:
  CredentialPtr tgt(Freshness freshness = Freshness::cached) {
    auto call = context_->new_call();
    call->freshness = freshness;
    return *run(tickets_->own_tgt(call));
  }
  std::uint64_t exchanges() { return context_->driver.statistics().as_exchanges; }

  ClientContextPtr context_ = new_context();
  std::shared_ptr<OwnTickets> tickets_ = std::make_shared<OwnTickets>(context_);
};

TEST_F(OwnTicketsTest, OneExchangeServesAllCalls) {
  int served = 0;
  for (int i = 0; i < 50; ++i) {
    asio::co_spawn(io_, tickets_->own_tgt(context_->new_call()),
                   [&](const std::exception_ptr&, const OrRefusal<CredentialPtr>& got) { served += got ? 1 : 0; });
  }
  finish();
  EXPECT_EQ(served, 50);
  EXPECT_EQ(tgt()->tgt_realm(), "A");
  EXPECT_EQ(exchanges(), 1u);
}

TEST_F(OwnTicketsTest, TheTgtIsRenewedInTheBackgroundInTheLastFifthOfItsLife) {
  const auto first = tgt();
  advance(std::chrono::hours(7));
  EXPECT_EQ(tgt(), first);
  finish();
  EXPECT_EQ(exchanges(), 1u);
  advance(std::chrono::minutes(90));
  EXPECT_EQ(tgt(), first) << "nobody waits for the new one";
  finish();
  EXPECT_EQ(exchanges(), 2u);
  EXPECT_NE(tgt(), first);
}

TEST_F(OwnTicketsTest, ACallThatRenewsWaitsForTheNewTgt) {
  const auto first = tgt();
  EXPECT_EQ(tgt(Freshness::renewed), first) << "it is young";
  advance(std::chrono::minutes(510));
  EXPECT_NE(tgt(Freshness::renewed), first);
  EXPECT_EQ(exchanges(), 2u);
}

TEST_F(OwnTicketsTest, AnEndedTgtIsReplacedBeforeItIsUsed) {
  const auto first = tgt();
  EXPECT_TRUE(tickets_->is_fresh(*first));
  advance(std::chrono::hours(10) - std::chrono::minutes(1));
  EXPECT_FALSE(tickets_->is_fresh(*first));
  EXPECT_NE(tgt(), first);
}

TEST_F(OwnTicketsTest, AreRequestedAgainAfterTheyWereDropped) {
  (void)tgt();
  EXPECT_TRUE(tickets_->any());
  tickets_->drop_all();
  EXPECT_FALSE(tickets_->any());
  (void)tgt();
  EXPECT_EQ(exchanges(), 2u);
}

TEST_F(OwnTicketsTest, TheOwnRealmNeedsNoReferral) {
  const auto got = run(tickets_->tgt_for(context_->new_call(), "a"));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, tgt());
  EXPECT_EQ(context_->driver.statistics().tgs_exchanges, 0u);
}

TEST_F(OwnTicketsTest, NothingIsSentWithoutKeys) {
  const auto context = new_context({});
  const auto got = run(std::make_shared<OwnTickets>(context)->own_tgt(context->new_call()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, FailureKind::unusable);
  EXPECT_EQ(context->driver.statistics().as_exchanges, 0u);
}

TEST_F(OwnTicketsTest, ATargetIsRememberedWhileItsTgtLives) {
  const Principal service = *parse_principal("HTTP/back.b");
  const auto call = context_->new_call();
  EXPECT_FALSE(tickets_->target(service, *call));
  tickets_->remember_target(service, {"B", tgt(), true});
  ASSERT_TRUE(tickets_->target(*parse_principal("http/BACK.b"), *call)) << "names compare without case";
  EXPECT_EQ(tickets_->target(service, *call)->realm, "B");
  advance(std::chrono::minutes(510));
  EXPECT_TRUE(tickets_->target(service, *call));
  call->freshness = Freshness::renewed;
  EXPECT_FALSE(tickets_->target(service, *call)) << "its TGT is old";
  tickets_->forget_target(service);
  EXPECT_FALSE(tickets_->target(service, *context_->new_call()));
}

struct StaleRow {
  KrbErrc code;
  Stage stage;
  bool stale;
};
class StaleTicket : public testing::TestWithParam<StaleRow> {};
TEST_P(StaleTicket, IsKnownByTheError) {
  Refusal refusal;
  refusal.error = make_error_code(GetParam().code);
  refusal.stage = GetParam().stage;
  EXPECT_EQ(is_stale_ticket(refusal), GetParam().stale);
  refusal.kind = FailureKind::rejected;
  EXPECT_FALSE(is_stale_ticket(refusal)) << "no KDC said so";
}
INSTANTIATE_TEST_SUITE_P(Rows, StaleTicket,
                         testing::Values(StaleRow{KrbErrc::KDC_ERR_TGT_REVOKED, Stage::s4u2self, true},
                                         StaleRow{KrbErrc::KRB_AP_ERR_MODIFIED, Stage::s4u2proxy, true},
                                         StaleRow{KrbErrc::KRB_AP_ERR_MODIFIED, Stage::own_tgt, false},
                                         StaleRow{KrbErrc::KDC_ERR_BADOPTION, Stage::s4u2proxy, false}));

}  // namespace
}  // namespace stead
