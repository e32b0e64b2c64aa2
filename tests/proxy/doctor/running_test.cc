#include "proxy/doctor/checks/running.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "proxy/doctor/checks/causes.h"

namespace stead::doctor {
namespace {

RunningFacts healthy() {
  RunningFacts out;
  out.socket = "/run/admin.sock";
  out.principal = "HTTP/gate@MILL.EXAMPLE";
  out.keytab = "/etc/gate.keytab";
  out.sign_ons = {{.asked = "2026-11-22T14:00:00.000Z", .answer = "ticket", .controller = "dc1", .granted = true}, {}};
  out.back_ends = {{.url = "http://127.0.0.1:8080", .why = "", .is_out = false}};
  return out;
}

const Check& check_of(const Checks& checks, CheckId id) {
  return *std::find_if(checks.begin(), checks.end(), [&](const Check& one) { return one.id == id; });
}

TEST(Running, AHealthyProxyHasNoFault) {
  for (const Check& check : judge_running(healthy())) EXPECT_EQ(check.verdict, Verdict::ok) << to_string(check.id);
}

TEST(Running, ASocketThatNobodyServesIsNoFault) {
  RunningFacts facts = healthy();
  facts.fault = "no proxy can be asked there";
  const Checks checks = judge_running(facts);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0].verdict, Verdict::unjudged);
  EXPECT_EQ(checks[0].symptom, "no proxy can be asked there");
}

TEST(Running, TellsWhatIsWrongWithAFix) {
  RunningFacts facts = healthy();
  facts.sign_ons[1] = {
      .asked = "2026-11-22T15:00:00.000Z", .answer = "KDC_ERR_PREAUTH_FAILED", .controller = "dc2", .granted = false};
  facts.refusals = 3;
  facts.back_ends.push_back({.url = "http://127.0.0.1:8081", .why = "it refuses connections", .is_out = true});
  const Checks checks = judge_running(facts);
  EXPECT_EQ(check_of(checks, CheckId::R2).verdict, Verdict::fault);
  EXPECT_EQ(check_of(checks, CheckId::R2).proof, "asked at 2026-11-22T15:00:00.000Z of dc2: KDC_ERR_PREAUTH_FAILED");
  EXPECT_EQ(check_of(checks, CheckId::R3).verdict, Verdict::fault);
  EXPECT_EQ(check_of(checks, CheckId::R3).effect, Effect::harms);
  EXPECT_EQ(checks.back().subject, "http://127.0.0.1:8081");
  EXPECT_EQ(checks.back().verdict, Verdict::fault);
  for (const Check& check : checks) EXPECT_EQ(check.fix.empty(), check.verdict == Verdict::ok) << to_string(check.id);
}

TEST(Running, WhatFollowsFromACauseIsNotToldBesideIt) {
  RunningFacts facts = healthy();
  facts.sign_ons[0].granted = false;
  facts.refusals = 1;
  facts.back_ends[0].is_out = true;
  Checks checks = judge_running(facts);
  checks.push_back(fault(CheckId::A2, "k", "old", "p", {"f"}));
  checks.push_back(fault(CheckId::B1, "http://127.0.0.1:8080 /x", "down", "p", {"f"}));
  leave_out_follow_ups(checks);
  for (const CheckId id : {CheckId::R2, CheckId::R3, CheckId::R4})
    EXPECT_EQ(check_of(checks, id).verdict, Verdict::skipped) << to_string(id);
  EXPECT_EQ(check_of(checks, CheckId::A2).verdict, Verdict::fault);
  EXPECT_EQ(check_of(checks, CheckId::B1).verdict, Verdict::fault);
}

}  // namespace
}  // namespace stead::doctor
