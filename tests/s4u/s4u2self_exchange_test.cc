#include "sspi_shim/s4u/s4u2self_exchange.h"

#include <string>
#include <utility>
#include <variant>

#include "tests/s4u/toy_kdc.h"

namespace stead {
namespace {

class S4u2Self : public testing::Test {
 protected:
  S4u2SelfExchange::Wanted wanted(const std::string& user_realm = "A") {
    S4u2SelfExchange::Wanted out;
    out.tgt = kdc_.tgt(user_realm, "A");
    out.service = *parse_principal("HTTP/front.a@A");
    out.user = PrincipalName{NameType::principal, {"alice"}};
    out.user_realm = user_realm;
    return out;
  }
  static S4uUserId named(const std::string& name, const std::string& realm) {
    S4uUserId out;
    out.cname = PrincipalName{NameType::principal, {name}};
    out.crealm = realm;
    return out;
  }
  ToyKdc::Given evidence(const std::string& user, const std::string& realm) {
    ToyKdc::Given out{"HTTP/front.a", "A", user, realm};
    out.user_id = named(user, realm);
    return out;
  }
  ToyKdc::Given referral(const std::string& to, const std::string& from, const std::string& user,
                         const std::string& user_realm) {
    ToyKdc::Given out{"krbtgt/" + to, from, "HTTP/front.a", "A"};
    out.user_id = named(user, user_realm);
    return out;
  }
  static Refusal refusal(const Action& action) {
    const auto* out = std::get_if<Refusal>(&action);
    if (!out) ADD_FAILURE() << "no refusal, but " << action.index();
    return out ? *out : Refusal{};
  }
  ExchangeContext context_;
  ToyKdc kdc_;
};

TEST_F(S4u2Self, AsksInBothFormsAndForwardable) {
  S4u2SelfExchange exchange(context_, wanted());
  const auto asked = kdc_.read(exchange.start());
  ASSERT_TRUE(asked.x509_user);
  ASSERT_TRUE(asked.for_user);
  EXPECT_EQ(to_string(asked.for_user->user_name, asked.for_user->user_realm), "alice@A");
  EXPECT_TRUE(verify_checksum(asked.for_user->checksum, asked.session_key, KeyUsage::pa_for_user_checksum,
                              checksum_input(*asked.for_user)));
  EXPECT_EQ(asked.x509_user->user_id.crealm, "A");
  EXPECT_EQ(asked.x509_user->user_id.options, s4u_option::use_reply_key_usage);
  EXPECT_TRUE(asked.has(kdc_option::forwardable));
  EXPECT_TRUE(asked.has(kdc_option::canonicalize));
  EXPECT_EQ(asked.sname(), "HTTP/front.a");
  EXPECT_EQ(asked.pac_options, pac_option::claims | pac_option::resource_based_constrained_delegation);
  EXPECT_TRUE(std::holds_alternative<Finished>(exchange.on_reply(kdc_.give(asked, evidence("alice", "A")))));
  EXPECT_EQ(to_string(exchange.user()), "alice@A");
  EXPECT_TRUE(exchange.evidence()->forwardable());
}

TEST_F(S4u2Self, AdoptsTheCanonicalName) {
  auto what = wanted();
  what.user = enterprise_name("Alice@example.com");
  S4u2SelfExchange exchange(context_, what);
  EXPECT_TRUE(std::holds_alternative<Finished>(
      exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), evidence("alice", "A")))));
  EXPECT_EQ(to_string(exchange.user()), "alice@A");
}

TEST_F(S4u2Self, WalksHomeFromTheUsersRealm) {
  S4u2SelfExchange exchange(context_, wanted("B"));
  auto action = exchange.start();
  EXPECT_EQ(std::get<SendToKdc>(action).realm, "B");
  auto asked = kdc_.read(action);
  EXPECT_EQ(asked.request.body.sname->type, NameType::enterprise);
  EXPECT_EQ(asked.request.body.sname->components.at(0), "HTTP/front.a@A");
  action = exchange.on_reply(kdc_.give(asked, referral("C", "B", "alice", "B")));
  EXPECT_EQ(to_string(exchange.answer()), "referral to C");
  EXPECT_EQ(std::get<SendToKdc>(action).realm, "C");
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("A", "C", "alice", "B")));
  asked = kdc_.read(action);
  EXPECT_EQ(asked.sname(), "HTTP/front.a");
  EXPECT_EQ(asked.x509_user->user_id.crealm, "B");
  EXPECT_TRUE(std::holds_alternative<Finished>(exchange.on_reply(kdc_.give(asked, evidence("alice", "B")))));
}

TEST_F(S4u2Self, SendsTheCertificateToTheUsersRealmOnly) {
  auto what = wanted("B");
  what.user.reset();
  what.certificate = {1, 2, 3};
  S4u2SelfExchange exchange(context_, what);
  auto asked = kdc_.read(exchange.start());
  EXPECT_FALSE(asked.x509_user->user_id.cname);
  EXPECT_EQ(asked.x509_user->user_id.subject_certificate, (Buffer{1, 2, 3}));
  asked = kdc_.read(exchange.on_reply(kdc_.give(asked, referral("A", "B", "alice", "B"))));
  EXPECT_TRUE(asked.x509_user->user_id.subject_certificate.empty());
  EXPECT_EQ(to_string(*asked.x509_user->user_id.cname), "alice");
}

TEST_F(S4u2Self, SendsANameWithTheCertificateAndNeverInItsPlace) {
  auto what = wanted("A");
  what.certificate = {1, 2, 3};
  what.pa_for_user = PaForUserUse::always;
  S4u2SelfExchange exchange(context_, what);
  const auto asked = kdc_.read(exchange.start());
  EXPECT_FALSE(asked.for_user);
  EXPECT_EQ(asked.x509_user->user_id.subject_certificate, (Buffer{1, 2, 3}));
  EXPECT_EQ(to_string(*asked.x509_user->user_id.cname), to_string(*what.user));
  ToyKdc::Given unaware = evidence("alice", "A");
  unaware.user_id.reset();
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(asked, unaware))).error, KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP)
      << "PA-FOR-USER has no certificate";
}

TEST_F(S4u2Self, RefusesANameThatChangesOnTheWay) {
  S4u2SelfExchange exchange(context_, wanted("B"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("A", "B", "alice", "B")));
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(kdc_.read(action), evidence("bob", "B")))).kind, FailureKind::rejected);
}

TEST_F(S4u2Self, RefusesATicketForSomebodyElse) {
  S4u2SelfExchange exchange(context_, wanted());
  auto given = evidence("alice", "A");
  given.cname = "bob";
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), given))).kind, FailureKind::rejected);
}

TEST_F(S4u2Self, RefusesAReplyThatDoesNotHold) {
  for (int spoilt = 0; spoilt < 3; ++spoilt) {
    S4u2SelfExchange exchange(context_, wanted());
    auto given = evidence("alice", "A");
    if (spoilt == 0) given.wrong_checksum = true;
    if (spoilt == 1) given.user_id->nonce = 1;
    if (spoilt == 2) given.user_id->cname.reset();
    EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), given))).kind, FailureKind::rejected)
        << spoilt;
  }
}

TEST_F(S4u2Self, RefusesAKdcThatDoesNotKnowIt) {
  S4u2SelfExchange exchange(context_, wanted());
  const auto out =
      refusal(exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), {"HTTP/front.a", "A", "HTTP/front.a", "A"})));
  EXPECT_EQ(out.error, make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP));
}

TEST_F(S4u2Self, TakesAReplyWithoutX509UserInTheUsersName) {
  S4u2SelfExchange exchange(context_, wanted());
  EXPECT_TRUE(std::holds_alternative<Finished>(
      exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), {"HTTP/front.a", "A", "ALICE", "a"}))));
  EXPECT_EQ(to_string(exchange.user()), "ALICE@a");
  EXPECT_EQ(exchange.unconfirmed_upn(), "");
}

TEST_F(S4u2Self, RefusesAReplyWithoutX509UserInAnotherName) {
  for (const auto& [name, realm] : {std::pair("bob", "A"), std::pair("alice", "B"), std::pair("alice/admin", "A")}) {
    S4u2SelfExchange exchange(context_, wanted());
    const auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), {"HTTP/front.a", "A", name, realm}));
    EXPECT_EQ(refusal(action).kind, FailureKind::rejected) << name;
  }
}

// PA-FOR-USER has no echo: who the KDC named for a UPN is for the caller to judge, by the opened ticket.
TEST_F(S4u2Self, SaysThatTheKdcDidNotConfirmAUpn) {
  for (const auto use : {PaForUserUse::automatic, PaForUserUse::always}) {
    auto what = wanted();
    what.user = enterprise_name("al@example.com");
    what.pa_for_user = use;
    S4u2SelfExchange exchange(context_, what);
    EXPECT_TRUE(std::holds_alternative<Finished>(
        exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), {"HTTP/front.a", "A", "alice", "A"}))));
    EXPECT_EQ(exchange.unconfirmed_upn(), use == PaForUserUse::automatic ? "al@example.com" : "");
  }
  auto what = wanted();
  what.user = enterprise_name("al@example.com");
  S4u2SelfExchange exchange(context_, what);
  (void)exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), evidence("alice", "A")));
  EXPECT_EQ(exchange.unconfirmed_upn(), "");
}

TEST_F(S4u2Self, SendsOneFormWhereTheConfigurationSaysSo) {
  auto what = wanted();
  what.pa_for_user = PaForUserUse::always;
  S4u2SelfExchange by_name(context_, what);
  auto asked = kdc_.read(by_name.start());
  EXPECT_TRUE(asked.for_user);
  EXPECT_FALSE(asked.x509_user);
  EXPECT_TRUE(
      std::holds_alternative<Finished>(by_name.on_reply(kdc_.give(asked, {"HTTP/front.a", "A", "alice", "A"}))));

  what.pa_for_user = PaForUserUse::never;
  S4u2SelfExchange by_x509(context_, what);
  asked = kdc_.read(by_x509.start());
  EXPECT_FALSE(asked.for_user);
  EXPECT_TRUE(asked.x509_user);
  EXPECT_EQ(refusal(by_x509.on_reply(kdc_.give(asked, {"HTTP/front.a", "A", "alice", "A"}))).error,
            make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP));
}

TEST_F(S4u2Self, RefusesAKdcThatDidNotSeeTheLogonHours) {
  auto what = wanted();
  what.options = s4u_option::check_logon_hours;
  S4u2SelfExchange exchange(context_, what);
  EXPECT_EQ(
      refusal(exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), {"HTTP/front.a", "A", "alice", "A"}))).error,
      make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP));
}

TEST_F(S4u2Self, NeverLooksForAnotherDc) {
  for (const auto code : {KrbErrc::KDC_ERR_BADOPTION, KrbErrc::KDC_ERR_POLICY}) {
    S4u2SelfExchange exchange(context_, wanted());
    (void)exchange.start();
    EXPECT_EQ(refusal(exchange.on_reply(kdc_.refuse(code, {}, dc("old", DcLevel::w2008)))).error,
              make_error_code(code));
  }
}

// MS-KILE §3.2.5.7.
TEST_F(S4u2Self, GoesToAWritableDcWhereAReadOnlyOneHasNoKeys) {
  const auto refuse = [&] {
    return kdc_.refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, NtStatus::STATUS_NO_SECRETS, dc("rodc", DcLevel::w2016));
  };
  S4u2SelfExchange exchange(context_, wanted());
  (void)exchange.start();
  const auto action = exchange.on_reply(refuse());
  const auto* locate = std::get_if<LocateDc>(&action);
  ASSERT_TRUE(locate);
  EXPECT_TRUE(locate->writable);
  EXPECT_EQ(locate->refused.at(0).name, "rodc");
  const auto again = exchange.on_located({{dc("full", DcLevel::w2008)}, {}});
  const auto* send = std::get_if<SendToKdc>(&again);
  ASSERT_TRUE(send);
  EXPECT_EQ(send->to.at(0).where.name, "full");
  EXPECT_TRUE(std::holds_alternative<Finished>(
      exchange.on_reply(kdc_.give(kdc_.read(again), evidence("alice", "A"), dc("full")))));

  S4u2SelfExchange alone(context_, wanted());
  (void)alone.start();
  ASSERT_TRUE(std::holds_alternative<LocateDc>(alone.on_reply(refuse())));
  const Refusal none = refusal(alone.on_located({}));
  EXPECT_EQ(none.status, NtStatus::STATUS_NO_SECRETS);
  EXPECT_FALSE(none.no_capable_dc);

  S4u2SelfExchange twice(context_, wanted());
  (void)twice.start();
  (void)twice.on_reply(refuse());
  (void)twice.on_located({{dc("full")}, {}});
  EXPECT_EQ(refusal(twice.on_reply(refuse())).status, NtStatus::STATUS_NO_SECRETS) << "once";
}

TEST_F(S4u2Self, RefusesReferralsInACircle) {
  S4u2SelfExchange exchange(context_, wanted("B"));
  const auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("C", "B", "alice", "B")));
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(kdc_.read(action), referral("B", "C", "alice", "B")))).error,
            make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED));
}

}  // namespace
}  // namespace stead
