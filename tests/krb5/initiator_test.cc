// Our tokens accepted by libgssapi, and its replies verified by us.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

class InitiatorTest : public test::TicketFixture {};

TEST_F(InitiatorTest, TheStockAcceptorSeesTheUserAndItsReplyHolds) {
  const IssuedTicket ticket = issue();
  const auto token = make_negotiate_token(ticket);
  ASSERT_TRUE(token) << token.error().message();
  const auto accepted = test::accept(token->token);
  ASSERT_TRUE(accepted.complete) << accepted.error;
  EXPECT_EQ(accepted.client, "alice@HOME.TEST");
  EXPECT_TRUE(accepted.flags & GSS_C_MUTUAL_FLAG);
  EXPECT_TRUE(accepted.flags & GSS_C_INTEG_FLAG);
  EXPECT_FALSE(accepted.flags & GSS_C_DELEG_FLAG);
  const auto verified = verify_negotiate_reply(*token, accepted.reply);
  EXPECT_TRUE(verified) << verified.error().message();
}

TEST_F(InitiatorTest, ManyTokensOfOneTicketAreNoReplays) {
  const IssuedTicket ticket = issue();
  for (int i = 0; i < 50; ++i) {
    const auto token = make_negotiate_token(ticket);
    ASSERT_TRUE(token);
    const auto accepted = test::accept(token->token);
    ASSERT_TRUE(accepted.complete) << accepted.error;
  }
  const auto token = make_negotiate_token(ticket);
  EXPECT_TRUE(test::accept(token->token).complete);
  EXPECT_FALSE(test::accept(token->token).complete) << "the replay cache is on";
}

TEST_F(InitiatorTest, ChannelBindingsMustBeTheAcceptors) {
  const IssuedTicket ticket = issue();
  const std::string ours = "tls-server-end-point:0123456789abcdef0123456789abcdef", others = "tls-server-end-point:x";
  const auto bound = make_negotiate_token(ticket, as_bytes(ours));
  ASSERT_TRUE(bound);
  const auto accepted = test::accept(bound->token, as_bytes(ours));
  ASSERT_TRUE(accepted.complete) << accepted.error;
  EXPECT_TRUE(verify_negotiate_reply(*bound, accepted.reply));
  const auto again = make_negotiate_token(ticket, as_bytes(ours));
  EXPECT_FALSE(test::accept(again->token, as_bytes(others)).complete);
}

TEST_F(InitiatorTest, WithoutMutualAuthenticationThereIsNothingToVerify) {
  const IssuedTicket ticket = issue();
  const auto token = make_negotiate_token(ticket, {}, false);
  ASSERT_TRUE(token);
  const auto accepted = test::accept(token->token);
  ASSERT_TRUE(accepted.complete) << accepted.error;
  EXPECT_FALSE(accepted.flags & GSS_C_MUTUAL_FLAG);
  EXPECT_TRUE(token->reply_state.empty());
  EXPECT_FALSE(verify_negotiate_reply(*token, accepted.reply));
}

TEST_F(InitiatorTest, TheKdcsClockIsTheTokens) {
  IssuedTicket now = issue();
  Credential ahead = now.credential();
  ahead.clock_offset = std::chrono::hours(1);
  const auto token = make_negotiate_token(IssuedTicket(ahead, {}));
  ASSERT_TRUE(token);
  EXPECT_FALSE(test::accept(token->token).complete) << "an acceptor with our clock finds it skewed";
}

class InitiatorReplies : public InitiatorTest {
 protected:
  void SetUp() override {
    InitiatorTest::SetUp();
    token_ = make_negotiate_token(ticket_ = std::make_unique<IssuedTicket>(issue()), *this);
  }
  static NegotiateToken make_negotiate_token(const std::unique_ptr<IssuedTicket>& ticket, InitiatorReplies& test) {
    auto token = stead::make_negotiate_token(*ticket);
    test.reply_ = test::accept(token->token).reply;
    return *token;
  }
  Error verify(Bytes reply) {
    const auto result = verify_negotiate_reply(token_, reply);
    return result ? Error() : result.error();
  }
  std::unique_ptr<IssuedTicket> ticket_;
  NegotiateToken token_;
  Buffer reply_;
};

TEST_F(InitiatorReplies, MayComeWithoutSpnego) {
  const auto response = decode_neg_token_resp(reply_);
  ASSERT_TRUE(response);
  EXPECT_FALSE(verify(response->response_token));
}

TEST_F(InitiatorReplies, OfAnotherTokenAreRefused) {
  const auto other = stead::make_negotiate_token(*ticket_);
  EXPECT_EQ(verify(test::accept(other->token).reply), make_error_code(KrbErrc::KRB_AP_ERR_MUT_FAIL));
}

TEST_F(InitiatorReplies, UnderAnotherKeyAreRefused) {
  EncApRepPart part;
  part.ctime = Time(std::chrono::seconds(static_cast<std::int64_t>(load_le64(token_.reply_state.data()))));
  part.cusec = static_cast<std::int32_t>(load_le32(token_.reply_state.data() + 8));
  const Key other = Key::random(EncType::aes256_cts_hmac_sha1_96);
  const ApRep forged{encrypt_data(other, KeyUsage::ap_rep_encrypted_part, encode(part))};
  EXPECT_EQ(verify(encode(KrbToken{KrbTokenId::ap_rep, encode(forged)})), make_error_code(WireErrc::integrity));
}

TEST_F(InitiatorReplies, ThatAreErrorsSayWhich) {
  KrbError error;
  error.code = KrbErrc::KRB_AP_ERR_SKEW;
  error.realm = "CORP.TEST";
  error.sname = service_.name;
  const Buffer token = encode(KrbToken{KrbTokenId::krb_error, encode(error)});
  EXPECT_EQ(verify(token), make_error_code(KrbErrc::KRB_AP_ERR_SKEW));
  NegTokenResp response;
  response.state = NegState::reject;
  EXPECT_EQ(verify(encode(response)), make_error_code(KrbErrc::KRB_AP_ERR_MUT_FAIL));
}

TEST_F(InitiatorReplies, ThatAreCutOrChangedAreRefused) {
  EXPECT_TRUE(verify({}));
  for (std::size_t size = 0; size < reply_.size(); ++size) EXPECT_TRUE(verify(Bytes(reply_).first(size))) << size;
  for (std::size_t at = reply_.size() - 40; at < reply_.size(); ++at) {
    Buffer changed = reply_;
    changed[at] ^= 1;
    EXPECT_TRUE(verify(changed)) << at;
  }
}

}  // namespace
}  // namespace stead
