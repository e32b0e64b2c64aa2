// stead plan: what each way of delegation does, which command is missing, and what a change gives and takes.
#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kdc/commands/directory_commands.h"
#include "kdc/forest/forest_file.h"
#include "sspi_shim/cli/plan/remedy.h"
#include "sspi_shim/cli/plan/ways.h"

namespace stead::plan {
namespace {

constexpr const char* kFront = "HTTP/frontend.root.fabrikam.com";
constexpr const char* kReports = "HTTP/reports.root.fabrikam.com";
constexpr const char* kLedger = "HTTP/ledger.emea.root.fabrikam.com";
constexpr const char* kBackend = "HTTP/backend.corp.contoso.com";
constexpr const char* kDenied = "HTTP/denied.corp.contoso.com";
constexpr const char* kOrders = "HTTP/orders.sales.corp.contoso.com";

// The demo forest after `commands`.
std::unique_ptr<kdc::Snapshot> demo(const std::vector<std::string>& commands = {}) {
  auto file = kdc::read_forest_file(STEAD_SAMPLES "/forest.toml");
  EXPECT_TRUE(file.errors.empty());
  for (const auto& command : commands) {
    const auto done = kdc::apply_directory_command(file.forest, command_words(command));
    EXPECT_EQ(done.exit_status, 0) << command << ": " << done.error;
  }
  return std::make_unique<kdc::Snapshot>(std::move(file.forest));
}

Parties parties_in(const kdc::Snapshot& snapshot, const std::string& user, const std::string& back,
                   const std::string& front = kFront) {
  std::string fault;
  const Parties out = find_parties(snapshot, user, front, back, fault);
  EXPECT_EQ(fault, "");
  return out;
}

// "transition own_ticket": the ways that work.
std::string working(const kdc::Snapshot& snapshot, const Parties& parties) {
  std::string out;
  for (const auto& result : judge(snapshot, parties))
    if (result.works()) out += (out.empty() ? "" : ", ") + std::string(to_string(result.way));
  return out;
}

struct Row {
  const char* name;
  std::vector<std::string> commands;
  const char* user;
  const char* back;
  const char* works;    // the ways
  const char* command;  // the remedy; empty: none is needed
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class Plan : public testing::TestWithParam<Row> {};
TEST_P(Plan, Holds) {
  const Row& row = GetParam();
  const auto forest = demo(row.commands);
  const Parties parties = parties_in(*forest, row.user, row.back);
  ASSERT_TRUE(parties.user && parties.front);
  EXPECT_EQ(working(*forest, parties), row.works);
  if (*row.works) return;
  EXPECT_EQ(find_remedy(*forest, parties).command, row.command);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Plan,
    testing::Values(
        Row{"by_the_list", {}, "alice", kReports, "protocol transition, user's own ticket", ""},
        Row{"without_transition",
            {"Set-ADAccountControl 'ROOT\\frontend$' -TrustedToAuthForDelegation $false"},
            "alice",
            kReports,
            "user's own ticket",
            ""},
        Row{"not_in_the_list",
            {"Set-ADComputer 'ROOT\\frontend$' -Clear msDS-AllowedToDelegateTo"},
            "alice",
            kReports,
            "",
            "Set-ADComputer 'ROOT\\reports$' -PrincipalsAllowedToDelegateToAccount 'ROOT\\frontend$'"},
        Row{"child_domain", {}, "alice", kLedger, "resource-based", ""},
        Row{"another_forest", {}, "alice", kBackend, "resource-based", ""},
        Row{"two_trusts_away", {}, "alice", kOrders, "resource-based", ""},
        Row{"user_of_another_domain", {}, "EMEA\\erin", kBackend, "resource-based", ""},
        Row{"rbcd_missing",
            {},
            "alice",
            kDenied,
            "",
            "Set-ADComputer 'CORP\\denied$' -PrincipalsAllowedToDelegateToAccount 'ROOT\\frontend$'"},
        Row{"the_list_does_not_leave_the_domain",
            {"Set-ADComputer 'ROOT\\frontend$' -Add @{'msDS-AllowedToDelegateTo'='HTTP/denied.corp.contoso.com'}"},
            "alice",
            kDenied,
            "",
            "Set-ADComputer 'CORP\\denied$' -PrincipalsAllowedToDelegateToAccount 'ROOT\\frontend$'"},
        Row{"a_fix_keeps_what_is_allowed",
            {"Set-ADComputer 'CORP\\backend$' -PrincipalsAllowedToDelegateToAccount 'CORP\\denied$'"},
            "alice",
            kBackend,
            "",
            "Set-ADComputer 'CORP\\backend$' -PrincipalsAllowedToDelegateToAccount 'CORP\\denied$','ROOT\\frontend$'"},
        Row{"sensitive", {}, "carol", kReports, "", "Set-ADUser 'ROOT\\carol' -AccountNotDelegated $false"},
        Row{"disabled", {}, "dave", kReports, "", "Enable-ADAccount 'ROOT\\dave'"},
        Row{"unknown_back_end",
            {"setspn -D HTTP/reports.root.fabrikam.com 'ROOT\\reports$'"},
            "alice",
            kReports,
            "",
            "setspn -S HTTP/reports.root.fabrikam.com 'ROOT\\reports$'"},
        Row{"unconstrained",
            {"Set-ADComputer 'ROOT\\frontend$' -TrustedForDelegation $true"},
            "alice",
            kDenied,
            "forwarded TGT",
            ""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(PlanTrials, AControllerOf2008DoesNotKnowResourceBasedDelegation) {
  const auto forest = demo();
  const Parties parties = parties_in(*forest, "alice", kBackend);
  const auto results = judge(*forest, parties);
  const auto& trials = std::ranges::find(results, Way::resource_based, &WayResult::way)->trials;
  std::string works;
  for (const Trial& trial : trials) {
    if (trial.works) {
      works += trial.controller + ' ';
      continue;
    }
    EXPECT_EQ(trial.level, "2008R2") << trial.obstacle.reason;
    EXPECT_NE(trial.obstacle.reason, "");
  }
  EXPECT_EQ(works, "dc12.root.fabrikam.com dc12.corp.contoso.com ");
}

TEST(PlanTrials, ARefusalHasTheKdcsReason) {
  const auto forest = demo();
  const auto results = judge(*forest, parties_in(*forest, "carol", kReports));
  const Trial& trial = results.front().trials.back();
  EXPECT_EQ(trial.controller, "dc12.root.fabrikam.com");
  EXPECT_EQ(trial.obstacle.reason, "KDC_ERR_BADOPTION STATUS_ACCOUNT_RESTRICTION: the evidence may not be delegated");
}

constexpr const char* kHarbor = R"(
[[domain]]
realm = "HARBOR.EXAMPLE"
netbios = "HARBOR"
sid = "S-1-5-21-1-2-3"
forest = "harbor.example"
[[domain.controller]]
name = "dc.harbor.example"
address = "127.0.0.1"
level = "2016"
[[domain.account]]
name = "wanda"
rid = 1104
password = "secret"
groups = ["Protected Users"]
[[domain.account]]
name = "gate$"
rid = 1105
password = "secret"
spns = ["HTTP/gate.harbor.example"]
flags = ["trusted_to_auth_for_delegation"]
allowed_to_delegate_to = ["HTTP/hall.harbor.example"]
[[domain.account]]
name = "hall$"
rid = 1106
password = "secret"
spns = ["HTTP/hall.harbor.example"]
)";

TEST(PlanTrials, AMemberOfProtectedUsersIsNotDelegated) {
  auto file = kdc::parse_forest(kHarbor, "harbor.toml", ".");
  ASSERT_TRUE(file.errors.empty()) << file.errors.front();
  const kdc::Snapshot forest(std::move(file.forest));
  const Parties parties = parties_in(forest, "wanda", "HTTP/hall.harbor.example", "gate$");
  EXPECT_EQ(working(forest, parties), "");
  EXPECT_EQ(find_remedy(forest, parties).command,
            "Remove-ADGroupMember 'HARBOR\\Protected Users' -Members 'HARBOR\\wanda'");
}

TEST(PlanNames, UnknownOnesAreTold) {
  const auto forest = demo();
  for (const auto& [user, front, back] :
       {std::tuple{"nobody", kFront, kReports}, {"alice", "HTTP/no.such", kReports}, {"alice", kFront, "reports"}}) {
    std::string fault;
    (void)find_parties(*forest, user, front, back, fault);
    EXPECT_NE(fault, "") << user << ' ' << front << ' ' << back;
  }
}

TEST(PlanEffect, AChangeGrantsAndTakesAway) {
  const auto before = demo();
  const auto after = demo({"Set-ADComputer 'CORP\\denied$' -PrincipalsAllowedToDelegateToAccount 'ROOT\\frontend$'",
                           "Set-ADComputer 'CORP\\backend$' -PrincipalsAllowedToDelegateToAccount $null"});
  const Effect effect = compare(*before, *after, parties_in(*after, "alice", kDenied));
  ASSERT_EQ(effect.granted.size(), 1u);
  EXPECT_EQ(effect.granted[0].back, kDenied);
  EXPECT_EQ(effect.granted[0].way, Way::resource_based);
  ASSERT_EQ(effect.taken.size(), 1u);
  EXPECT_EQ(effect.taken[0].front, kFront);
  EXPECT_EQ(effect.taken[0].back, kBackend);
  EXPECT_TRUE(effect.complete);
}

TEST(PlanWords, AQuotedWordStaysOne) {
  EXPECT_EQ(command_words("Add-ADGroupMember  'ROOT\\Protected Users' -Members alice"),
            (std::vector<std::string>{"Add-ADGroupMember", "'ROOT\\Protected Users'", "-Members", "alice"}));
}

}  // namespace
}  // namespace stead::plan
