#include "proxy/doctor/checks/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "proxy/doctor/checks/causes.h"
#include "proxy/doctor/checks/command_place.h"

namespace stead::doctor {
namespace {

TEST(Report, IsHealthyUntilAFaultIsFound) {
  Report report;
  report.add({ok(CheckId::N2, "dc1", "asked"), unjudged(CheckId::B8, "", "no AP-REP"),
              skipped(CheckId::N1, "", "configured")});
  EXPECT_TRUE(report.healthy());
  report.add({fault(CheckId::D3, "HTTP/x", "no", "asked", {"Set-ADComputer"})});
  EXPECT_FALSE(report.healthy());
}

TEST(Report, TellsTheFirstLinkOfTheChainFirst) {
  Report report;
  report.add({fault(CheckId::D3, "HTTP/x", "later", "p", {"f"}), fault(CheckId::A2, "k", "earlier", "p", {"f"})});
  EXPECT_EQ(report.first_fault()->id, CheckId::A2);
  const std::string text = to_text(report, Detail::all, "");
  EXPECT_LT(text.find("later"), text.find("earlier")) << "the cause ends the output";
}

TEST(Report, EndsWithTheCauseAndItsFix) {
  Report report;
  report.add({ok(CheckId::N2, "dc1", "asked"), ok(CheckId::N2, "dc2", "asked"),
              harm(CheckId::A6, "keytab k", "Others may read it.", "mode 0644", {"chmod 600 k"}),
              fault(CheckId::D3, "HTTP/x", "Nothing permits it.", "asked",
                    {"Set-ADComputer x$ -PrincipalsAllowedToDelegateToAccount gate$ -Server X.EXAMPLE"})});
  EXPECT_EQ(to_text(report, Detail::brief, "wanda to HTTP/x"),
            "N   network and clocks          ok\n"
            "D   delegation                  FAULT\n"
            "D3  msDS-AllowedToActOnBehalfOfOtherIdentity of the back end: HTTP/x  FAULT\n"
            "A   the front end's account     FAULT\n"
            "A6  files that hold secrets: keytab k                               FAULT\n"
            "\nA6 besides: Others may read it.\n"
            "\nwanda to HTTP/x is not delegated. The cause:\n"
            "D3 msDS-AllowedToActOnBehalfOfOtherIdentity of the back end: HTTP/x\n"
            "  symptom  Nothing permits it.\n"
            "  proof    asked\n"
            "  on       a domain controller:\n"
            "  look     Get-ADComputer x$ -Properties PrincipalsAllowedToDelegateToAccount -Server X.EXAMPLE\n"
            "  fix      # This replaces the accounts that Get-AD... shows: name those too, with commas.\n"
            "  fix      Set-ADComputer x$ -PrincipalsAllowedToDelegateToAccount gate$ -Server X.EXAMPLE\n");
  EXPECT_EQ(report.first_fault()->id, CheckId::D3);
}

TEST(Report, SaysTheSameInJson) {
  Report report;
  report.add({fault(CheckId::A6, "keytab \"k\"", "s", "p", {"chmod 600 k"}), unjudged(CheckId::B8, "", "none")});
  EXPECT_EQ(
      to_json(report),
      R"({"checks":[{"id":"A6","name":"files that hold secrets","subject":"keytab \"k\"","result":"fault","symptom":"s","proof":"p","fix":["chmod 600 k"],"steps":[{"place":"the front end","kind":"change","text":"chmod 600 k"}]},)"
      R"({"id":"B8","name":"the back end proves its identity","subject":"","result":"unjudged","symptom":"none","proof":"","fix":[],"steps":[]}],"healthy":false})");
}

TEST(FixLines, LookFirstAndSayWhere) {
  const auto lines = fix_lines({"setspn -S HTTP/x y$", "setspn -Q HTTP/x", "# ktpass sets a new password of y$",
                                "ktpass /out k", "chronyc makestep", "chmod 600 k", "netdom trust A /domain:B /verify"},
                               Place::back_end);
  std::string told;
  for (const FixLine& line : lines)
    told += std::string(to_string(line.place)) + (line.kind == LineKind::look ? " looks: " : ": ") + line.text + "\n";
  EXPECT_EQ(told,
            "a domain controller looks: setspn -Q HTTP/x\n"
            "a domain controller looks: netdom trust A /domain:B /verify\n"
            "a domain controller: setspn -S HTTP/x y$\n"
            "a domain controller: # ktpass sets a new password of y$\n"
            "a domain controller: ktpass /out k\n"
            "the back end: chronyc makestep\n"
            "the front end: chmod 600 k\n");
}

TEST(FollowUps, AreNotToldBesideTheirCause) {
  const auto left = [](Checks checks) {
    leave_out_follow_ups(checks);
    std::set<std::string> out;
    for (const Check& check : checks)
      if (check.verdict == Verdict::fault) out.insert(to_string(check.id));
    return out;
  };
  const auto at = [](CheckId id, std::string subject = "x", std::string realm = "") {
    Check out = fault(id, std::move(subject), "s", "p", {"f"});
    out.realm = std::move(realm);
    return out;
  };
  using Ids = std::set<std::string>;
  using enum CheckId;
  EXPECT_EQ(left({at(N3, std::string(kThisComputer)), at(N3, "http://b"), at(A2), at(S4)}), Ids{"N3"});
  EXPECT_EQ(left({at(B1, "http://b"), at(S4, "http://b"), at(B8, "http://c")}), (Ids{"B1", "B8"}));
  EXPECT_EQ(left({at(N2, "dc1", "X.EXAMPLE"), at(N2, "HTTP/x", "X.EXAMPLE"), at(S1)}), Ids{"N2"});
  EXPECT_EQ(left({at(S1), at(D3), at(F5), at(C2, "front.key")}), (Ids{"S1", "F5", "C2"}));
  EXPECT_EQ(left({at(C2, "front.key"), at(A6, "TLS key front.key"), at(F5, "front.crt")}), (Ids{"C2", "F5"}));
  // The controller that is down may be the only one of the level that is needed.
  Check down = at(N2, "dc12", "X.EXAMPLE");
  down.effect = Effect::harms;
  EXPECT_EQ(left({down, at(D5, "HTTP/x", "X.EXAMPLE")}), Ids{"N2"});
  EXPECT_EQ(left({down, at(D3)}), (Ids{"N2", "D3"}));
}

TEST(Catalogue, HasEveryCheckOnce) {
  std::set<std::string> ids;
  for (const CheckInfo& info : all_checks()) {
    EXPECT_TRUE(ids.insert(std::string(info.text)).second) << info.text;
    EXPECT_EQ(&info_of(info.id), &info) << info.text;
  }
  const std::pair<char, int> families[] = {{'C', 2}, {'N', 9}, {'A', 8}, {'D', 8},
                                           {'S', 5}, {'U', 5}, {'B', 9}, {'F', 5}};
  for (const auto& [family, count] : families) {
    for (int i = 1; i <= count; ++i) EXPECT_TRUE(ids.contains(family + std::to_string(i))) << family << i;
  }
  EXPECT_EQ(ids.size(), 55u);
  EXPECT_THAT(not_checked_text(), testing::HasSubstr("F4"));
}

}  // namespace
}  // namespace stead::doctor
