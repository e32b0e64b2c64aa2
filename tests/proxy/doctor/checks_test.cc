#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/checks/account.h"
#include "proxy/doctor/checks/back_end.h"
#include "proxy/doctor/checks/delegation.h"
#include "proxy/doctor/checks/front.h"
#include "proxy/doctor/checks/network.h"
#include "proxy/doctor/checks/service.h"
#include "proxy/doctor/checks/user.h"

namespace stead::doctor {
namespace {

using testing::HasSubstr;

const Principal kSelf{{NameType::srv_inst, {"HTTP", "gate.mill.example"}}, "MILL.EXAMPLE"};

std::set<std::string> broken(const Checks& checks) {
  std::set<std::string> out;
  for (const Check& check : checks) {
    if (check.verdict != Verdict::fault) continue;
    out.insert(to_string(check.id));
    EXPECT_FALSE(check.symptom.empty() || check.proof.empty() || check.fix.empty()) << to_string(check.id);
  }
  return out;
}
using Ids = std::set<std::string>;

const Check* find(const Checks& checks, CheckId id) {
  for (const Check& check : checks) {
    if (check.id == id) return &check;
  }
  return nullptr;
}

Question granted() {
  return {{TraceStep{.step = 1,
                     .exchange = "TGS",
                     .realm = "MILL.EXAMPLE",
                     .controller = "dc1.mill.example",
                     .address = "127.0.0.2:88",
                     .level = "2016",
                     .answer = "ticket",
                     .status = {},
                     .milliseconds = 1,
                     .detail = {}}},
          {}};
}
Question refused(KrbErrc code, FailureKind kind = FailureKind::refused) {
  Question out = granted();
  out.steps[0].answer = krb_error_name(static_cast<std::int32_t>(code));
  out.refusal.emplace();
  out.refusal->kind = kind;
  out.refusal->error = make_error_code(code);
  out.refusal->stage = Stage::own_tgt;
  out.refusal->realm = "MILL.EXAMPLE";
  return out;
}

// --- network ---

ControllerFacts good_controller(const std::string& name) {
  ControllerFacts out;
  out.realm = "MILL.EXAMPLE";
  out.where = {name, "127.0.0.2", 88, 389};
  out.udp = out.tcp = PortAnswer::answered;
  out.ping = PingAnswer::ok;
  out.level = DcLevel::w2016;
  out.clock = std::chrono::milliseconds(20);
  return out;
}

class Network : public testing::Test {
 protected:
  Network() {
    realm_.realm = "MILL.EXAMPLE";
    realm_.configured = true;
    realm_.controllers = {good_controller("dc1.mill.example"), good_controller("dc2.mill.example")};
  }
  Checks judge(const Principal& self = kSelf) { return judge_network(self, {realm_}); }
  ControllerFacts& second() { return realm_.controllers[1]; }
  RealmFacts realm_;
};

TEST_F(Network, IsHealthyWhereEverythingAnswers) {
  EXPECT_EQ(broken(judge()), Ids{});
}

TEST_F(Network, LeavesAKdcAloneThatIsNoController) {
  for (ControllerFacts& dc : realm_.controllers)
    dc.ping = PingAnswer::silent, dc.level = DcLevel::unknown, dc.clock.reset();
  EXPECT_EQ(broken(judge()), Ids{});
  EXPECT_EQ(find(judge(), CheckId::N3)->verdict, Verdict::unjudged);
}

TEST_F(Network, NamesTheClosedPort) {
  second().tcp = PortAnswer::silent;
  EXPECT_EQ(broken(judge()), Ids{"N2"});
  second() = good_controller("dc2.mill.example");
  second().ping = PingAnswer::silent;
  const Checks checks = judge();
  EXPECT_EQ(broken(checks), Ids{"N2"});
  for (const Check& check : checks) {
    if (check.verdict == Verdict::fault) {
      EXPECT_THAT(check.subject, HasSubstr("dc2"));
      EXPECT_THAT(check.fix[0], HasSubstr("-Protocol UDP -LocalPort 389"));
    }
  }
}

TEST_F(Network, TellsADeadControllerFromAFirewall) {
  second().udp = second().tcp = PortAnswer::silent;
  second().ping = PingAnswer::silent;
  second().clock.reset();
  EXPECT_THAT(judge(),
              testing::Contains(testing::AllOf(testing::Field(&Check::id, CheckId::N2),
                                               testing::Field(&Check::symptom, HasSubstr("does not answer at all")))));
}

TEST_F(Network, SaysWhoseClockIsOff) {
  second().clock = std::chrono::minutes(6);
  EXPECT_EQ(broken(judge()), Ids{"N3"});
  EXPECT_THAT(judge(), testing::Contains(testing::Field(&Check::symptom, HasSubstr("The controller's clock"))));
  realm_.controllers[0].clock = std::chrono::minutes(7);
  EXPECT_THAT(judge(), testing::Contains(testing::Field(&Check::symptom, HasSubstr("This computer's clock"))));
  realm_.controllers[0].clock = second().clock = std::chrono::minutes(-5);
  EXPECT_EQ(broken(judge()), Ids{});
}

TEST_F(Network, TellsOfThisComputersClockOnce) {
  realm_.controllers[0].clock = second().clock = std::chrono::minutes(20);
  const auto faults = [](const Checks& checks) {
    return std::count_if(checks.begin(), checks.end(), [](const auto& one) { return one.verdict == Verdict::fault; });
  };
  EXPECT_EQ(faults(judge()), 1);
  EXPECT_EQ(find(judge(), CheckId::N3)->subject, kThisComputer);
  // A back end whose clock is as ours shows that the controllers' are wrong.
  EXPECT_EQ(faults(judge_network(kSelf, {realm_}, {std::chrono::seconds(3)})), 2);
}

TEST_F(Network, TellsOnceThatNobodyAnswers) {
  for (ControllerFacts& dc : realm_.controllers) {
    dc.udp = dc.tcp = PortAnswer::silent;
    dc.ping = PingAnswer::silent;
    dc.clock.reset();
  }
  const Checks checks = judge();
  EXPECT_EQ(std::count_if(checks.begin(), checks.end(), [](const auto& one) { return one.verdict == Verdict::fault; }),
            1);
  EXPECT_EQ(find(checks, CheckId::N2)->subject, "MILL.EXAMPLE");
}

TEST_F(Network, ADeadControllerBesideOthersHarmsOnly) {
  second().udp = second().tcp = PortAnswer::silent;
  second().ping = PingAnswer::silent;
  for (const Check& check : judge()) {
    if (check.verdict == Verdict::fault) {
      EXPECT_EQ(check.effect, Effect::harms);
    }
  }
}

TEST_F(Network, SeesResetsAndStrangers) {
  second().tcp = PortAnswer::reset;
  EXPECT_EQ(broken(judge()), Ids{"N8"});
  second() = good_controller("dc2.mill.example");
  second().wrong_realm = true;
  EXPECT_EQ(broken(judge()), Ids{"N7"});
}

TEST_F(Network, WantsTheRealmInUpperCase) {
  Principal self = kSelf;
  self.realm = "mill.example";
  EXPECT_EQ(broken(judge(self)), Ids{"N7"});
}

TEST_F(Network, WantsServiceRecordsWhereDnsIsAsked) {
  realm_.configured = false;
  realm_.kerberos_srv = boost::asio::error::host_not_found;
  EXPECT_EQ(broken(judge()), Ids{"N1"});
  realm_.kerberos_srv = {};
  realm_.kerberos_records = 2;
  EXPECT_EQ(broken(judge()), Ids{"N1"}) << "no _ldap records, of controllers that answer pings";
  realm_.ldap_records = 2;
  EXPECT_EQ(broken(judge()), Ids{});
  realm_.controllers.clear();
  EXPECT_EQ(broken(judge()), Ids{"N1"});
}

// --- account ---

class Account : public testing::Test {
 protected:
  Account() {
    facts_.principal = kSelf;
    facts_.keytab = "/etc/stead/gate.keytab";
    facts_.lines = {{kSelf, 3, EncType::aes256_cts_hmac_sha1_96}};
    facts_.sign_on = granted();
    facts_.account = "gate$";
    ServiceFacts own;
    own.spn = "HTTP/gate.mill.example";
    own.question = granted();
    own.etype = EncType::aes256_cts_hmac_sha1_96;
    own.kvno = own.opened_by = 3;
    facts_.published = {own};
    facts_.files = {{FileKind::keytab, facts_.keytab, true, {}, 0600}};
  }
  ServiceFacts& own() { return facts_.published[0]; }
  AccountFacts facts_;
};

TEST_F(Account, IsHealthy) {
  EXPECT_EQ(broken(judge_account(facts_)), Ids{});
  for (const Check& check : judge_account(facts_))
    EXPECT_EQ(check.verdict, Verdict::ok) << to_string(check.id) << check.symptom;
}

TEST_F(Account, TellsAnOldKeyFromAnSpnElsewhere) {
  facts_.sign_on = refused(KrbErrc::KDC_ERR_PREAUTH_FAILED);
  facts_.published[0].question = {};
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A2"});
  facts_.other = Principal{{NameType::principal, {"gate$"}}, "MILL.EXAMPLE"};
  own().question = granted();
  own().opened_by.reset();
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A5"});
}

TEST_F(Account, ComparesKvnosAsLibkrb5Does) {
  own().kvno = 4;
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A2"});
  own().kvno = 0x10003;  // eight bits in an old keytab, and a read-only controller's number above them
  EXPECT_EQ(broken(judge_account(facts_)), Ids{});
  own().kvno = 9;
  facts_.lines[0].kvno = 0;
  EXPECT_EQ(broken(judge_account(facts_)), Ids{});
}

TEST_F(Account, WantsStrongKeysOfTheTicketsType) {
  facts_.lines[0].type = EncType::rc4_hmac;
  facts_.sign_on.reset();
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A3"});
  facts_.lines[0].type = EncType::aes128_cts_hmac_sha1_96;
  facts_.sign_on = granted();
  own().opened_by.reset();
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A3"});
  own().etype = EncType::rc4_hmac;
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A3"});
}

struct SignOn {
  KrbErrc error;
  const char* id;
};
class AccountSignOn : public Account, public testing::WithParamInterface<SignOn> {};
TEST_P(AccountSignOn, NamesTheBrokenCheck) {
  facts_.sign_on = refused(GetParam().error);
  facts_.published[0].question = {};
  EXPECT_EQ(broken(judge_account(facts_)), GetParam().id == std::string("N3") ? Ids{} : Ids{GetParam().id});
}
INSTANTIATE_TEST_SUITE_P(Refusals, AccountSignOn,
                         testing::Values(SignOn{KrbErrc::KDC_ERR_CLIENT_REVOKED, "A1"},
                                         SignOn{KrbErrc::KDC_ERR_KEY_EXPIRED, "A1"},
                                         SignOn{KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "A1"},
                                         SignOn{KrbErrc::KDC_ERR_PREAUTH_FAILED, "A2"},
                                         SignOn{KrbErrc::KDC_ERR_ETYPE_NOSUPP, "A3"},
                                         SignOn{KrbErrc::KDC_ERR_POLICY, "A8"}, SignOn{KrbErrc::KRB_AP_ERR_SKEW, "N3"}),
                         [](const auto& test) { return krb_error_name(static_cast<std::int32_t>(test.param.error)); });

TEST_F(Account, LooksAtFiles) {
  for (const unsigned mode : {0640U, 0604U, 0620U}) {
    facts_.files[0].mode = mode;
    EXPECT_EQ(broken(judge_account(facts_)), Ids{"A6"}) << mode;
  }
  facts_.files = {{FileKind::tls_key, "k", true, {}, 0640}, {FileKind::session_key, "s", false, "No such file", 0}};
  EXPECT_EQ(broken(judge_account(facts_)), Ids{});
  facts_.files[0].mode = 0644;
  EXPECT_EQ(broken(judge_account(facts_)), Ids{"A6"});
}

// --- services, user, delegation ---

TEST_F(Account, ServicesAreJudgedByTheirTickets) {
  ServiceFacts service;
  service.spn = "HTTP/bread.bakery.example";
  service.realm = "BAKERY.EXAMPLE";
  service.question = granted();
  service.etype = EncType::aes256_cts_hmac_sha1_96;
  EXPECT_EQ(broken(judge_services({service}, facts_, std::nullopt)), Ids{});
  service.etype = EncType::rc4_hmac;
  EXPECT_EQ(broken(judge_services({service}, facts_, std::nullopt)), Ids{"S5"});
  service.question = refused(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN);
  EXPECT_EQ(broken(judge_services({service}, facts_, std::nullopt)), Ids{"S1"});
  service.question = refused(KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE);
  EXPECT_EQ(broken(judge_services({service}, facts_, std::nullopt)), Ids{"S2"});
  EXPECT_EQ(broken(judge_services({service}, facts_, CheckId::A2)), Ids{});
}

TEST_F(Account, AUserThatSignsOnButIsNotFoundIsARightThatLacks) {
  UserFacts user;
  user.asked = "wanda";
  user.steps = granted().steps;
  user.failure.emplace();
  user.failure->error = make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
  user.failure->trace.diagnosis = Diagnosis{"user_account_refused", "Nobody knows wanda.", {"Get-ADUser"}};
  EXPECT_EQ(broken(judge_user(user, facts_)), Ids{"U1"});
  user.known_to_as = true;
  EXPECT_EQ(broken(judge_user(user, facts_)), Ids{"A7"});
  user.failure->error = make_error_code(KrbErrc::KDC_ERR_CLIENT_REVOKED);
  EXPECT_EQ(broken(judge_user(user, facts_)), Ids{"U2"});
}

struct Refused {
  const char* code;
  std::size_t fixes;
  Ids ids;
};
class Delegations : public Account, public testing::WithParamInterface<Refused> {};
TEST_P(Delegations, AreNamedByTheirDiagnosis) {
  UserFacts user;
  user.principal = "wanda@MILL.EXAMPLE";
  DelegationFacts delegation;
  delegation.service = "HTTP/bread.bakery.example";
  delegation.steps = granted().steps;
  delegation.failure.emplace();
  delegation.failure->trace.diagnosis =
      Diagnosis{GetParam().code, "No.", std::vector<std::string>(GetParam().fixes, "fix")};
  EXPECT_EQ(broken(judge_delegation(user, delegation, facts_)), GetParam().ids);
}
INSTANTIATE_TEST_SUITE_P(
    Codes, Delegations,
    testing::Values(Refused{"service_not_trusted_for_transition", 2, {"D1"}}, Refused{"spn_not_in_kcd_list", 1, {"D2"}},
                    Refused{"rbcd_denied_on_target", 1, {"D3"}}, Refused{"rbcd_denied_on_target", 2, {"D3"}},
                    Refused{"no_2012_dc_found", 2, {"D5"}}, Refused{"foreign_user_needs_trust", 1, {"D6"}},
                    Refused{"selective_authentication", 1, {"D7"}},
                    Refused{"evidence_not_forwardable_config", 1, {"D8"}}, Refused{"user_is_sensitive", 2, {"U3"}},
                    Refused{"spn_unknown", 1, {"S1"}}, Refused{"clock_skew", 1, {"N3"}},
                    Refused{"dc_unreachable", 1, {"N2"}}),
    [](const auto& test) { return std::string(test.param.code) + std::to_string(test.param.fixes); });

TEST_F(Network, LevelsMatterOnlyWhereTheWayLeavesTheDomain) {
  for (ControllerFacts& dc : realm_.controllers) dc.level = DcLevel::w2008;
  ServiceFacts service;
  service.question = granted();
  service.way = {"MILL.EXAMPLE"};
  EXPECT_EQ(broken(judge_levels(kSelf, {realm_}, {service})), Ids{});
  service.way = {"MILL.EXAMPLE", "BAKERY.EXAMPLE"};
  EXPECT_EQ(broken(judge_levels(kSelf, {realm_}, {service})), Ids{"D5"});
  second().level = DcLevel::unknown;
  EXPECT_EQ(broken(judge_levels(kSelf, {realm_}, {service})), Ids{});
}

// --- back ends ---

HttpFacts answer(unsigned status, std::vector<std::string> challenges = {}) {
  HttpFacts out;
  out.stage = HttpStage::done;
  out.status = status;
  out.challenges = std::move(challenges);
  return out;
}

class BackEnds : public testing::Test {
 protected:
  BackEnds() {
    facts_.url = "http://127.0.0.1:9001";
    facts_.path = "/";
    facts_.host = "gate.mill.example";
    facts_.spn = "HTTP/bread.bakery.example";
    facts_.anonymous = answer(401, {"negotiate"});
    facts_.signed_in.emplace();
    facts_.signed_in->first = answer(200);
    facts_.signed_in->proof = ApRep::holds;
    facts_.signed_in->again = answer(401, {"Negotiate"});
  }
  Checks judge() { return judge_back_end(facts_); }
  BackEndFacts facts_;
};

TEST_F(BackEnds, AreHealthyWhereTheyServeTheUser) {
  EXPECT_EQ(broken(judge()), Ids{});
  facts_.signed_in->first = answer(403);
  EXPECT_EQ(broken(judge()), Ids{"B9"});
  facts_.signed_in->first = answer(404);
  EXPECT_EQ(broken(judge()), Ids{});
  facts_.signed_in->again = answer(200);  // bound to the connection: told, and no fault
  EXPECT_EQ(broken(judge()), Ids{});
  facts_.anonymous = answer(200);
  EXPECT_EQ(broken(judge()), Ids{});
  EXPECT_EQ(find(judge(), CheckId::B1)->verdict, Verdict::unjudged);
}

TEST_F(BackEnds, MustOfferNegotiate) {
  facts_.signed_in.reset();
  facts_.anonymous = answer(401, {"Basic realm=\"x\"", "NTLM"});
  EXPECT_EQ(broken(judge()), Ids{"B1"});
  facts_.spn.clear();
  EXPECT_EQ(broken(judge()), Ids{});
}

TEST_F(BackEnds, ARefusedTokenIsTriedInOtherWays) {
  BackEndFacts::Signed& got = *facts_.signed_in;
  got.first = answer(401, {"Negotiate"});
  got.again.reset();
  got.after_challenge = answer(200);
  EXPECT_EQ(broken(judge()), Ids{"B3"});
  got.after_challenge = answer(401);
  got.raw = answer(200);
  EXPECT_EQ(broken(judge()), Ids{"B2"});
  got.raw = answer(401);
  EXPECT_EQ(broken(judge()), Ids{"S4"});
  got.unbound = answer(200);
  EXPECT_EQ(broken(judge()), Ids{"B4"});
}

TEST_F(BackEnds, OthersFaults) {
  facts_.signed_in->proof = ApRep::does_not_hold;
  EXPECT_EQ(broken(judge()), Ids{"B8"});
  facts_.signed_in->first = answer(431);
  EXPECT_EQ(broken(judge()), Ids{"U4"});
  facts_.anonymous.clock = std::chrono::seconds(-301);
  EXPECT_EQ(broken(judge()), (Ids{"U4", "N3"}));
  facts_.anonymous = answer(421);
  facts_.signed_in.reset();
  EXPECT_EQ(broken(judge()), Ids{"B7"});
  facts_.anonymous = {};
  facts_.anonymous.stage = HttpStage::connect;
  facts_.anonymous.error = "refused";
  EXPECT_EQ(broken(judge()), Ids{"B1"});
  facts_.anonymous.stage = HttpStage::answer;
  EXPECT_EQ(broken(judge()), Ids{"B5"});
}

TEST(Front, JudgesAliasesAndTheHeaderLimit) {
  PublicNameFacts name{"shop.mill.example", {}, {}, "gate$"};
  EXPECT_EQ(broken(judge_front({name}, 65536, 8000)), Ids{});
  name.aliases = {"www.mill.example"};
  EXPECT_EQ(broken(judge_front({name}, 65536, {})), Ids{});
  name.behind.emplace();
  name.behind->question = granted();
  EXPECT_EQ(broken(judge_front({name}, 65536, {})), Ids{"F2"});
  name.behind->opened_by = 3;
  EXPECT_EQ(broken(judge_front({name}, 4096, 8000)), Ids{"F3"});
}

TEST(Front, JudgesTheCertificate) {
  CertificateFacts certificate{"front.crt", "front.key", {}, "then", "later", true, "shop.mill.example", {}};
  EXPECT_EQ(broken({judge_certificate(certificate)}), Ids{});
  certificate.not_named = {"shop.mill.example"};
  EXPECT_EQ(broken({judge_certificate(certificate)}), Ids{"F5"});
  certificate.not_named = {};
  certificate.holds_now = false;
  EXPECT_EQ(broken({judge_certificate(certificate)}), Ids{"F5"});
  EXPECT_NE(judge_certificate(certificate).proof.find("from then to later"), std::string::npos);
  certificate.error = "No such file or directory";
  EXPECT_EQ(broken({judge_certificate(certificate)}), Ids{"F5"});
}

}  // namespace
}  // namespace stead::doctor
