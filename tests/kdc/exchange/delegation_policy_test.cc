#include "kdc/exchange/delegation_policy.h"

#include <optional>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace stead::kdc {
namespace {

using Kind = DelegationAnswer::Kind;

const DelegationAnswer kTicket{.kind = Kind::service_ticket};
const DelegationAnswer kReferral{.kind = Kind::referral};
DelegationAnswer no(KrbErrc code, std::optional<NtStatus> status = {}) {
  return {Kind::refused, code, status, ""};
}

constexpr auto kBadOption = KrbErrc::KDC_ERR_BADOPTION;
constexpr auto kPolicy = KrbErrc::KDC_ERR_POLICY;
constexpr auto kUnknown = KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN;
constexpr auto kNotFound = NtStatus::STATUS_NOT_FOUND;
constexpr auto kRestriction = NtStatus::STATUS_ACCOUNT_RESTRICTION;
constexpr auto kCrossRealm = NtStatus::STATUS_CROSSREALM_DELEGATION_FAILURE;

constexpr auto kOld = DelegationLevel::before_2012, kNew = DelegationLevel::since_2012;
constexpr auto kTakes = EvidencePolicy::rbcd_takes_transition, kEnforced = EvidencePolicy::forwardable_only;
constexpr bool kBit = true, kNoBit = false, kGrants = true, kDenies = false;
constexpr auto kHere = TargetPlace::this_domain, kThere = TargetPlace::another_domain, kNowhere = TargetPlace::nowhere;
constexpr auto kUnset = DelegationList::unset, kOthers = DelegationList::lists_others,
               kLists = DelegationList::lists_target;
constexpr auto kGood = Evidence::delegable, kTransition = Evidence::transition_only, kRestricted = Evidence::restricted;

struct Row {
  const char* name;
  DelegationQuestion question;
  DelegationAnswer answer;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class TableOfAnswers : public testing::TestWithParam<Row> {};
TEST_P(TableOfAnswers, Holds) {
  const DelegationAnswer answer = decide_delegation(GetParam().question);
  EXPECT_EQ(answer.kind, GetParam().answer.kind);
  EXPECT_EQ(answer.code, GetParam().answer.code);
  EXPECT_EQ(answer.status, GetParam().answer.status);
  EXPECT_EQ(*answer.why == 0, answer.kind != Kind::refused);
}

INSTANTIATE_TEST_SUITE_P(
    Before2012, TableOfAnswers,
    testing::Values(
        Row{"listed", {kOld, kBit, kGood, kHere, kLists, kDenies}, kTicket},
        Row{"listed_without_the_bit", {kOld, kNoBit, kGood, kHere, kLists, kDenies}, kTicket},
        Row{"not_listed_and_rbcd_ignored", {kOld, kBit, kGood, kHere, kOthers, kGrants}, no(kBadOption, kNotFound)},
        Row{"no_list", {kOld, kBit, kGood, kHere, kUnset, kGrants}, no(kBadOption, kNotFound)},
        Row{"no_list_without_the_bit", {kOld, kNoBit, kGood, kHere, kUnset, kDenies}, no(kBadOption, kNotFound)},
        Row{"elsewhere_without_list", {kOld, kBit, kGood, kThere, kUnset, kDenies}, no(kBadOption, kNotFound)},
        Row{"elsewhere_with_list", {kOld, kBit, kGood, kThere, kOthers, kDenies}, no(kPolicy, kCrossRealm)},
        Row{"elsewhere_and_listed", {kOld, kBit, kGood, kThere, kLists, kDenies}, no(kPolicy, kCrossRealm)},
        Row{"nowhere", {kOld, kBit, kGood, kNowhere, kLists, kDenies}, no(kUnknown)},
        Row{"restricted_evidence_first",
            {kOld, kBit, kRestricted, kNowhere, kLists, kDenies},
            no(kBadOption, kRestriction)}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Since2012, TableOfAnswers,
    testing::Values(Row{"rbcd_grants_without_list", {kNew, kBit, kGood, kHere, kUnset, kGrants}, kTicket},
                    Row{"rbcd_grants_beside_the_list", {kNew, kBit, kGood, kHere, kOthers, kGrants}, kTicket},
                    Row{"falls_back_to_the_list", {kNew, kBit, kGood, kHere, kLists, kDenies}, kTicket},
                    Row{"neither_and_unset", {kNew, kBit, kGood, kHere, kUnset, kDenies}, no(kBadOption, kNotFound)},
                    Row{"neither_and_others", {kNew, kBit, kGood, kHere, kOthers, kDenies}, no(kBadOption, kNotFound)},
                    Row{"elsewhere_without_list", {kNew, kBit, kGood, kThere, kUnset, kDenies}, kReferral},
                    Row{"elsewhere_with_list", {kNew, kBit, kGood, kThere, kLists, kDenies}, kReferral},
                    Row{"nowhere", {kNew, kBit, kGood, kNowhere, kLists, kDenies}, no(kUnknown)},
                    Row{"restricted_evidence_first",
                        {kNew, kBit, kRestricted, kHere, kLists, kGrants},
                        no(kBadOption, kRestriction)},
                    Row{"restricted_evidence_elsewhere",
                        {kNew, kBit, kRestricted, kThere, kUnset, kDenies},
                        no(kBadOption, kRestriction)}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Since2012WithoutTheBit, TableOfAnswers,
    testing::Values(
        Row{"listed", {kNew, kNoBit, kGood, kHere, kLists, kDenies}, kTicket},
        Row{"unset", {kNew, kNoBit, kGood, kHere, kUnset, kGrants}, no(kBadOption, NtStatus::STATUS_NOT_SUPPORTED)},
        Row{"unset_elsewhere",
            {kNew, kNoBit, kGood, kThere, kUnset, kDenies},
            no(kBadOption, NtStatus::STATUS_NOT_SUPPORTED)},
        Row{"others", {kNew, kNoBit, kGood, kHere, kOthers, kGrants}, no(kBadOption, NtStatus::STATUS_NO_MATCH)},
        Row{"others_elsewhere",
            {kNew, kNoBit, kGood, kThere, kOthers, kDenies},
            no(kBadOption, NtStatus::STATUS_NO_MATCH)},
        Row{"listed_elsewhere", {kNew, kNoBit, kGood, kThere, kLists, kDenies}, no(kPolicy, kCrossRealm)},
        Row{"restricted", {kNew, kNoBit, kRestricted, kHere, kLists, kDenies}, no(kBadOption, kRestriction)},
        Row{"transition_and_listed", {kNew, kNoBit, kTransition, kHere, kLists, kGrants}, no(kBadOption, kRestriction)},
        Row{"transition_and_unset", {kNew, kNoBit, kTransition, kHere, kUnset, kGrants}, no(kBadOption, kRestriction)}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    TransitionEvidence, TableOfAnswers,
    testing::Values(
        Row{"rbcd_grants", {kNew, kBit, kTransition, kHere, kUnset, kGrants}, kTicket},
        Row{"elsewhere", {kNew, kBit, kTransition, kThere, kUnset, kDenies}, kReferral},
        Row{"listed_but_rbcd_denies", {kNew, kBit, kTransition, kHere, kLists, kDenies}, no(kBadOption, kRestriction)},
        Row{"not_listed_and_rbcd_denies",
            {kNew, kBit, kTransition, kHere, kOthers, kDenies},
            no(kBadOption, kNotFound)},
        Row{"nowhere", {kNew, kBit, kTransition, kNowhere, kUnset, kDenies}, no(kUnknown)}),
    [](const auto& test) { return std::string(test.param.name); });

struct EvidenceRow {
  const char* name;
  EvidenceFacts facts;  // forwardable, not_delegated, protected, by itself
  DelegationLevel level;
  EvidencePolicy policy;
  Evidence judged;
};
void PrintTo(const EvidenceRow& row, std::ostream* out) {
  *out << row.name;
}
class JudgedEvidence : public testing::TestWithParam<EvidenceRow> {};
TEST_P(JudgedEvidence, Holds) {
  EXPECT_EQ(judge_evidence(GetParam().facts, GetParam().level, GetParam().policy), GetParam().judged);
}
INSTANTIATE_TEST_SUITE_P(
    Evidence, JudgedEvidence,
    testing::Values(EvidenceRow{"forwardable", {true, false, false, true}, kNew, kTakes, kGood},
                    EvidenceRow{"forwardable_old", {true, false, false, false}, kOld, kTakes, kGood},
                    EvidenceRow{"forwardable_enforced", {true, false, false, false}, kNew, kEnforced, kGood},
                    EvidenceRow{"transition", {false, false, false, false}, kNew, kTakes, kTransition},
                    EvidenceRow{"transition_old", {false, false, false, false}, kOld, kTakes, kRestricted},
                    EvidenceRow{"transition_enforced", {false, false, false, false}, kNew, kEnforced, kRestricted},
                    EvidenceRow{"sensitive", {false, true, false, false}, kNew, kTakes, kRestricted},
                    EvidenceRow{"protected_user", {false, false, true, false}, kNew, kTakes, kRestricted},
                    EvidenceRow{"own_ticket", {false, false, false, true}, kNew, kTakes, kRestricted}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace stead::kdc
