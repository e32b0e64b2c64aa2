// S4U2Self and S4U2Proxy without a cache.
#include "sspi_shim/client/delegation.h"

#include <chrono>
#include <memory>
#include <string>

#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/krb5/proxy_credential.h"
#include "tests/client/client_parts.h"

namespace stead {
namespace {

class DelegationTest : public ClientPartTest {
 protected:
  Fetched<Identity> evidence(const std::string& name) {
    return run(transition_->fetch(UserRequest{name}, Freshness::cached));
  }
  Fetched<TicketPtr> ticket(const Identity& identity, const std::string& spn, Freshness freshness = Freshness::cached) {
    return run(delegation_.fetch(identity, *parse_principal(spn), freshness));
  }
  Statistics numbers() { return context_->driver.statistics(); }

  ClientContextPtr context_ = new_context();
  std::shared_ptr<OwnTickets> tickets_ = std::make_shared<OwnTickets>(context_);
  std::shared_ptr<ProtocolTransition> transition_ =
      std::make_shared<ProtocolTransition>(context_, tickets_, std::make_shared<UserFinder>(context_, tickets_));
  Delegation delegation_{context_, tickets_, transition_};
};

TEST_F(DelegationTest, AsksAKdcForEachTicket) {
  const Identity alice = *evidence("alice");
  for (int i = 0; i < 2; ++i) {
    const auto got = ticket(alice, "HTTP/back.a");
    ASSERT_TRUE(got) << got.error().failure.text;
    EXPECT_EQ((*got)->client(), "alice@A");
    EXPECT_EQ((*got)->trace().steps.size(), 3u) << "the steps of the evidence come first";
  }
  EXPECT_EQ(numbers().s4u2proxy_exchanges, 2u);
  EXPECT_EQ(numbers().s4u2self_exchanges, 1u);
}

TEST_F(DelegationTest, ARefusalHasItsClassAndItsDiagnosis) {
  const auto got = ticket(*evidence("alice"), "HTTP/denied.a");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, RefusalClass::policy);
  EXPECT_EQ(got.error().failure.trace.diagnosis->code, "rbcd_denied_on_target");
  EXPECT_EQ(got.error().failure.trace.service, "HTTP/denied.a@A");
  EXPECT_EQ(evidence("nobody").error().kind, RefusalClass::unknown_name);
  realm_->silent = true;
  EXPECT_EQ(evidence("bob").error().kind, RefusalClass::no_answer);
}

TEST_F(DelegationTest, EvidenceThatEndsIsFetchedAgain) {
  const Identity alice = *evidence("alice");
  advance(std::chrono::minutes(597));
  ASSERT_TRUE(ticket(alice, "HTTP/back.a"));
  EXPECT_EQ(numbers().s4u2self_exchanges, 2u);
}

TEST_F(DelegationTest, ARenewingCallFetchesAgedEvidenceAgain) {
  const Identity alice = *evidence("alice");
  ASSERT_TRUE(ticket(alice, "HTTP/back.a", Freshness::renewed));
  EXPECT_EQ(numbers().s4u2self_exchanges, 1u);
  advance(std::chrono::minutes(510));
  ASSERT_TRUE(ticket(alice, "HTTP/back.a", Freshness::renewed));
  EXPECT_EQ(numbers().s4u2self_exchanges, 2u);
}

TEST_F(DelegationTest, StaleTicketsOfOursAreReplacedOnce) {
  const Identity alice = *evidence("alice");
  realm_->forgot_its_keys = true;
  ASSERT_TRUE(ticket(alice, "HTTP/back.a"));
  EXPECT_EQ(numbers().as_exchanges, 2u);
  realm_->forgot_its_keys = true;
  ASSERT_TRUE(evidence("bob"));
  EXPECT_EQ(numbers().as_exchanges, 3u);
}

TEST_F(DelegationTest, AUsersOwnTicketIsUsedAsItIs) {
  const Ticket presented = realm_->evidence_of("carol");
  const Identity carol = identity_by_ticket(presented, encode(presented), context_->keys).value();
  const auto got = ticket(carol, "HTTP/back.a");
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)->client(), "carol@A");
  EXPECT_EQ(numbers().s4u2self_exchanges, 0u);
}

TEST_F(DelegationTest, ThisServiceIsNotAUser) {
  const auto got = evidence("HTTP/front.a");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure.kind, FailureKind::unusable);
  EXPECT_EQ(numbers().s4u2self_exchanges, 0u);
}

TEST_F(DelegationTest, ATicketToThisServiceIsTheEvidence) {
  const auto got = ticket(*evidence("alice"), "HTTP/front.a");
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)->service(), "HTTP/front.a@A");
  EXPECT_EQ(numbers().s4u2proxy_exchanges, 0u);
}

TEST_F(DelegationTest, ATgtOfTheirOwnNeedsNoDelegation) {
  const auto tgt = run(tickets_->own_tgt(context_->new_call()));
  const auto got = ticket(identity_by_tgt(*tgt, {}), "HTTP/denied.a");
  ASSERT_TRUE(got) << got.error().failure.text;
  EXPECT_EQ((*got)->client(), "HTTP/front.a@A");
  EXPECT_EQ(numbers().s4u2proxy_exchanges, 0u);
}

TEST_F(DelegationTest, AProxyCredentialHasTheEvidenceAndOurTgt) {
  const auto got = run(delegation_.proxy_credential(*evidence("alice")));
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)->client(), "alice@A");
  EXPECT_EQ((*got)->impersonator(), "HTTP/front.a@A");
}

TEST_F(DelegationTest, LogonHoursAreCheckedWhereTheCallerAsks) {
  ASSERT_TRUE(run(transition_->fetch(UserRequest{"alice"}, Freshness::cached, LogonHours::checked)));
  EXPECT_NE(realm_->last_user->options.value_or(0) & s4u_option::check_logon_hours, 0u);
  ASSERT_TRUE(evidence("alice"));
  EXPECT_EQ(realm_->last_user->options.value_or(0) & s4u_option::check_logon_hours, 0u);
}

}  // namespace
}  // namespace stead
