#include "proxy/doctor/checks/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

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
  const std::string text = to_text(report);
  EXPECT_LT(text.find("earlier"), text.find("later"));
}

TEST(Report, SaysTheSameInJson) {
  Report report;
  report.add({fault(CheckId::A6, "keytab \"k\"", "s", "p", {"chmod 600 k"}), unjudged(CheckId::B8, "", "none")});
  EXPECT_EQ(
      to_json(report),
      R"({"checks":[{"id":"A6","name":"files that hold secrets","subject":"keytab \"k\"","result":"fault","symptom":"s","proof":"p","fix":["chmod 600 k"]},)"
      R"({"id":"B8","name":"the back end proves its identity","subject":"","result":"unjudged","symptom":"none","proof":"","fix":[]}],"healthy":false})");
}

TEST(Catalogue, HasEveryCheckOnce) {
  std::set<std::string> ids;
  for (const CheckInfo& info : all_checks()) {
    EXPECT_TRUE(ids.insert(std::string(info.text)).second) << info.text;
    EXPECT_EQ(&info_of(info.id), &info) << info.text;
  }
  const std::pair<char, int> families[] = {{'N', 8}, {'A', 8}, {'D', 8}, {'S', 5}, {'U', 5}, {'B', 9}, {'F', 5}};
  for (const auto& [family, count] : families) {
    for (int i = 1; i <= count; ++i) EXPECT_TRUE(ids.contains(family + std::to_string(i))) << family << i;
  }
  EXPECT_EQ(ids.size(), 48u);
  EXPECT_THAT(not_checked_text(), testing::HasSubstr("B9"));
}

}  // namespace
}  // namespace stead::doctor
