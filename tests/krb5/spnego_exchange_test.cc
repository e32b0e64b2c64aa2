// SPNEGO in several legs at KerberosAcceptor, as a client's library sends them.
#include <gssapi/gssapi_krb5.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/protocol/der/der_writer.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "stead/acceptor.h"
#include "stead/s4u.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

using Answer = std::variant<AcceptedClient, UnfinishedClient, RefusedClient>;

Buffer resp(Buffer token, Buffer mic = {}) {
  return encode(NegTokenResp{
      .state = {}, .supported_mech = {}, .response_token = std::move(token), .mech_list_mic = std::move(mic)});
}
Buffer init(std::vector<Buffer> mechanisms, Buffer token = {}) {
  return encode(NegTokenInit{.mech_types = std::move(mechanisms), .mech_token = std::move(token)});
}
const Buffer kNtlm{'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 1, 0, 0, 0, 0, 0, 0, 0};

class SpnegoExchangeTest : public test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    acceptor_ = KerberosAcceptor::open({.keytab = keytab_, .principal = to_string(service_)}, message_);
    ASSERT_TRUE(acceptor_) << message_;
    exchange_ = acceptor_->begin();
  }
  Answer next(Bytes token, BindingsPolicy policy = BindingsPolicy::allow) { return exchange_->next(token, {}, policy); }
  // The reply of an unfinished leg.
  NegTokenResp reply_to(Bytes token) {
    const Answer answer = next(token);
    const auto* const unfinished = std::get_if<UnfinishedClient>(&answer);
    if (unfinished == nullptr) {
      ADD_FAILURE() << (std::holds_alternative<RefusedClient>(answer) ? std::get<RefusedClient>(answer).reason
                                                                      : "done");
      return {};
    }
    return decode_neg_token_resp(unfinished->reply).value();
  }
  std::string refusal(const Answer& answer) {
    const auto* const no = std::get_if<RefusedClient>(&answer);
    return no != nullptr ? no->reason : "";
  }
  Buffer kerberos_token() const {
    return decode_neg_token_init(make_negotiate_token(issue()).value().token).value().mech_token;
  }

  std::shared_ptr<const KerberosAcceptor> acceptor_;
  std::unique_ptr<KerberosAcceptor::Exchange> exchange_;
};

// libgssapi's Kerberos alone, without its SPNEGO, so that a test can frame the tokens as it likes.
class Initiator {
 public:
  explicit Initiator(const std::string& ccache) {
    ::setenv("KRB5CCNAME", ccache.c_str(), 1);
    OM_uint32 minor = 0;
    const std::string service = "HTTP/web.corp.test@CORP.TEST";
    gss_buffer_desc text = test::view(as_bytes(service));
    gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &name_);
  }
  ~Initiator() {
    OM_uint32 minor = 0;
    gss_release_name(&minor, &name_);
    gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
    ::unsetenv("KRB5CCNAME");
  }
  Buffer next(Bytes token) {
    OM_uint32 minor = 0;
    gss_buffer_desc input = test::view(token), output = GSS_C_EMPTY_BUFFER;
    const OM_uint32 major =
        gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context_, name_, const_cast<gss_OID>(gss_mech_krb5),
                             GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS,
                             token.empty() ? GSS_C_NO_BUFFER : &input, nullptr, &output, nullptr, nullptr);
    EXPECT_FALSE(GSS_ERROR(major)) << test::gss_text(minor, GSS_C_MECH_CODE);
    return test::take(output);
  }
  // Over the list of mechanisms (RFC 4178 §5).
  Buffer mic_of(const std::vector<Buffer>& mechanisms) {
    der::Writer list;
    list.sequence([&](der::Writer& seq) {
      for (const Buffer& mechanism : mechanisms) seq.raw(der::kOid, mechanism);
    });
    const Buffer bytes = std::move(list).finish();
    OM_uint32 minor = 0;
    gss_buffer_desc message = test::view(bytes), mic = GSS_C_EMPTY_BUFFER;
    EXPECT_EQ(gss_get_mic(&minor, context_, GSS_C_QOP_DEFAULT, &message, &mic), GSS_S_COMPLETE);
    return test::take(mic);
  }

 private:
  gss_name_t name_ = GSS_C_NO_NAME;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
};

TEST_F(SpnegoExchangeTest, AFirstTokenWithoutKerberosOwnMayGoOn) {
  using A = KerberosAcceptor;
  EXPECT_TRUE(A::begins_exchange(init({mech_oid::kerberos})));
  EXPECT_TRUE(A::begins_exchange(init({mech_oid::ms_kerberos, mech_oid::kerberos})));
  EXPECT_TRUE(A::begins_exchange(init({mech_oid::ntlm, mech_oid::kerberos}, kNtlm)));
  EXPECT_TRUE(A::begins_exchange(init({mech_oid::ntlm, mech_oid::kerberos})));
  EXPECT_FALSE(A::begins_exchange(init({mech_oid::ntlm}, kNtlm))) << "it offers no Kerberos";
  EXPECT_FALSE(A::begins_exchange(init({mech_oid::kerberos}, kerberos_token())));
  EXPECT_FALSE(A::begins_exchange(kNtlm));
  EXPECT_FALSE(A::begins_exchange(resp(kerberos_token())));
  EXPECT_FALSE(A::begins_exchange({}));
  EXPECT_TRUE(A::continues_exchange(resp(kerberos_token())));
  EXPECT_FALSE(A::continues_exchange(init({mech_oid::kerberos})));
}

TEST_F(SpnegoExchangeTest, WithoutAFirstTokenTakesTwoLegs) {
  const NegTokenResp offer = reply_to(init({mech_oid::kerberos}));
  EXPECT_EQ(offer.state, NegState::accept_incomplete);
  EXPECT_EQ(offer.supported_mech, mech_oid::kerberos);
  const IssuedTicket ticket = issue();
  const NegotiateToken sent = make_negotiate_token(ticket).value();
  const Answer answer = next(resp(decode_neg_token_init(sent.token).value().mech_token));
  const auto* const client = std::get_if<AcceptedClient>(&answer);
  ASSERT_TRUE(client) << refusal(answer);
  EXPECT_EQ(client->user, "alice@HOME.TEST");
  EXPECT_EQ(client->ticket, encode(ticket.credential().ticket));
  EXPECT_FALSE(client->ap_req.empty());
  EXPECT_TRUE(verify_negotiate_reply(sent, client->reply));
}

TEST_F(SpnegoExchangeTest, AfterAnotherMechanismsTokenAMicIsNeeded) {
  const std::string ccache = "FILE:" + (folder_ / "alice.ccache").string();
  ASSERT_TRUE(export_ccache(issue(), ccache));
  Initiator client(ccache);
  const std::vector<Buffer> mechanisms{mech_oid::ntlm, mech_oid::kerberos};
  const NegTokenResp offer = reply_to(init(mechanisms, kNtlm));
  EXPECT_EQ(offer.state, NegState::request_mic);
  EXPECT_EQ(offer.supported_mech, mech_oid::kerberos);
  const NegTokenResp proof = reply_to(resp(client.next({})));
  EXPECT_EQ(proof.state, NegState::accept_incomplete);
  (void)client.next(proof.response_token);
  const Answer answer = next(resp({}, client.mic_of(mechanisms)));
  ASSERT_TRUE(std::holds_alternative<AcceptedClient>(answer)) << refusal(answer);
  EXPECT_EQ(std::get<AcceptedClient>(answer).user, "alice@HOME.TEST");
}

TEST_F(SpnegoExchangeTest, AMicOverAnotherListIsRefused) {
  const std::string ccache = "FILE:" + (folder_ / "alice.ccache").string();
  ASSERT_TRUE(export_ccache(issue(), ccache));
  Initiator client(ccache);
  (void)reply_to(init({mech_oid::ntlm, mech_oid::kerberos}, kNtlm));
  const NegTokenResp proof = reply_to(resp(client.next({})));
  (void)client.next(proof.response_token);
  EXPECT_NE(refusal(next(resp({}, client.mic_of({mech_oid::kerberos})))), "");
}

TEST_F(SpnegoExchangeTest, EndsWithTheFirstTokenThatIsWrong) {
  const std::vector<Buffer> wrong{
      kNtlm, resp(kNtlm), resp({}), resp({}, {1, 2, 3}), init({mech_oid::kerberos}), resp({1, 2, 3}), Buffer{}};
  for (const Buffer& token : wrong) {
    exchange_ = acceptor_->begin();
    (void)reply_to(init({mech_oid::kerberos}));
    EXPECT_NE(refusal(next(token)), "") << token.size();
    EXPECT_EQ(refusal(next(resp(kerberos_token()))), "the exchange has ended");
  }
}

TEST_F(SpnegoExchangeTest, BeginsWithAFirstTokenOnly) {
  EXPECT_NE(refusal(next(resp(kerberos_token()))), "");
  exchange_ = acceptor_->begin();
  EXPECT_NE(refusal(next(make_negotiate_token(issue()).value().token)), "") << "it needs no exchange";
}

TEST_F(SpnegoExchangeTest, HasTheRulesOfAnyToken) {
  add_key({{NameType::srv_inst, {"cifs", "web.corp.test"}}, "CORP.TEST"}, 3, service_key_);
  (void)reply_to(init({mech_oid::kerberos}));
  Credential other = issue().credential();
  other.ticket.sname.components = {"cifs", "web.corp.test"};
  EXPECT_NE(
      refusal(next(
          resp(decode_neg_token_init(make_negotiate_token(IssuedTicket(other, {})).value().token).value().mech_token))),
      "");
  exchange_ = acceptor_->begin();
  (void)reply_to(init({mech_oid::kerberos}));
  const Buffer used = kerberos_token();
  ASSERT_EQ(refusal(next(resp(used))), "");
  exchange_ = acceptor_->begin();
  (void)reply_to(init({mech_oid::kerberos}));
  EXPECT_NE(refusal(next(resp(used))), "") << "a replay";
  exchange_ = acceptor_->begin();
  (void)reply_to(init({mech_oid::kerberos}));
  EXPECT_NE(refusal(next(resp(kerberos_token()), BindingsPolicy::require)), "") << "no channel bindings";
}

}  // namespace
}  // namespace stead
