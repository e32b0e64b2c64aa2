#include "sspi_shim/s4u/diagnosis/diagnosis.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "sspi_shim/protocol/security/certificate_names.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"

namespace stead {
namespace {

using S = NtStatus;
using E = KrbErrc;

struct Row {
  const char* name;
  E code;
  std::optional<S> status;
  Stage stage;
  DcLevel level;
  const char* expected;
  bool cross_realm = false, by_s4u2self = true, forwardable = true, sensitive = false;
};

Circumstances about(const Row& row) {
  Circumstances out;
  out.front_end = *parse_principal("HTTP/front.a.example@A.EXAMPLE");
  out.user = "alice@A.EXAMPLE";
  out.service = "HTTP/back.b.example";
  out.target_realm = row.cross_realm ? "B.EXAMPLE" : "A.EXAMPLE";
  out.by_s4u2self = row.by_s4u2self;
  out.have_evidence = true;
  out.forwardable = row.forwardable;
  out.sensitive = row.sensitive;
  return out;
}

class Diagnoses : public testing::TestWithParam<Row> {};
TEST_P(Diagnoses, FollowFromTheRefusal) {
  const auto& row = GetParam();
  Refusal refusal;
  refusal.error = make_error_code(row.code);
  refusal.status = row.status;
  refusal.stage = row.stage;
  refusal.realm = "A.EXAMPLE";
  refusal.by = {{"dc1.a.example", "127.0.0.1", 88, 389}, row.level};
  refusal.cross_realm = row.cross_realm;
  const auto out = diagnose(refusal, about(row));
  EXPECT_EQ(out.code, row.expected);
  EXPECT_NE(out.summary, "");
  EXPECT_TRUE(out.summary.ends_with('.') || out.summary.ends_with("SPN.")) << out.summary;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Diagnoses,
    testing::Values(
        Row{"rbcd_denied_at_home", E::KDC_ERR_BADOPTION, S::STATUS_NOT_FOUND, Stage::s4u2proxy, DcLevel::w2012,
            "rbcd_denied_on_target"},
        Row{"rbcd_denied_abroad", E::KDC_ERR_BADOPTION, S::STATUS_NOT_FOUND, Stage::target, DcLevel::w2016,
            "rbcd_denied_on_target", true},
        Row{"not_listed_before_2012", E::KDC_ERR_BADOPTION, S::STATUS_NOT_FOUND, Stage::s4u2proxy, DcLevel::w2008,
            "spn_not_in_kcd_list"},
        Row{"no_match", E::KDC_ERR_BADOPTION, S::STATUS_NO_MATCH, Stage::s4u2proxy, DcLevel::w2012,
            "spn_not_in_kcd_list"},
        Row{"not_supported", E::KDC_ERR_BADOPTION, S::STATUS_NOT_SUPPORTED, Stage::s4u2proxy, DcLevel::unknown,
            "rbcd_not_supported_by_dc"},
        Row{"sensitive", E::KDC_ERR_BADOPTION, S::STATUS_ACCOUNT_RESTRICTION, Stage::s4u2proxy, DcLevel::w2012,
            "user_is_sensitive", false, true, false, true},
        Row{"no_transition", E::KDC_ERR_BADOPTION, S::STATUS_ACCOUNT_RESTRICTION, Stage::s4u2proxy, DcLevel::w2012,
            "service_not_trusted_for_transition", false, true, false},
        Row{"own_ticket_not_forwardable", E::KDC_ERR_BADOPTION, S::STATUS_ACCOUNT_RESTRICTION, Stage::s4u2proxy,
            DcLevel::w2012, "evidence_not_forwardable_config", false, false, false},
        Row{"no_status_not_forwardable",
            E::KDC_ERR_BADOPTION,
            {},
            Stage::s4u2proxy,
            DcLevel::w2012,
            "service_not_trusted_for_transition",
            false,
            true,
            false},
        Row{"crossrealm", E::KDC_ERR_POLICY, S::STATUS_CROSSREALM_DELEGATION_FAILURE, Stage::s4u2proxy,
            DcLevel::unknown, "cross_realm_needs_rbcd", true},
        Row{"firewall", E::KDC_ERR_POLICY, S::STATUS_AUTHENTICATION_FIREWALL_FAILED, Stage::target, DcLevel::w2012,
            "selective_authentication", true},
        Row{"policy_abroad", E::KDC_ERR_POLICY, {}, Stage::target, DcLevel::w2012, "foreign_user_needs_trust", true},
        Row{"policy_self", E::KDC_ERR_POLICY, {}, Stage::s4u2self, DcLevel::w2012, "user_account_refused"},
        Row{"disabled", E::KDC_ERR_CLIENT_REVOKED, S::STATUS_ACCOUNT_DISABLED, Stage::s4u2self, DcLevel::w2012,
            "user_account_refused"},
        Row{"unknown_user",
            E::KDC_ERR_C_PRINCIPAL_UNKNOWN,
            {},
            Stage::user_realm,
            DcLevel::w2012,
            "user_account_refused"},
        Row{"unknown_spn", E::KDC_ERR_S_PRINCIPAL_UNKNOWN, {}, Stage::s4u2proxy, DcLevel::w2012, "spn_unknown"},
        Row{"no_trust",
            E::KDC_ERR_S_PRINCIPAL_UNKNOWN,
            {},
            Stage::user_tgt,
            DcLevel::w2012,
            "foreign_user_needs_trust"},
        Row{"disabled_service", E::KDC_ERR_SERVICE_REVOKED, {}, Stage::s4u2proxy, DcLevel::w2012, "spn_unknown"},
        Row{"certificate_of_another", kClientNameMismatch, {}, Stage::s4u2self, DcLevel::w2012, "user_account_refused"},
        Row{"certificate_with_anothers_sid",
            kCertificateMismatch,
            {},
            Stage::user_realm,
            DcLevel::w2012,
            "user_account_refused"},
        Row{"duplicate", E::KDC_ERR_PRINCIPAL_NOT_UNIQUE, {}, Stage::s4u2proxy, DcLevel::w2012, "spn_duplicate"},
        Row{"skew", E::KRB_AP_ERR_SKEW, {}, Stage::own_tgt, DcLevel::unknown, "clock_skew"},
        Row{"etype", E::KDC_ERR_ETYPE_NOSUPP, {}, Stage::own_tgt, DcLevel::unknown, "etype_mismatch"},
        Row{"old_keytab", E::KDC_ERR_PREAUTH_FAILED, {}, Stage::own_tgt, DcLevel::unknown, "keytab_kvno_old"},
        Row{"expired", E::KRB_AP_ERR_TKT_EXPIRED, {}, Stage::target, DcLevel::unknown, "tgt_expired"},
        Row{"no_pac", E::KDC_ERR_TGT_REVOKED, {}, Stage::s4u2proxy, DcLevel::w2016, "pac_rejected"},
        Row{"padata",
            E::KDC_ERR_PADATA_TYPE_NOSUPP,
            {},
            Stage::s4u2proxy,
            DcLevel::unknown,
            "rbcd_not_supported_by_dc"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Diagnosis, TellsACertificateOfSeveralAccountsFromAnSpnOfSeveral) {
  Refusal refusal;
  refusal.error = make_error_code(E::KDC_ERR_PRINCIPAL_NOT_UNIQUE);
  refusal.stage = Stage::user_realm;
  refusal.realm = "A.EXAMPLE";
  Circumstances circumstances;
  circumstances.by_certificate = true;
  EXPECT_EQ(diagnose(refusal, circumstances).code, "user_account_refused");
  refusal.stage = Stage::s4u2proxy;
  EXPECT_EQ(diagnose(refusal, circumstances).code, "spn_duplicate");
}

TEST(Diagnosis, GivesTheCommandThatAllowsIt) {
  Refusal refusal;
  refusal.error = make_error_code(E::KDC_ERR_BADOPTION);
  refusal.status = S::STATUS_NOT_FOUND;
  refusal.stage = Stage::target;
  refusal.by.level = DcLevel::w2012;
  refusal.cross_realm = true;
  const auto out = diagnose(refusal, about({"", E::KDC_ERR_NONE, {}, Stage::target, DcLevel::w2012, "", true}));
  ASSERT_FALSE(out.fix.empty());
  EXPECT_EQ(out.fix[0], "Set-ADComputer back$ -PrincipalsAllowedToDelegateToAccount front$ -Server B.EXAMPLE");
}

TEST(Diagnosis, TellsAServiceThatIsUnknownFromAUserWhoseRealmHasNoWayBack) {
  Refusal refusal;
  refusal.error = make_error_code(E::KDC_ERR_S_PRINCIPAL_UNKNOWN);
  refusal.stage = Stage::s4u2self;
  const auto circumstances = about({"", E::KDC_ERR_NONE, {}, Stage::s4u2self, DcLevel::w2012, ""});
  refusal.realm = circumstances.front_end.realm;
  EXPECT_EQ(diagnose(refusal, circumstances).code, "spn_unknown");
  refusal.realm = "ELSEWHERE.EXAMPLE";
  EXPECT_EQ(diagnose(refusal, circumstances).code, "foreign_user_needs_trust");
}

TEST(Diagnosis, NamesTheDomainAndTheControllersSeen) {
  Refusal refusal;
  refusal.error = make_error_code(E::KDC_ERR_POLICY);
  refusal.realm = "B.EXAMPLE";
  refusal.no_capable_dc = refusal.cross_realm = true;
  refusal.seen = {{"dc08.b.example", "127.0.0.1:88", "2008", "below the level"},
                  {"dc12.b.example", "127.0.0.2:88", "unknown", "timeout"}};
  const auto out = diagnose(refusal, {});
  EXPECT_EQ(out.code, "no_2012_dc_found");
  for (const char* word : {"B.EXAMPLE", "dc08.b.example", "2008", "dc12.b.example", "timeout"})
    EXPECT_NE(out.summary.find(word), std::string::npos) << word;
}

TEST(Diagnosis, LooksForNoDcWhereTheUserIsTheReason) {
  Refusal refusal;
  refusal.error = make_error_code(E::KDC_ERR_BADOPTION);
  refusal.status = S::STATUS_ACCOUNT_RESTRICTION;
  refusal.no_capable_dc = true;
  Circumstances about;
  about.sensitive = true;
  EXPECT_EQ(diagnose(refusal, about).code, "user_is_sensitive");
  refusal.cross_realm = true;
  refusal.status = S::STATUS_CROSSREALM_DELEGATION_FAILURE;
  EXPECT_EQ(diagnose(refusal, about).code, "no_2012_dc_found");
}

TEST(Diagnosis, SaysThatNobodyAnswered) {
  EXPECT_EQ(diagnose(unreachable(boost::asio::error::timed_out, Stage::own_tgt, "A"), {}).code, "dc_unreachable");
  Refusal silent = unreachable(boost::asio::error::timed_out, Stage::s4u2proxy, "A");
  silent.what = "no domain controller of A that is Windows Server 2012 or later answered; seen: dc12.a";
  EXPECT_EQ(diagnose(silent, {}).code, "dc_unreachable");
  EXPECT_EQ(diagnose(silent, {}).summary.rfind("No domain controller of A that", 0), 0u);
  Refusal late = unreachable(boost::asio::error::timed_out, Stage::password, "A");
  late.what = "too many passwords wait for their keys";
  EXPECT_EQ(diagnose(late, {}).summary, "Too many passwords wait for their keys. Try again in a moment.");
}

TEST(AccountOfSalt, ReadsComputersAndUsers) {
  EXPECT_EQ(account_of_salt("ROOT.FABRIKAM.COMhostfrontend.root.fabrikam.com", "ROOT.FABRIKAM.COM"), "frontend$");
  EXPECT_EQ(account_of_salt("ROOT.FABRIKAM.COMsvc-web", "ROOT.FABRIKAM.COM"), "svc-web");
  EXPECT_EQ(account_of_salt("other", "ROOT.FABRIKAM.COM"), "");
}

}  // namespace
}  // namespace stead
