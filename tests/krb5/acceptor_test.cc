// KerberosAcceptor with tickets that are made without a KDC: our client's, and changed as an attacker would.
#include "stead/acceptor.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "stead/s4u.h"
#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

class KerberosAcceptorTest : public stead::test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    open();
  }
  void open(bool allow_rc4 = false) {
    acceptor =
        KerberosAcceptor::open({.keytab = keytab_, .principal = to_string(service_), .allow_rc4 = allow_rc4}, message_);
    ASSERT_TRUE(acceptor) << message_;
  }
  // The reason of the refusal; empty: accepted.
  std::string refused(Bytes token, std::string_view bindings = {}, BindingsPolicy policy = BindingsPolicy::allow) {
    const auto answer = acceptor->accept(token, as_bytes(bindings), policy);
    const auto* no = std::get_if<RefusedClient>(&answer);
    return no ? no->reason : "";
  }
  // A ticket that is changed after it is issued.
  IssuedTicket changed(const std::function<void(Credential&)>& how) const {
    Credential credential = issue().credential();
    how(credential);
    return IssuedTicket(credential, {});
  }
  static Buffer token_of(const IssuedTicket& ticket, std::string_view bindings = {}) {
    return make_negotiate_token(ticket, as_bytes(bindings)).value().token;
  }
  std::shared_ptr<const KerberosAcceptor> acceptor;
};

TEST_F(KerberosAcceptorTest, TellsTheUserAndHandsOverHisTicket) {
  const IssuedTicket ticket = issue();
  const auto token = make_negotiate_token(ticket).value();
  const auto answer = acceptor->accept(token.token, {}, BindingsPolicy::allow);
  const auto* client = std::get_if<AcceptedClient>(&answer);
  ASSERT_TRUE(client) << std::get<RefusedClient>(answer).reason;
  EXPECT_EQ(client->user, "alice@HOME.TEST");
  EXPECT_EQ(client->ticket, encode(ticket.credential().ticket));
  EXPECT_FALSE(client->channel_bound);
  EXPECT_TRUE(verify_negotiate_reply(token, client->reply));
}

TEST_F(KerberosAcceptorTest, TakesABareKerberosTokenAndMicrosoftsMechanism) {
  const Buffer spnego = token_of(issue());
  const NegTokenInit init = decode_neg_token_init(spnego).value();
  EXPECT_EQ(refused(init.mech_token), "");
  NegTokenInit windows = decode_neg_token_init(token_of(issue())).value();
  windows.mech_types = {mech_oid::ms_kerberos, mech_oid::kerberos, mech_oid::ntlm};
  EXPECT_EQ(refused(encode(windows)), "");
}

TEST_F(KerberosAcceptorTest, RefusesAReplay) {
  const Buffer token = token_of(issue());
  EXPECT_EQ(refused(token), "");
  EXPECT_NE(refused(token), "");
  open();
  EXPECT_NE(refused(token), "") << "the replay cache outlives the acceptor";
}

TEST_F(KerberosAcceptorTest, RefusesATicketForAnotherService) {
  add_key({{NameType::srv_inst, {"cifs", "web.corp.test"}}, "CORP.TEST"}, 3, service_key_);
  add_key({{NameType::srv_inst, {"HTTP", "other.corp.test"}}, "CORP.TEST"}, 3, service_key_);
  open();
  const auto renamed = [&](const char* type, const char* host) {
    return token_of(changed([&](Credential& c) { c.ticket.sname = {NameType::srv_inst, {type, host}}; }));
  };
  EXPECT_EQ(refused(renamed("HTTP", "web.corp.test")), "");
  EXPECT_EQ(refused(renamed("HTTP", "other.corp.test")), "") << "another SPN of the account, in its keytab";
  EXPECT_NE(refused(renamed("cifs", "web.corp.test")).find("cifs/web.corp.test"), std::string::npos);
  EXPECT_NE(refused(renamed("HTTP", "unknown.corp.test")), "");
  EXPECT_NE(refused(token_of(changed([](Credential& c) { c.ticket.realm = "OTHER.TEST"; }))), "");
}

TEST_F(KerberosAcceptorTest, RefusesWhatOurKeyDidNotMake) {
  const Key another = Key::random(EncType::aes256_cts_hmac_sha1_96);
  EXPECT_NE(refused(token_of(changed([&](Credential& c) {
              const auto plain = decrypt_data(service_key_, KeyUsage::ticket, c.ticket.enc_part).value();
              c.ticket.enc_part = encrypt_data(another, KeyUsage::ticket, plain, 3);
            }))),
            "");
  EXPECT_NE(refused(token_of(changed([](Credential& c) { c.ticket.enc_part.cipher[40] ^= 1; }))), "");
  EXPECT_NE(refused(token_of(changed([&](Credential& c) { c.session_key = another; }))), "");
  EXPECT_NE(refused(token_of(changed([](Credential& c) { c.client.components = {"bob"}; }))), "")
      << "the authenticator names another user";
  EXPECT_NE(refused(token_of(issue(std::chrono::hours(-1)))), "") << "expired";
  EXPECT_NE(refused(token_of(changed([](Credential& c) { c.clock_offset = -std::chrono::minutes(10); }))), "")
      << "an old authenticator";
}

TEST_F(KerberosAcceptorTest, RefusesRc4UnlessItIsAllowed) {
  const Key rc4 = Key::random(EncType::rc4_hmac);
  add_key(service_, 3, rc4);
  const auto token = [&] {
    return token_of(changed([&](Credential& c) {
      const auto plain = decrypt_data(service_key_, KeyUsage::ticket, c.ticket.enc_part).value();
      c.ticket.enc_part = encrypt_data(rc4, KeyUsage::ticket, plain, 3);
    }));
  };
  open(false);
  EXPECT_NE(refused(token()).find("allow_rc4"), std::string::npos);
  open(true);
  EXPECT_EQ(refused(token()).find("allow_rc4"), std::string::npos);
}

struct Bound {
  const char* name;
  std::string_view client, ours;
  BindingsPolicy policy;
  bool good;
};
constexpr std::string_view kOurs = "tls-server-end-point:0123456789abcdef",
                           kOthers = "tls-server-end-point:fedcba9876543210";
TEST_F(KerberosAcceptorTest, HoldsTheChannelToThePolicy) {
  using enum BindingsPolicy;
  for (const Bound& row :
       {Bound{"none, ignored", "", kOurs, ignore, true}, Bound{"another's, ignored", kOthers, kOurs, ignore, true},
        Bound{"none, allowed", "", kOurs, allow, true}, Bound{"ours, allowed", kOurs, kOurs, allow, true},
        Bound{"another's, allowed", kOthers, kOurs, allow, false}, Bound{"none, required", "", kOurs, require, false},
        Bound{"ours, required", kOurs, kOurs, require, true},
        Bound{"another's, required", kOthers, kOurs, require, false},
        Bound{"plain HTTP, required", "", "", require, false},
        Bound{"plain HTTP, allowed", kOthers, "", allow, true}}) {
    const std::string why = refused(token_of(issue(), row.client), row.ours, row.policy);
    EXPECT_EQ(why.empty(), row.good) << row.name << ": " << why;
  }
}

TEST_F(KerberosAcceptorTest, RefusesWhatIsNoKerberosAtAll) {
  const auto ntlm = acceptor->accept(as_bytes(std::string_view("NTLMSSP\0\1\0\0\0", 12)), {}, BindingsPolicy::allow);
  ASSERT_TRUE(std::holds_alternative<RefusedClient>(ntlm));
  EXPECT_TRUE(std::get<RefusedClient>(ntlm).is_ntlm);
  EXPECT_NE(refused({}), "");
  EXPECT_NE(refused(as_bytes("hello")), "");
  const Buffer whole = token_of(issue());
  for (std::size_t size = 0; size < whole.size(); size += 7) EXPECT_NE(refused(Bytes(whole).first(size)), "") << size;
}

// libgssapi 1.20 reads beyond its list of mechanisms for such a token, and may accept it or not.
TEST_F(KerberosAcceptorTest, ShowsLibgssapiNoMechanismWithoutAName) {
  NegTokenInit init = decode_neg_token_init(token_of(issue())).value();
  init.mech_types.emplace_back();
  EXPECT_EQ(refused(encode(init)), "the token is neither SPNEGO with a Kerberos token in it nor a Kerberos token");
}

TEST_F(KerberosAcceptorTest, SaysAtOnceWhereNothingBlocks) {
  const auto at_once = [](KerberosAcceptor::AtOnce& judge, Bytes token) {
    return judge.accept(token, {}, BindingsPolicy::allow).has_value();
  };
  const auto remembering = acceptor->at_once();
  EXPECT_EQ(refused(token_of(issue())), "");
  const Buffer asked = token_of(issue());
  const bool in_memory = at_once(*remembering, asked);
  EXPECT_EQ(refused(asked).empty(), !in_memory) << "it is remembered where it was taken, and only there";
  const Buffer other = token_of(issue());
  EXPECT_EQ(refused(other), "");
  EXPECT_FALSE(at_once(*remembering, other)) << "a replay";
  ::setenv("KRB5RCACHENAME", "none:", 1);
  open();
  const auto judge = acceptor->at_once();
  EXPECT_FALSE(at_once(*judge, token_of(issue()))) << "the keytab was not read yet";
  EXPECT_EQ(refused(token_of(issue())), "");
  EXPECT_TRUE(at_once(*judge, token_of(issue())));
  EXPECT_FALSE(at_once(*judge, token_of(issue(std::chrono::hours(-1))))) << "expired";
  EXPECT_FALSE(
      at_once(*judge, token_of(changed([](Credential& c) { c.ticket.sname.components = {"cifs", "web.corp.test"}; }))));
  EXPECT_FALSE(at_once(*judge, as_bytes("hello")));
  ::unsetenv("KRB5RCACHENAME");
}

TEST_F(KerberosAcceptorTest, FindsAKeyThatWasAddedMeanwhile) {
  EXPECT_EQ(refused(token_of(issue())), "");
  service_key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  const auto fresh = [&] { return token_of(changed([](Credential& c) { c.ticket.enc_part.kvno = 4; })); };
  EXPECT_NE(refused(fresh()), "");
  add_key(service_, 4, service_key_);
  EXPECT_EQ(refused(fresh()), "") << "at once, as ktpass writes it";
}

TEST_F(KerberosAcceptorTest, NamesAKeytabThatCannotServe) {
  EXPECT_FALSE(KerberosAcceptor::open({.keytab = "/nowhere/at.all", .principal = to_string(service_)}, message_));
  EXPECT_NE(message_.find("/nowhere/at.all"), std::string::npos);
}

}  // namespace
}  // namespace stead
