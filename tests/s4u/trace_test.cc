#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>

#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"
#include "sspi_shim/s4u/trace/trace_json.h"
#include "sspi_shim/s4u/trace/trace_picture.h"
#include "sspi_shim/s4u/trace/trace_words.h"

namespace stead {
namespace {

Trace refused() {
  Trace out;
  out.client = "alice@ROOT.FABRIKAM.COM";
  out.service = "HTTP/denied.corp.contoso.com@CORP.CONTOSO.COM";
  out.steps.push_back({1, "AS", "ROOT.FABRIKAM.COM", "dc08.root.fabrikam.com", "127.0.8.1:8088", "2008", "ticket", "",
                       1.25, "our own TGT"});
  out.steps.push_back({2, "S4U2Proxy", "ROOT.FABRIKAM.COM", "dc08.root.fabrikam.com", "127.0.8.1:8088", "2008",
                       "KDC_ERR_POLICY", "STATUS_CROSSREALM_DELEGATION_FAILURE", 1.2, ""});
  out.steps.push_back({3, "locate", "ROOT.FABRIKAM.COM", "", "", "unknown", "none", "", 3, ""});
  out.diagnosis = Diagnosis{"no_2012_dc_found",
                            "No \"new\" DC answers.",
                            {"Set-ADComputer denied$ -PrincipalsAllowedToDelegateToAccount frontend$"}};
  return out;
}

TEST(TraceJson, HasTheKeysOfTheContract) {
  EXPECT_EQ(
      to_json(refused()),
      "{\"client\":\"alice@ROOT.FABRIKAM.COM\",\"service\":\"HTTP/"
      "denied.corp.contoso.com@CORP.CONTOSO.COM\",\"granted\":false,\"end_time\":null,"
      "\"steps\":[{\"step\":1,\"exchange\":\"AS\",\"realm\":\"ROOT.FABRIKAM.COM\",\"controller\":\"dc08.root.fabrikam."
      "com\",\"address\":\"127.0.8.1:8088\","
      "\"level\":\"2008\",\"answer\":\"ticket\",\"status\":null,\"milliseconds\":1.25E0,\"detail\":\"our own TGT\"},"
      "{\"step\":2,\"exchange\":\"S4U2Proxy\",\"realm\":\"ROOT.FABRIKAM.COM\",\"controller\":\"dc08.root.fabrikam."
      "com\",\"address\":\"127.0.8.1:8088\","
      "\"level\":\"2008\",\"answer\":\"KDC_ERR_POLICY\",\"status\":\"STATUS_CROSSREALM_DELEGATION_FAILURE\","
      "\"milliseconds\":1.2E0},"
      "{\"step\":3,\"exchange\":\"locate\",\"realm\":\"ROOT.FABRIKAM.COM\",\"controller\":null,\"address\":null,"
      "\"level\":\"unknown\",\"answer\":\"none\","
      "\"status\":null,\"milliseconds\":3E0}],\"diagnosis\":{\"code\":\"no_2012_dc_found\",\"summary\":\"No "
      "\\\"new\\\" DC answers.\","
      "\"fix\":[\"Set-ADComputer denied$ -PrincipalsAllowedToDelegateToAccount frontend$\"]}}");
}

TEST(TraceJson, ComesBackAsItWas) {
  const auto text = to_json(refused());
  const auto back = trace_from_json(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), text);
  Trace granted = refused();
  granted.granted = true;
  granted.end_time = "2026-11-22T10:00:00Z";
  granted.diagnosis.reset();
  EXPECT_EQ(to_json(trace_from_json(to_json(granted)).value()), to_json(granted));
}

class NoTrace : public testing::TestWithParam<const char*> {};
TEST_P(NoTrace, IsRefused) {
  EXPECT_FALSE(trace_from_json(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Texts, NoTrace,
                         testing::Values("", "{", "[]", "{}", "null", "{\"granted\":true}",
                                         "{\"granted\":1,\"steps\":[]}", "{\"granted\":true,\"steps\":{}}",
                                         "{\"granted\":true,\"steps\":[1]}", "{\"granted\":true,\"steps\":[{}]}",
                                         "{\"granted\":true,\"steps\":[]} x",
                                         "{\"granted\":true,\"steps\":[],\"client\":3}",
                                         "{\"granted\":true,\"steps\":[],\"diagnosis\":3}",
                                         "{\"granted\":true,\"steps\":[],\"diagnosis\":{\"fix\":[1]}}",
                                         "{\"granted\":true,\"steps\":[{\"exchange\":\"AS\",\"step\":\"1\"}]}"));

TEST(TraceJson, SaysWhereItIsNotJson) {
  const auto got = read_trace("{\n\"granted\": tru!}", "t.json");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().where, "t.json:2:12");
}

TEST(TraceWords, ComeBackAsTheyWere) {
  for (const ExchangeKind kind :
       {ExchangeKind::as, ExchangeKind::tgs, ExchangeKind::s4u2self, ExchangeKind::s4u2proxy, ExchangeKind::locate}) {
    TraceStep step;
    step.exchange = to_string(kind);
    EXPECT_EQ(exchange_kind_of(step), kind);
  }
  EXPECT_FALSE(exchange_kind_of(TraceStep{}));
  const StepAnswer answers[] = {{AnswerKind::ticket},   {AnswerKind::referral, "B.EXAMPLE"},
                                {AnswerKind::timeout},  {AnswerKind::error, "KDC_ERR_POLICY", "STATUS_NOT_FOUND"},
                                {AnswerKind::rejected}, {AnswerKind::found},
                                {AnswerKind::none}};
  for (const StepAnswer& answer : answers) {
    TraceStep step;
    step.answer = to_string(answer);
    step.status = answer.status;
    const StepAnswer back = answer_of(step);
    EXPECT_EQ(back.kind, answer.kind) << step.answer;
    EXPECT_EQ(back.detail, answer.detail);
    EXPECT_EQ(back.status, answer.status);
    EXPECT_EQ(back.is_granted(), step.answer == "ticket" || step.answer.starts_with("referral"));
  }
}

TEST(DiagnosisCodes, HaveOneTable) {
  std::size_t index = 0;
  for (const DiagnosisCodeInfo& one : diagnosis_codes()) {
    EXPECT_EQ(static_cast<std::size_t>(one.code), index++) << one.name;
    EXPECT_EQ(to_string(one.code), one.name);
    EXPECT_EQ(find_diagnosis_code(one.name), &one);
    EXPECT_NE(one.meaning, "");
    EXPECT_NE(one.advice, "");
  }
  EXPECT_EQ(index, 19u);
  EXPECT_EQ(find_diagnosis_code("no_such_code"), nullptr);
}

// Over two trusts: the front end's own TGT goes A, B, C; then the S4U referral TGT goes B, C.
TEST(Explain, TellsTheFrontEndsOwnRequestsFromThoseWithTheS4uReferralTgt) {
  Trace trace;
  trace.granted = true;
  const auto add = [&](const char* exchange, const char* realm, const char* answer) {
    TraceStep step;
    step.step = static_cast<int>(trace.steps.size()) + 1;
    step.exchange = exchange;
    step.realm = realm;
    step.answer = answer;
    trace.steps.push_back(step);
  };
  add("AS", "A", "ticket");
  add("TGS", "A", "referral to U");
  add("S4U2Self", "U", "referral to A");
  add("S4U2Proxy", "A", "referral to B");
  add("TGS", "A", "referral to B");
  add("TGS", "B", "referral to C");
  add("TGS", "C", "ticket");
  add("TGS", "B", "referral to C");
  add("locate", "C", "found");
  add("S4U2Proxy", "C", "ticket");
  std::istringstream lines(explain(trace));
  std::string text;
  for (std::string word; lines >> word;) text += word + " ";
  const char* in_order[] = {"asks for a TGT",      "follows the referrals to the user's realm",
                            "protocol transition", "steps 1 and 2",
                            "steps 3 and 4",       "steps 5 and 6",
                            "steps 5 and 6",       "follows a referral with the S4U referral TGT",
                            "finds one",           "steps 7 and 8"};
  std::size_t at = 0;
  for (const char* words : in_order) {
    const auto found = text.find(words, at);
    ASSERT_NE(found, std::string::npos) << words << " in " << text.substr(at);
    at = found + 1;
  }
}

TEST(Picture, MarksTheStepAtWhichItBroke) {
  const std::string svg = to_svg(refused());
  // Front end, one controller, back end; the search has no column of its own.
  EXPECT_EQ(std::count(svg.begin(), svg.end(), '\n') > 20, true);
  std::size_t columns = 0;
  for (std::size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1)) ++columns;
  EXPECT_EQ(columns, 3u);
  EXPECT_NE(svg.find(">dc08.root.fabrikam.com<"), std::string::npos);
  EXPECT_NE(svg.find(">ROOT.FABRIKAM.COM, level 2008<"), std::string::npos);
  EXPECT_NE(svg.find("1.2 ms"), std::string::npos);
  EXPECT_NE(svg.find("fill=\"#fdecee\" stroke=\"#c0182b\""), std::string::npos);
  EXPECT_NE(svg.find("The back end is not reached"), std::string::npos);
  Trace granted = refused();
  granted.granted = true;
  const std::string good = to_svg(granted);
  EXPECT_EQ(good.find("#c0182b"), std::string::npos) << "the client went on after that refusal";
  EXPECT_NE(good.find("The ticket goes to the back end"), std::string::npos);
}

TEST(Picture, EscapesWhatATraceHolds) {
  Trace trace = refused();
  trace.client = "<script>&\"x\"";
  trace.service = "</svg><b>";
  trace.steps[0].realm = "<i>";
  trace.diagnosis->summary = "<u>";
  for (const std::string& text : {to_svg(trace), to_html(trace)}) {
    for (const char* part : {"<script>", "<b>", "<i>", "<u>"}) EXPECT_EQ(text.find(part), std::string::npos) << part;
  }
  EXPECT_NE(to_html(trace).find("&lt;u&gt;"), std::string::npos);
}

TEST(Picture, IsDrawnOfAnEmptyTrace) {
  EXPECT_NE(to_svg(Trace{}).find("</svg>"), std::string::npos);
  EXPECT_NE(to_html(Trace{}).find("</html>"), std::string::npos);
}

TEST(Explain, KeepsToAHundredColumnsAndNamesEverything) {
  auto trace = refused();
  trace.steps[0].detail = std::string(300, 'x');
  trace.diagnosis->fix.push_back(std::string(250, 'y'));
  const auto text = explain(trace);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  for (const char* word : {"refused", "dc08.root.fabrikam.com", "2008", "KDC_ERR_POLICY",
                           "STATUS_CROSSREALM_DELEGATION_FAILURE", "no_2012_dc_found", "Set-ADComputer"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace stead
