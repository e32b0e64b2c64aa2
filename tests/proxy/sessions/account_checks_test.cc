// A session goes on as long as the directory lets its user sign in.
#include "proxy/sessions/account_checks.h"

#include <chrono>
#include <string>

#include "tests/proxy/sign_in/sign_in_fixture.h"

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;
using enum SignInMethod;

class AccountChecksTest : public test::SignInFixture {
 protected:
  // A session that began so long ago.
  [[nodiscard]] SessionCookie begun(std::chrono::minutes ago, const std::string& user = "bob@HOME.TEST",
                                    SignInMethod method = forms) const {
    SessionCookie out = cookie(user, method);
    out.issued -= ago;
    out.session.expires -= ago;
    return out;
  }
  [[nodiscard]] static Failure refused(const std::string& diagnosis) {
    Failure out = test::refusal(KrbErrc::KDC_ERR_CLIENT_REVOKED);
    out.trace.diagnosis = Diagnosis{.code = diagnosis, .summary = "", .fix = {}};
    return out;
  }
  [[nodiscard]] std::string asked(const SessionCookie& session) {
    return told(decide({.cookie = sealed(session)}, route({session.session.method}, Delegation::none)));
  }
  [[nodiscard]] int questions() const {
    return int(std::count(client->calls.begin(), client->calls.end(), "user bob@HOME.TEST"));
  }
};

TEST_F(AccountChecksTest, ADisabledAccountsSessionEndsAfterOneTicketLife) {
  client->users.insert_or_assign("bob@HOME.TEST", refused("user_account_refused"));
  const SessionCookie young = begun(14min), old = begun(16min);
  EXPECT_EQ(asked(young), "bob@HOME.TEST forms");
  EXPECT_EQ(questions(), 0);
  EXPECT_EQ(asked(old), "303") << "to the login form";
  EXPECT_TRUE(sign_in->is_over(old.session));
  EXPECT_FALSE(sign_in->is_over(young.session));
  // An account that may sign in again needs a new session.
  client->users.insert_or_assign("bob@HOME.TEST", test::identity_of("bob@HOME.TEST"));
  EXPECT_EQ(asked(old), "303");
}

TEST_F(AccountChecksTest, AnAnswerHoldsForAWhile) {
  client->users.insert_or_assign("bob@HOME.TEST", test::identity_of("bob@HOME.TEST"));
  const SessionCookie old = begun(20min), other = begun(30min);
  EXPECT_EQ(asked(old), "bob@HOME.TEST forms");
  EXPECT_EQ(asked(old), "bob@HOME.TEST forms");
  EXPECT_EQ(asked(other), "bob@HOME.TEST forms") << "it is the same account";
  EXPECT_EQ(questions(), 1);
  EXPECT_EQ(known_at_once, 2);
}

TEST_F(AccountChecksTest, WhatSaysNothingOfTheAccountEndsNoSession) {
  for (const auto& answer : {test::silence(), refused("dc_unreachable"), refused("rbcd_denied_on_target"),
                             test::refusal(KrbErrc::KDC_ERR_POLICY)}) {
    start();
    client->users.insert_or_assign("bob@HOME.TEST", answer);
    EXPECT_EQ(asked(begun(20min)), "bob@HOME.TEST forms") << answer.text;
  }
  EXPECT_EQ(questions(), 4);
}

TEST_F(AccountChecksTest, SessionsByTicketAndByCertificateEndToo) {
  client->users.insert_or_assign("bob@HOME.TEST", refused("user_account_refused"));
  EXPECT_EQ(asked(begun(20min, "bob@HOME.TEST", kerberos)), "401 Negotiate");
}

TEST_F(AccountChecksTest, AnOpenTunnelsUserIsAskedForWithoutARequest) {
  client->users.insert_or_assign("bob@HOME.TEST", refused("user_account_refused"));
  const SessionCookie old = begun(20min);
  EXPECT_FALSE(sign_in->is_over(old.session)) << "the answer is not there yet";
  EXPECT_FALSE(sign_in->is_over(old.session));
  loop.restart();
  loop.run();
  EXPECT_EQ(questions(), 1);
  EXPECT_TRUE(sign_in->is_over(old.session));
}

TEST_F(AccountChecksTest, WithoutALimitNobodyIsAskedFor) {
  config.client.ticket_life = 0s;
  start();
  client->users.insert_or_assign("bob@HOME.TEST", refused("user_account_refused"));
  EXPECT_EQ(asked(begun(50min)), "bob@HOME.TEST forms");
  EXPECT_EQ(questions(), 0);
}

}  // namespace
}  // namespace stead::proxy
