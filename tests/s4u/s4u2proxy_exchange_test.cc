#include "sspi_shim/s4u/s4u2proxy_exchange.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/error.hpp>

#include "tests/s4u/toy_kdc.h"

namespace stead {
namespace {

constexpr auto kRbcd = pac_option::resource_based_constrained_delegation;

// Front end HTTP/front.a in A.EXAMPLE; targets in A.EXAMPLE, B.EXAMPLE and, two hops away, C.B.EXAMPLE.
class S4u2Proxy : public testing::Test {
 protected:
  S4u2ProxyExchange::Wanted wanted(const std::string& spn) {
    S4u2ProxyExchange::Wanted out;
    out.tgt = own_;
    Ticket evidence;
    evidence.realm = "A.EXAMPLE";
    evidence.sname = service_name("HTTP/front.a");
    evidence.enc_part = {EncType::aes256_cts_hmac_sha1_96, 1, Buffer(20, 7)};
    out.evidence = std::make_shared<const Ticket>(std::move(evidence));
    out.user = *parse_principal("alice@A.EXAMPLE");
    out.service = *parse_principal(spn);
    return out;
  }
  ToyKdc::Given for_user(const std::string& spn, const std::string& realm) {
    return {spn, realm, "alice", "A.EXAMPLE"};
  }
  ToyKdc::Given referral(const std::string& to, const std::string& from, std::uint32_t options = 0) {
    ToyKdc::Given out{"krbtgt/" + to, from, "HTTP/front.a", "A.EXAMPLE"};
    out.pac_options = options;
    return out;
  }
  static std::string sent(const Action& action) {
    const auto* send = std::get_if<SendToKdc>(&action);
    return send ? std::string(to_string(send->exchange)) + " " + send->realm : "nothing";
  }
  static Refusal refusal(const Action& action) {
    const auto* out = std::get_if<Refusal>(&action);
    if (!out) ADD_FAILURE() << "no refusal, but " << action.index();
    return out ? *out : Refusal{};
  }
  static LocateDc location(const Action& action) {
    const auto* out = std::get_if<LocateDc>(&action);
    if (!out) ADD_FAILURE() << "no search, but " << action.index();
    return out ? *out : LocateDc{};
  }
  static Located found(const std::string& name, DcLevel level = DcLevel::w2012) {
    return {{dc(name, level)}, {{name, "127.0.0.1:88", std::string(to_string(level)), "ok"}}};
  }
  static Located none() { return {{}, {{"old", "127.0.0.1:88", "2008", "below the level"}}}; }

  ExchangeContext context_;
  ToyKdc kdc_;
  CredentialPtr own_ = kdc_.tgt("A.EXAMPLE", "A.EXAMPLE");
};

TEST_F(S4u2Proxy, WithinTheRealmIsOneExchange) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  auto action = exchange.start();
  ASSERT_EQ(sent(action), "S4U2Proxy A.EXAMPLE");
  const auto asked = kdc_.read(action);
  EXPECT_TRUE(asked.has(kdc_option::cname_in_addl_tkt));
  EXPECT_TRUE(asked.has(kdc_option::canonicalize));
  EXPECT_TRUE(asked.has(kdc_option::forwardable));
  EXPECT_EQ(asked.pac_options & kRbcd, kRbcd);
  ASSERT_EQ(asked.request.body.additional_tickets.size(), 1u);
  action = exchange.on_reply(kdc_.give(asked, for_user("HTTP/back.a", "A.EXAMPLE")));
  EXPECT_TRUE(std::holds_alternative<Finished>(action));
  EXPECT_EQ(to_string(exchange.answer()), "ticket");
  EXPECT_EQ(to_string(exchange.ticket()->client), "alice");
  EXPECT_FALSE(exchange.target());
}

TEST_F(S4u2Proxy, NeverTakesATicketInItsOwnName) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  const auto asked = kdc_.read(exchange.start());
  const auto out =
      refusal(exchange.on_reply(kdc_.give(asked, {"HTTP/back.a", "A.EXAMPLE", "HTTP/front.a", "A.EXAMPLE"})));
  EXPECT_EQ(out.kind, FailureKind::rejected);
  EXPECT_EQ(to_string(exchange.answer()), "rejected");
}

TEST_F(S4u2Proxy, NeverTakesATicketOfAnotherUser) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  const auto asked = kdc_.read(exchange.start());
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(asked, {"HTTP/back.a", "A.EXAMPLE", "alice", "B.EXAMPLE"}))).kind,
            FailureKind::rejected);
}

TEST_F(S4u2Proxy, WalksTheTenStepsToAnotherForest) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.b.example"));
  // Steps 1 and 2, by way of a DC that refuses.
  auto action = exchange.start();
  action = exchange.on_reply(
      kdc_.refuse(KrbErrc::KDC_ERR_POLICY, NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE, dc("old", DcLevel::w2008)));
  EXPECT_EQ(to_string(exchange.answer()), "KDC_ERR_POLICY");
  EXPECT_EQ(exchange.answer().status, "STATUS_CROSSREALM_DELEGATION_FAILURE");
  const auto search = location(action);
  EXPECT_EQ(search.realm, "A.EXAMPLE");
  ASSERT_EQ(search.refused.size(), 1u);
  EXPECT_EQ(search.refused[0].name, "old");
  action = exchange.on_located(found("new"));
  ASSERT_EQ(sent(action), "S4U2Proxy A.EXAMPLE");
  EXPECT_EQ(std::get<SendToKdc>(action).to.at(0).where.name, "new");
  action = exchange.on_reply(
      kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd), dc("new", DcLevel::w2012)));
  EXPECT_EQ(to_string(exchange.answer()), "referral to B.EXAMPLE");
  // Steps 3 and 4.
  ASSERT_EQ(sent(action), "TGS A.EXAMPLE");
  EXPECT_EQ(std::get<SendToKdc>(action).first->where.name, "new");  // the same KDC
  auto asked = kdc_.read(action);
  EXPECT_EQ(asked.sname(), "HTTP/back.b.example");
  EXPECT_TRUE(asked.request.body.additional_tickets.empty());
  EXPECT_FALSE(asked.has(kdc_option::cname_in_addl_tkt));
  action = exchange.on_reply(kdc_.give(asked, referral("B.EXAMPLE", "A.EXAMPLE")));
  // Step 7: the host's name says that the target lives there.
  EXPECT_EQ(location(action).realm, "B.EXAMPLE");
  action = exchange.on_located(found("b-new"));
  ASSERT_EQ(sent(action), "S4U2Proxy B.EXAMPLE");
  asked = kdc_.read(action);
  EXPECT_TRUE(asked.has(kdc_option::cname_in_addl_tkt));
  EXPECT_EQ(to_string(asked.header.sname), "krbtgt/B.EXAMPLE");
  EXPECT_EQ(to_string(asked.request.body.additional_tickets.at(0).sname), "krbtgt/B.EXAMPLE");
  EXPECT_NE(asked.request.body.additional_tickets.at(0).enc_part.cipher, asked.header.enc_part.cipher);
  action = exchange.on_reply(kdc_.give(asked, for_user("HTTP/back.b.example", "B.EXAMPLE")));
  EXPECT_TRUE(std::holds_alternative<Finished>(action));
  ASSERT_TRUE(exchange.target());
  EXPECT_EQ(exchange.target()->realm, "B.EXAMPLE");
}

TEST_F(S4u2Proxy, RunsStepsFiveAndSixWhereAskedTo) {
  auto what = wanted("HTTP/back.b.example");
  what.own_service_ticket = true;
  S4u2ProxyExchange exchange(context_, what);
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  ASSERT_EQ(sent(action), "TGS B.EXAMPLE");
  action = exchange.on_reply(
      kdc_.give(kdc_.read(action), {"HTTP/back.b.example", "B.EXAMPLE", "HTTP/front.a", "A.EXAMPLE"}));
  EXPECT_EQ(to_string(exchange.answer()), "ticket");
  EXPECT_EQ(location(action).realm, "B.EXAMPLE");
}

TEST_F(S4u2Proxy, WalksBothTicketsOverALongerPath) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.c.b.example"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  ASSERT_EQ(sent(action), "TGS B.EXAMPLE");
  EXPECT_EQ(kdc_.read(action).sname(), "HTTP/back.c.b.example");
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("C.B.EXAMPLE", "B.EXAMPLE")));
  // The S4U referral TGT, alone: a plain request in which it is the header.
  ASSERT_EQ(sent(action), "TGS B.EXAMPLE");
  const auto asked = kdc_.read(action);
  EXPECT_EQ(asked.sname(), "krbtgt/C.B.EXAMPLE");
  EXPECT_FALSE(asked.has(kdc_option::cname_in_addl_tkt));
  EXPECT_TRUE(asked.request.body.additional_tickets.empty());
  EXPECT_TRUE(std::get<SendToKdc>(action).prefer_capable);
  action = exchange.on_reply(kdc_.give(asked, referral("C.B.EXAMPLE", "B.EXAMPLE")));
  EXPECT_EQ(to_string(exchange.answer()), "referral to C.B.EXAMPLE");
  EXPECT_EQ(location(action).realm, "C.B.EXAMPLE");
  action = exchange.on_located(found("c-new"));
  ASSERT_EQ(sent(action), "S4U2Proxy C.B.EXAMPLE");
  action = exchange.on_reply(kdc_.give(kdc_.read(action), for_user("HTTP/back.c.b.example", "C.B.EXAMPLE")));
  EXPECT_TRUE(std::holds_alternative<Finished>(action));
}

TEST_F(S4u2Proxy, RelocatesOnThePathOfTheReferralTicketToo) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.c.b.example"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("C.B.EXAMPLE", "B.EXAMPLE")));
  action = exchange.on_reply(kdc_.refuse(KrbErrc::KDC_ERR_POLICY, {}, dc("b-old", DcLevel::w2008)));
  EXPECT_EQ(location(action).realm, "B.EXAMPLE");
  action = exchange.on_located(found("b-new"));
  EXPECT_EQ(sent(action), "TGS B.EXAMPLE");
  EXPECT_EQ(std::get<SendToKdc>(action).to.at(0).where.name, "b-new");
}

TEST_F(S4u2Proxy, SkipsItsOwnWalkWhereTheTargetIsKnown) {
  auto what = wanted("HTTP/back.b.example");
  what.target = KnownTarget{"B.EXAMPLE", kdc_.tgt("B.EXAMPLE", "A.EXAMPLE"), true};
  S4u2ProxyExchange exchange(context_, what);
  const auto action =
      exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  EXPECT_EQ(location(action).realm, "B.EXAMPLE");
}

TEST_F(S4u2Proxy, GoesOnWhereTheTargetProvesToLiveFurtherOn) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.b.example"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  action = exchange.on_located(found("b-new"));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("C.B.EXAMPLE", "B.EXAMPLE", kRbcd)));
  ASSERT_EQ(sent(action), "TGS B.EXAMPLE");
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("C.B.EXAMPLE", "B.EXAMPLE")));
  ASSERT_EQ(sent(action), "TGS C.B.EXAMPLE");
  action = exchange.on_reply(
      kdc_.give(kdc_.read(action), {"HTTP/back.b.example", "C.B.EXAMPLE", "HTTP/front.a", "A.EXAMPLE"}));
  EXPECT_EQ(location(action).realm, "C.B.EXAMPLE");
}

// Who refuses decides: a DC of 2012 or later has the last word, whatever the status.
struct Final {
  const char* name;
  KrbErrc code;
  std::optional<NtStatus> status;
  DcLevel level;
  bool relocates;
};
class Refusals : public S4u2Proxy, public testing::WithParamInterface<Final> {};
TEST_P(Refusals, GoByTheLevelOfTheDc) {
  const auto& row = GetParam();
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  (void)exchange.start();
  auto action = exchange.on_reply(kdc_.refuse(row.code, row.status, dc("dc1")));
  const bool about_delegation = row.code == KrbErrc::KDC_ERR_BADOPTION || row.code == KrbErrc::KDC_ERR_POLICY;
  if (about_delegation) {
    ASSERT_TRUE(std::holds_alternative<AskLevel>(action));
    action = exchange.on_level(row.level);
  }
  if (row.relocates) {
    EXPECT_EQ(location(action).realm, "A.EXAMPLE");
  } else {
    const auto out = refusal(action);
    EXPECT_EQ(out.error, make_error_code(row.code));
    EXPECT_EQ(out.status, row.status);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Refusals,
    testing::Values(
        Final{"badoption_2008", KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, DcLevel::w2008, true},
        Final{"badoption_2003_without_status", KrbErrc::KDC_ERR_BADOPTION, {}, DcLevel::w2003, true},
        Final{"policy_2008", KrbErrc::KDC_ERR_POLICY, NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE, DcLevel::w2008,
              true},
        Final{"policy_unknown", KrbErrc::KDC_ERR_POLICY, {}, DcLevel::unknown, true},
        Final{"badoption_2012", KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, DcLevel::w2012, false},
        Final{"badoption_2016_not_supported", KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_SUPPORTED,
              DcLevel::w2016, false},
        Final{"policy_2012R2", KrbErrc::KDC_ERR_POLICY, {}, DcLevel::w2012r2, false},
        Final{"unknown_service", KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, {}, DcLevel::w2008, false},
        Final{"revoked", KrbErrc::KDC_ERR_TGT_REVOKED, {}, DcLevel::unknown, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(S4u2Proxy, TakesNoRefusalForFinalByALevelFromMemory) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  (void)exchange.start();
  auto action = exchange.on_reply(
      kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, dc("set-back", DcLevel::w2012)));
  ASSERT_TRUE(std::holds_alternative<AskLevel>(action));
  action = exchange.on_level(DcLevel::w2008);
  EXPECT_EQ(location(action).realm, "A.EXAMPLE");
}

TEST_F(S4u2Proxy, AsksASecondDcOnceOnly) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  (void)exchange.start();
  (void)exchange.on_reply(kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, {}, dc("old", DcLevel::w2008)));
  (void)exchange.on_located(found("who-knows", DcLevel::unknown));
  const auto out =
      refusal(exchange.on_reply(kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, dc("who-knows"))));
  EXPECT_EQ(out.by.where.name, "who-knows");
  EXPECT_EQ(out.status, NtStatus::STATUS_NOT_FOUND);
}

TEST_F(S4u2Proxy, SaysThatOnlyANewerDcCouldLeaveTheDomain) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.b.example"));
  (void)exchange.start();
  (void)exchange.on_reply(
      kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, dc("old", DcLevel::w2008)));
  // Whether the target lives elsewhere is asked before the failure is named.
  const auto action = exchange.on_located(none());
  ASSERT_EQ(sent(action), "TGS A.EXAMPLE");
  const auto out = refusal(exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE"))));
  EXPECT_TRUE(out.no_capable_dc);
  EXPECT_TRUE(out.cross_realm);
  EXPECT_EQ(out.status, NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE);
  ASSERT_EQ(out.seen.size(), 1u);
  EXPECT_EQ(out.seen[0].controller, "old");
}

TEST_F(S4u2Proxy, KeepsTheFirstRefusalWhereTheTargetIsInTheDomain) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  (void)exchange.start();
  (void)exchange.on_reply(
      kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, dc("old", DcLevel::w2008)));
  const auto action = exchange.on_located(none());
  const auto out = refusal(
      exchange.on_reply(kdc_.give(kdc_.read(action), {"HTTP/back.a", "A.EXAMPLE", "HTTP/front.a", "A.EXAMPLE"})));
  EXPECT_EQ(out.error, make_error_code(KrbErrc::KDC_ERR_BADOPTION));
  EXPECT_EQ(out.status, NtStatus::STATUS_NOT_FOUND);
  EXPECT_TRUE(out.no_capable_dc);
  EXPECT_FALSE(out.cross_realm);
}

TEST_F(S4u2Proxy, EndsWhereTheTargetsDomainHasNoSuchDc) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.b.example"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  const auto out = refusal(exchange.on_located(none()));
  EXPECT_EQ(out.realm, "B.EXAMPLE");
  EXPECT_EQ(out.status, NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE);
}

// Step 7, where the DCs that the search gave are silent.
class SilentTarget : public S4u2Proxy {
 protected:
  // As far as the second search, which the silence of those that the first one gave leads to.
  LocateDc searched_again(S4u2ProxyExchange& exchange, const Located& first) {
    auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
    action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
    action = exchange.on_located(first);
    EXPECT_EQ(sent(action), "S4U2Proxy B.EXAMPLE");
    return location(exchange.on_reply(silence_));
  }
  static Located nobody() {
    return {{dc("b-new"), dc("old")}, {{"b-new", "", "unknown", "timeout"}, {"old", "", "unknown", "timeout"}}};
  }
  static Located only_old() {
    return {{dc("dead")}, {{"old", "", "2008", "below the level"}, {"dead", "", "unknown", "timeout"}}};
  }

  const Reply silence_{Error(boost::asio::error::timed_out), {}};
  S4u2ProxyExchange exchange_{context_, wanted("HTTP/back.b.example")};
};

// The silent one may be the one that is needed.
TEST_F(SilentTarget, IsUnreachableWhereTheOthersAreTooOld) {
  const auto again = searched_again(exchange_, only_old());
  EXPECT_EQ(again.realm, "B.EXAMPLE");
  EXPECT_EQ(again.at_least, DcLevel::w2012);
  const auto out = refusal(exchange_.on_located(only_old()));
  EXPECT_EQ(out.kind, FailureKind::unreachable);
  EXPECT_FALSE(out.no_capable_dc);
  EXPECT_EQ(out.seen.size(), 2u);
  EXPECT_NE(out.what.find("dead (level unknown, timeout)"), std::string::npos) << out.what;
}

TEST_F(SilentTarget, HasNoSuchDcWhereAllSayThatTheyAreOlder) {
  (void)searched_again(exchange_, found("b-new"));
  Located old{{}, {{"old", "", "2008", "below the level"}, {"older", "", "2003", "below the level"}}};
  const auto out = refusal(exchange_.on_located(old));
  EXPECT_EQ(out.kind, FailureKind::refused);
  EXPECT_TRUE(out.no_capable_dc);
}

TEST_F(SilentTarget, IsUnreachableWhereASearchFindsNobody) {
  for (const auto& seen : {std::vector<SeenController>{}, nobody().seen, only_old().seen}) {
    S4u2ProxyExchange exchange(context_, wanted("HTTP/back.b.example"));
    auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
    action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
    EXPECT_EQ(refusal(exchange.on_located({{}, seen})).kind, FailureKind::unreachable);
  }
}

TEST(AllAreOlder, NeedsTheLevelOfEach) {
  const auto dc = [](const char* level) { return SeenController{"dc", "", level, ""}; };
  EXPECT_TRUE(all_are_older({dc("2003"), dc("2008")}));
  EXPECT_FALSE(all_are_older({}));
  EXPECT_FALSE(all_are_older({dc("2008"), dc("unknown")}));
  for (const char* capable : {"2012", "2012R2", "2016"}) EXPECT_FALSE(all_are_older({dc("2008"), dc(capable)}));

  // KDCs other than AD's answer no ping.
  const std::vector<SeenController> foreign = {{"kdc", "127.0.0.1:88", "unknown", "timeout"}};
  EXPECT_TRUE(all_are_older(foreign, {"kdc", "127.0.0.1", 88, 389}));
  EXPECT_FALSE(all_are_older(foreign, {"kdc", "127.0.0.2", 88, 389}));
  EXPECT_FALSE(all_are_older(foreign));
}

// They once answered. A line that was cut since is no word on the domain's DCs.
TEST_F(SilentTarget, IsUnreachableWhereNobodyAnswersAnyMore) {
  auto first = found("b-new");
  first.seen.push_back({"old", "", "2008", "below the level"});
  (void)searched_again(exchange_, first);
  const auto out = refusal(exchange_.on_located(nobody()));
  EXPECT_EQ(out.kind, FailureKind::unreachable);
  EXPECT_FALSE(out.no_capable_dc);
  EXPECT_EQ(out.realm, "B.EXAMPLE");
}

TEST_F(SilentTarget, IsNotSearchedAgainWhereTheSearchFoundNobody) {
  auto action = exchange_.on_reply(kdc_.give(kdc_.read(exchange_.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange_.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  ASSERT_EQ(sent(exchange_.on_located(nobody())), "S4U2Proxy B.EXAMPLE");
  EXPECT_EQ(refusal(exchange_.on_reply(silence_)).kind, FailureKind::unreachable);
}

TEST_F(SilentTarget, IsUnreachableWhereADcAnswersPingsOnly) {
  (void)searched_again(exchange_, found("b-new"));
  EXPECT_EQ(refusal(exchange_.on_located(found("b-new"))).kind, FailureKind::unreachable);
}

TEST_F(SilentTarget, IsAskedAtADcThatHasTheLevelSince) {
  (void)searched_again(exchange_, found("b-new"));
  auto raised = found("raised");
  raised.usable[0].where.address = "127.0.0.2";
  raised.usable.push_back(dc("b-new", DcLevel::w2012));
  const auto action = exchange_.on_located(raised);
  ASSERT_EQ(sent(action), "S4U2Proxy B.EXAMPLE");
  const auto& to = std::get<SendToKdc>(action).to;
  ASSERT_EQ(to.size(), 1u);  // the silent one is not waited for again
  EXPECT_EQ(to[0].where.name, "raised");
  // That one is silent too: no third search.
  EXPECT_EQ(refusal(exchange_.on_reply(silence_)).kind, FailureKind::unreachable);
}

// An old DC refuses; the newer one, which might allow it, is silent.
TEST_F(SilentTarget, IsUnreachableWhereAnOlderDcRefusesAndTheNewerOneIsSilent) {
  const auto start = [&](S4u2ProxyExchange& exchange, NtStatus status) {
    (void)exchange.start();
    (void)exchange.on_reply(kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, status, dc("old", DcLevel::w2008)));
    (void)exchange.on_located(found("a-new"));
    const auto again = location(exchange.on_reply(silence_));
    EXPECT_EQ(again.refused.at(0).name, "old");
    return exchange.on_located({{}, {{"old", "", "2008", "refused"}, {"a-new", "", "unknown", "timeout"}}});
  };
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  const auto out = refusal(start(exchange, NtStatus::STATUS_NOT_FOUND));
  EXPECT_EQ(out.kind, FailureKind::unreachable);
  ASSERT_EQ(out.seen.size(), 2u);
  EXPECT_EQ(out.seen[1].answer, "timeout");

  // A restriction of the user is the same at every DC.
  S4u2ProxyExchange restricted(context_, wanted("HTTP/back.a"));
  const auto action = start(restricted, NtStatus::STATUS_ACCOUNT_RESTRICTION);
  ASSERT_EQ(sent(action), "TGS A.EXAMPLE");
  const auto final = refusal(
      restricted.on_reply(kdc_.give(kdc_.read(action), {"HTTP/back.a", "A.EXAMPLE", "HTTP/front.a", "A.EXAMPLE"})));
  EXPECT_EQ(final.status, NtStatus::STATUS_ACCOUNT_RESTRICTION);
  EXPECT_EQ(final.kind, FailureKind::refused);
}

TEST_F(S4u2Proxy, SaysWhoIsUnreachableWhereNobodyAnswers) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  (void)exchange.start();
  EXPECT_EQ(refusal(exchange.on_reply({Error(boost::asio::error::timed_out), {}})).kind, FailureKind::unreachable);
  EXPECT_EQ(to_string(exchange.answer()), "timeout");
}

TEST_F(S4u2Proxy, RefusesAReferralOfAKdcWithoutResourceBasedDelegation) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.b.example"));
  const auto out =
      refusal(exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE"))));
  EXPECT_EQ(out.error, make_error_code(KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP));
}

TEST_F(S4u2Proxy, RefusesReferralsInACircle) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.c.b.example"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("B.EXAMPLE", "A.EXAMPLE", kRbcd)));
  action = exchange.on_reply(kdc_.give(kdc_.read(action), referral("B.EXAMPLE", "A.EXAMPLE")));
  const auto out = refusal(exchange.on_reply(kdc_.give(kdc_.read(action), referral("A.EXAMPLE", "B.EXAMPLE"))));
  EXPECT_EQ(out.error, make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED));
}

TEST_F(S4u2Proxy, RefusesASelfReferral) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  const auto out =
      refusal(exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("A.EXAMPLE", "A.EXAMPLE", kRbcd))));
  EXPECT_EQ(out.error, make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED));
}

TEST_F(S4u2Proxy, RefusesMoreHopsThanAnyForestHas) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.far"));
  auto action = exchange.on_reply(kdc_.give(kdc_.read(exchange.start()), referral("R0", "A.EXAMPLE", kRbcd)));
  std::string from = "A.EXAMPLE";
  std::size_t hops = 0;
  while (std::holds_alternative<SendToKdc>(action) && hops < 20) {
    const auto to = "R" + std::to_string(hops++);
    action = exchange.on_reply(kdc_.give(kdc_.read(action), referral(to, from)));
    from = to;
  }
  EXPECT_EQ(refusal(action).error, make_error_code(KrbErrc::KDC_ERR_PATH_NOT_ACCEPTED));
  EXPECT_LE(hops, RealmPath::kMaxReferrals + 1);
}

TEST_F(S4u2Proxy, CorrectsTheClockOnce) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  (void)exchange.start();
  const auto ahead = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::hours(1);
  const auto action = exchange.on_reply(kdc_.refuse(KrbErrc::KRB_AP_ERR_SKEW, {}, dc("dc1"), ahead));
  ASSERT_EQ(sent(action), "S4U2Proxy A.EXAMPLE");
  EXPECT_NEAR(double(context_.offset_of("A.EXAMPLE").count()), 3600e6, 5e6);
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.refuse(KrbErrc::KRB_AP_ERR_SKEW, {}, dc("dc1"), ahead))).error,
            make_error_code(KrbErrc::KRB_AP_ERR_SKEW));
}

TEST_F(S4u2Proxy, RefusesAReplyToSomethingElse) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
  const auto asked = kdc_.read(exchange.start());
  auto given = for_user("HTTP/back.a", "A.EXAMPLE");
  given.wrong_nonce = true;
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(asked, given))).kind, FailureKind::rejected);
}

TEST_F(S4u2Proxy, RefusesBytesThatAreNoReply) {
  for (const auto& bytes : {Buffer{}, Buffer{0x7e, 0x03, 0x01}, Buffer{0x6d, 0x82, 0xff, 0xff}, Buffer(40, 0x30)}) {
    S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a"));
    (void)exchange.start();
    EXPECT_EQ(refusal(exchange.on_reply({bytes, dc("dc1")})).kind, FailureKind::rejected);
  }
}

TEST_F(S4u2Proxy, HoldsTheRealmThatWasNamed) {
  S4u2ProxyExchange exchange(context_, wanted("HTTP/back.a@B.EXAMPLE"));
  const auto asked = kdc_.read(exchange.start());
  EXPECT_EQ(asked.request.body.realm, "A.EXAMPLE");
  EXPECT_EQ(refusal(exchange.on_reply(kdc_.give(asked, for_user("HTTP/back.a", "A.EXAMPLE")))).error,
            make_error_code(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN));
}

}  // namespace
}  // namespace stead
