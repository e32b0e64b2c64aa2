#include "proxy/doctor/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace stead::doctor {
namespace {

TEST(Report, IsHealthyUntilAFaultIsFound) {
  Report report;
  report.add({ok("N2", "dc1", "asked"), unjudged("B8", "", "no AP-REP"), skipped("N1", "", "configured")});
  EXPECT_TRUE(report.healthy());
  report.add({fault("D3", "HTTP/x", "no", "asked", {"Set-ADComputer"})});
  EXPECT_FALSE(report.healthy());
}

TEST(Report, TellsTheFirstLinkOfTheChainFirst) {
  Report report;
  report.add({fault("D3", "HTTP/x", "later", "p", {"f"}), fault("A2", "k", "earlier", "p", {"f"})});
  EXPECT_EQ(report.first_fault()->id, "A2");
  const std::string text = to_text(report);
  EXPECT_LT(text.find("earlier"), text.find("later"));
}

TEST(Report, SaysTheSameInJson) {
  Report report;
  report.add({fault("A6", "keytab \"k\"", "s", "p", {"chmod 600 k"}), unjudged("B8", "", "none")});
  EXPECT_EQ(
      to_json(report),
      R"({"checks":[{"id":"A6","name":"files that hold secrets","subject":"keytab \"k\"","result":"fault","symptom":"s","proof":"p","fix":["chmod 600 k"]},)"
      R"({"id":"B8","name":"the back end proves itself","subject":"","result":"unjudged","symptom":"none","proof":"","fix":[]}],"healthy":false})");
}

TEST(Catalogue, HasEveryCheckOnce) {
  std::set<std::string_view> ids;
  for (const CheckInfo& info : catalogue()) EXPECT_TRUE(ids.insert(info.id).second) << info.id;
  const std::pair<char, int> families[] = {{'N', 8}, {'A', 8}, {'D', 8}, {'S', 5}, {'U', 5}, {'B', 9}, {'F', 5}};
  for (const auto& [family, count] : families) {
    for (int i = 1; i <= count; ++i) EXPECT_TRUE(ids.contains(family + std::to_string(i))) << family << i;
  }
  EXPECT_EQ(ids.size(), 48u);
  EXPECT_THAT(not_judged_text(), testing::HasSubstr("B9"));
}

}  // namespace
}  // namespace stead::doctor
