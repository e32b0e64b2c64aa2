// Who a request is from, and what is answered where nobody is: the contract's tables, with a scripted directory.
#include "proxy/sign_in/sign_in.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "proxy/sessions/session_cookie.h"
#include "proxy/sign_in/csrf.h"
#include "proxy/sign_in/kerberos_sign_in.h"
#include "proxy/sign_in/login_form.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "tests/proxy/certificates.h"
#include "tests/proxy/evidence.h"
#include "tests/proxy/fake_client.h"
#include "tests/proxy/sign_in/sign_in_fixture.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using enum SignInMethod;

using Request = test::BrowserRequest;
class SignInTest : public test::SignInFixture {};

TEST_F(SignInTest, SpnegoInTwoLegsIsTiedToItsConnection) {
  const Buffer whole = make_negotiate_token(issue()).value().token;
  NegTokenInit offer = decode_neg_token_init(whole).value();
  const Buffer kerberos_token = std::exchange(offer.mech_token, {});
  const Request first{.authorization = "Negotiate " + base64(encode(offer))};
  const Request second{
      .authorization = "Negotiate " +
                       base64(encode(NegTokenResp{
                           .state = {}, .supported_mech = {}, .response_token = kerberos_token, .mech_list_mic = {}}))};
  Negotiation here, there;
  EXPECT_EQ(told(decide(first, route({kerberos}))), "401 Negotiate") << "without a connection to keep it";
  const auto goes_on = [&](Negotiation& connection) {
    negotiation = &connection;
    return told(decide(first, route({kerberos})));
  };
  EXPECT_THAT(goes_on(here), testing::StartsWith("401 Negotiate oR"));
  negotiation = &there;
  EXPECT_EQ(told(decide(second, route({kerberos}))), "401 Negotiate") << "on another connection";
  negotiation = &here;
  EXPECT_EQ(told(decide(second, route({kerberos}))), "alice@HOME.TEST kerberos");
  EXPECT_EQ(told(decide(second, route({kerberos}))), "401 Negotiate") << "the exchange has ended";
  // Another token ends it, and so does time.
  EXPECT_THAT(goes_on(here), testing::StartsWith("401 Negotiate oR"));
  EXPECT_EQ(told(decide({.authorization = "Negotiate %"}, route({kerberos}))), "401 Negotiate");
  EXPECT_EQ(here.take(), nullptr);
  EXPECT_THAT(goes_on(here), testing::StartsWith("401 Negotiate oR"));
  EXPECT_EQ(here.take(Negotiation::Clock::now() + Negotiation::kMaxWait), nullptr);
}

TEST_F(SignInTest, ARequestOfNobodyIsAskedForWhatTheRouteTakes) {
  struct Row {
    const char* name;
    std::vector<SignInMethod> methods;
    std::string method, accept, wanted;
  };
  for (const Row& row : {Row{"kerberos", {kerberos}, "GET", "text/html", "401 Negotiate"},
                         Row{"kerberos, a program", {kerberos}, "POST", "*/*", "401 Negotiate"},
                         Row{"kerberos and forms", {kerberos, forms}, "GET", "text/html", "401 Negotiate"},
                         Row{"all", {kerberos, forms, certificate}, "GET", "", "401 Negotiate"},
                         Row{"forms", {forms}, "GET", "a/b, text/html;q=0.9", "303"},
                         Row{"forms, a program", {forms}, "GET", "*/*", "401 Stead-Form"},
                         Row{"forms, no Accept", {forms}, "GET", "", "401 Stead-Form"},
                         Row{"forms, a post", {forms}, "POST", "text/html", "401 Stead-Form"},
                         Row{"forms or certificate", {forms, certificate}, "GET", "text/html", "303"},
                         Row{"certificate", {certificate}, "GET", "text/html", "403"}})
    EXPECT_EQ(told(decide({.method = row.method, .accept = row.accept}, route(row.methods))), row.wanted) << row.name;
}

TEST_F(SignInTest, TheLoginFormIsTheBodyWhereFormsAreAllowedToo) {
  const auto both = std::get<OwnResponse>(decide({.target = "/x?y=<z>"}, route({kerberos, forms})));
  EXPECT_THAT(both.body, HasSubstr("action=\"/.stead/login\""));
  EXPECT_THAT(both.body, HasSubstr("name=\"password\""));
  EXPECT_THAT(both.body, Not(HasSubstr("<z>")));
  EXPECT_THAT(std::get<OwnResponse>(decide({}, route({kerberos}))).body, Not(HasSubstr("<form")));
  const auto redirect = std::get<OwnResponse>(decide({.target = "/x?y=z&a"}, route({forms})));
  EXPECT_EQ(one(redirect.headers, "Location"), "/.stead/login?return=%2Fx%3Fy%3Dz%26a");
}

TEST_F(SignInTest, ASessionServesTheRoutesThatListItsMethod) {
  const SessionCookie by_ticket = cookie("alice@HOME.TEST", kerberos), by_form = cookie("bob@HOME.TEST", forms),
                      by_card = cookie("carol@HOME.TEST", certificate);
  tickets->evidence[by_ticket.session.id] = "alice@HOME.TEST";
  struct Row {
    const SessionCookie& session;
    std::vector<SignInMethod> methods;
    std::string wanted;
  };
  for (const Row& row :
       {Row{by_ticket, {kerberos}, "alice@HOME.TEST kerberos"}, Row{by_ticket, {forms}, "303"},
        Row{by_ticket, {certificate}, "403"}, Row{by_form, {forms}, "bob@HOME.TEST forms"},
        Row{by_form, {kerberos, forms}, "bob@HOME.TEST forms"}, Row{by_form, {kerberos}, "401 Negotiate"},
        Row{by_form, {certificate}, "403"}, Row{by_card, {certificate}, "403"}, Row{by_card, {forms}, "303"}})
    EXPECT_EQ(told(decide({.cookie = sealed(row.session)}, route(row.methods))), row.wanted)
        << row.session.session.user << " " << row.methods.size();
}

TEST_F(SignInTest, ASessionThatHasEndedIsNone) {
  const SessionCookie good = cookie("bob@HOME.TEST", forms);
  const auto with = [&](auto&& change) {
    SessionCookie changed = good;
    change(changed);
    return told(decide({.cookie = sealed(changed)}, route({forms})));
  };
  EXPECT_EQ(with([](SessionCookie&) {}), "bob@HOME.TEST forms");
  EXPECT_EQ(with([](SessionCookie& c) { c.session.expires = c.issued; }), "303") << "its lifetime is over";
  EXPECT_EQ(with([](SessionCookie& c) { c.seen -= 30min; }), "303") << "idle";
  EXPECT_EQ(with([](SessionCookie& c) { c.issued -= 8h; }), "303") << "the lifetime was made shorter";
  Request two{.cookie = sealed(good) + "; " + sealed(cookie("mallory@HOME.TEST", forms))};
  EXPECT_EQ(told(decide(two, route({forms}))), "303") << "two sessions";
  EXPECT_EQ(told(decide({.cookie = "stead=" + seal_session(*keys, good, "web.corp.test")}, route({forms}))), "303")
      << "the plain cookie over TLS";
}

TEST_F(SignInTest, AUsedSessionMovesItsIdleEnd) {
  SessionCookie old = cookie("bob@HOME.TEST", forms);
  const auto fresh = std::get<SignedIn>(decide({.cookie = sealed(old)}, route({forms})));
  EXPECT_TRUE(fresh.response_headers.empty());
  old.seen -= 10min;
  const auto renewed = std::get<SignedIn>(decide({.cookie = sealed(old)}, route({forms})));
  const std::string set = one(renewed.response_headers, "Set-Cookie");
  EXPECT_THAT(set, HasSubstr("; Secure"));
  EXPECT_THAT(set, HasSubstr("; HttpOnly"));
  const auto again =
      open_session(*keys, set.substr(set.find('=') + 1, set.find(';') - set.find('=') - 1), "web.corp.test");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->session.id, old.session.id);
  EXPECT_EQ(again->session.expires, old.session.expires);
  EXPECT_GT(again->seen, old.seen);
}

TEST_F(SignInTest, AGoodTokenBeginsASessionWithItsEvidence) {
  const auto first = decide({.authorization = token()}, route({kerberos}));
  ASSERT_EQ(told(first), "alice@HOME.TEST kerberos");
  const auto& in = std::get<SignedIn>(first);
  EXPECT_THAT(one(in.response_headers, "WWW-Authenticate"), testing::StartsWith("Negotiate o"));
  EXPECT_TRUE(tickets->evidence.contains(in.session.id));
  const std::string session = session_cookie_of(in.response_headers);
  EXPECT_EQ(told(decide({.cookie = session}, route({kerberos}))), "alice@HOME.TEST kerberos");
  EXPECT_EQ(known_at_once, 1);
  const auto again = decide({.authorization = token(), .cookie = session}, route({kerberos}));
  EXPECT_EQ(known_at_once, 1) << "a token has to be judged, whatever cookie it comes with";
  EXPECT_EQ(std::get<SignedIn>(again).session.id, in.session.id)
      << "a token with each request is no new session each time";
}

TEST_F(SignInTest, AKerberosSessionWithoutItsEvidenceIsAskedForATicketAgain) {
  const Request request{.cookie = sealed(cookie("alice@HOME.TEST", kerberos))};
  EXPECT_EQ(told(decide(request, route({kerberos}))), "401 Negotiate");
  EXPECT_EQ(told(decide(request, route({kerberos, forms}))), "401 Negotiate");
  EXPECT_EQ(known_at_once, 0);
  EXPECT_EQ(told(decide(request, route({kerberos}, Delegation::none))), "alice@HOME.TEST kerberos")
      << "nothing is delegated";
  EXPECT_EQ(known_at_once, 1);
}

TEST_F(SignInTest, ATokenGoesBeforeTheCookieAndIsNeverMixedWithIt) {
  const std::string bob = sealed(cookie("bob@HOME.TEST", forms));
  EXPECT_EQ(told(decide({.authorization = token(), .cookie = bob}, route({kerberos, forms}))),
            "alice@HOME.TEST kerberos");
  const std::string used = token();
  EXPECT_EQ(told(decide({.authorization = used}, route({kerberos}))), "alice@HOME.TEST kerberos");
  for (const std::string& bad : {used, std::string("Negotiate YII="), std::string("Negotiate !"),
                                 std::string("negotiate"), std::string("Negotiate TlRMTVNTUAABAAAA")})
    EXPECT_EQ(told(decide({.authorization = bad, .cookie = bob}, route({kerberos, forms}))), "401 Negotiate") << bad;
  const std::string alice = sealed(cookie("alice@HOME.TEST", forms));
  EXPECT_EQ(told(decide({.authorization = token(), .cookie = bob}, route({forms}))), "403")
      << "the route takes no tokens";
  EXPECT_EQ(told(decide({.authorization = token(), .cookie = alice}, route({forms}))), "alice@HOME.TEST forms")
      << "one user by two proofs";
  EXPECT_EQ(told(decide({.authorization = used, .cookie = alice}, route({forms}))), "403")
      << "whose the token is cannot be known";
  EXPECT_EQ(told(decide({.authorization = token()}, route({forms}))), "303") << "the token alone signs nobody in there";
  EXPECT_EQ(told(decide({.authorization = "Basic YTpi", .cookie = bob}, route({kerberos, forms}))),
            "bob@HOME.TEST forms");
}

TEST_F(SignInTest, EvidenceThatNamesAnotherUserIsRefused) {
  tickets->evidence_names = "mallory@HOME.TEST";
  EXPECT_EQ(told(decide({.authorization = token()}, route({kerberos}))), "401 Negotiate");
}

TEST_F(SignInTest, APasswordBeginsASession) {
  client->passwords.emplace("alice@root.example secret", std::string("alice@HOME.TEST"));
  for (const char* name : {"alice", " alice\t", "\u00a0alice ", "alice@HOME.TEST", "alice@root.example"}) {
    const OwnResponse response = page(login(name, "secret", "/x?y=z"));
    EXPECT_EQ(response.status, 303) << name;
    EXPECT_EQ(one(response.headers, "Location"), "/x?y=z");
    const std::string session = session_cookie_of(response.headers);
    EXPECT_EQ(told(decide({.cookie = session}, route({forms}))), "alice@HOME.TEST forms");
    const OwnResponse who = page({.target = "/.stead/whoami", .cookie = session});
    EXPECT_EQ(who.status, 200);
    EXPECT_THAT(
        who.body,
        testing::MatchesRegex(
            "\\{\"user\": \"alice@HOME\\.TEST\", \"sign_in\": \"forms\", \"expires\": \"....-..-..T..:..:..Z\"\\}\n"));
  }
}

TEST_F(SignInTest, AWrongPasswordAndAnUnknownUserLookAlike) {
  client->passwords.emplace("bob@HOME.TEST wrong", test::refusal(KrbErrc::KDC_ERR_PREAUTH_FAILED));
  std::vector<OwnResponse> answers;
  std::vector<std::chrono::steady_clock::duration> times;
  for (const char* name : {"bob", "nob"}) {
    const Request request = login(name, "wrong");
    const auto began = std::chrono::steady_clock::now();
    answers.push_back(page(request));
    times.push_back(std::chrono::steady_clock::now() - began);
    EXPECT_GE(times.back(), 140ms);
  }
  for (OwnResponse& answer : answers) {
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(one(answer.headers, "WWW-Authenticate"), "Stead-Form");
    EXPECT_EQ(session_cookie_of(answer.headers), "");
    EXPECT_THAT(answer.body, Not(HasSubstr("wrong")));
    answer.body.erase(answer.body.find("name=\"csrf\""), 200);
    answer.body.replace(answer.body.find("ob\" autofocus") == std::string::npos ? answer.body.find("ob\"") - 1
                                                                                : answer.body.find("ob\"") - 1,
                        1, "?");
  }
  EXPECT_EQ(answers[0].body, answers[1].body);
}

TEST_F(SignInTest, WhatTheDirectorySaysHasItsStatus) {
  struct Row {
    const char* name;
    Outcome<std::string> outcome;
    int status;
  };
  Failure fake = test::refusal(KrbErrc::KRB_AP_ERR_MODIFIED);
  fake.kind = FailureKind::rejected;
  for (const Row& row :
       {Row{"disabled", test::refusal(KrbErrc::KDC_ERR_CLIENT_REVOKED), 403},
        Row{"expired", test::refusal(KrbErrc::KDC_ERR_KEY_EXPIRED), 403}, Row{"silent", test::silence(), 503},
        Row{"false", fake, 503}, Row{"skew", test::refusal(KrbErrc::KRB_AP_ERR_SKEW), 503},
        Row{"twice", test::refusal(KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE), 401}}) {
    client->passwords.insert_or_assign(std::string(row.name) + "@HOME.TEST p", row.outcome);
    const OwnResponse answer = page(login(row.name, "p"));
    EXPECT_EQ(answer.status, row.status) << row.name;
    EXPECT_EQ(one(answer.headers, "Retry-After").empty(), row.status != 503) << row.name;
    EXPECT_EQ(session_cookie_of(answer.headers), "");
  }
}

TEST_F(SignInTest, AForgedOrBrokenPostAsksNoKdc) {
  const Request good = login("alice", "secret");
  const auto status = [&](auto&& change) {
    Request changed = good;
    change(changed);
    const OwnResponse answer = page(changed);
    EXPECT_EQ(session_cookie_of(answer.headers), "");
    return answer.status;
  };
  EXPECT_EQ(status([](Request& r) { r.cookie.clear(); }), 403);
  EXPECT_EQ(status([](Request& r) { r.cookie = "__Host-stead-form=AAAAAAAAAAAAAAAAAAAAAA"; }), 403);
  EXPECT_EQ(status([](Request& r) { r.body.pop_back(); }), 403);
  EXPECT_EQ(status([](Request& r) { r.body = r.body.substr(0, r.body.find("&csrf")); }), 403);
  EXPECT_EQ(status([](Request& r) { r.origin = "https://evil.example"; }), 403);
  EXPECT_EQ(status([](Request& r) { r.origin = "null"; }), 403);
  EXPECT_EQ(status([](Request& r) { r.sec_fetch_site = "cross-site"; }), 403);
  EXPECT_EQ(status([](Request& r) { r.content_type = "text/plain"; }), 415);
  EXPECT_EQ(status([](Request& r) { r.body += "&username=bob"; }), 400);
  EXPECT_TRUE(client->calls.empty());
  Request same = good;
  same.origin = "https://web.corp.test:8443";
  EXPECT_EQ(page(same).status, 303);
}

TEST_F(SignInTest, TheCsrfFieldIsNoSession) {
  const Request form = login("alice", "secret");
  const std::string field = form.body.substr(form.body.find("&csrf=") + 6);
  EXPECT_EQ(told(decide({.cookie = "__Host-stead=" + field}, route({forms}))), "303");
}

TEST_F(SignInTest, ALoginEndsOnThisOriginOnly) {
  for (const char* back :
       {"//evil.example/", "https://evil.example/", "/\\evil.example", "/a\r\nX: y", "javascript:1", "/\t/evil"}) {
    const OwnResponse answer = page(login("alice", "secret", back));
    EXPECT_EQ(answer.status, 303);
    EXPECT_EQ(one(answer.headers, "Location"), "/") << back;
  }
  const OwnResponse form = page({.target = "/.stead/login?return=%2F%2Fevil.example"});
  EXPECT_THAT(form.body, HasSubstr("name=\"return\" value=\"/\""));
}

TEST_F(SignInTest, TheLoginFormIsNotKeptAndNotFramed) {
  const OwnResponse form = page({.target = "/.stead/login"});
  EXPECT_EQ(form.status, 200);
  EXPECT_EQ(one(form.headers, "Cache-Control"), "no-store");
  EXPECT_THAT(one(form.headers, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
}

TEST_F(SignInTest, FailuresAreThrottledAndSuccessesAreNot) {
  for (int i = 0; i < 12; ++i) EXPECT_EQ(page(login("alice", "secret")).status, 303);
  // The UPN looks like nobody's account: only the directory knows whose it is.
  for (const char* name : {"bob@HOME.TEST", "HOME\\Bob", "bob.the.builder@home.example", "BOB@home.test"})
    client->users.emplace(name, test::identity_of("bob@HOME.TEST"));
  const char* const spellings[] = {"bob", " HOME\\Bob", "bob.the.builder@home.example", "BOB@home.test "};
  for (int i = 0; i < config.limits.login_failures_per_user; ++i)
    EXPECT_EQ(page(login(spellings[i % 4], "no")).status, 401);
  const auto passwords = passwords_sent();
  for (const char* name : spellings) {
    const OwnResponse answer = page(login(name, "no"));
    EXPECT_EQ(answer.status, 429) << name;
    EXPECT_NE(one(answer.headers, "Retry-After"), "");
  }
  EXPECT_EQ(passwords_sent(), passwords) << "no password reaches the directory";
  EXPECT_EQ(page(login("alice", "secret")).status, 303);
}

TEST_F(SignInTest, ManyGuessesSentTogetherAreThrottledToo) {
  std::vector<Request> requests;
  for (int i = 0; i < 30; ++i) requests.push_back(login("bob", "guess" + std::to_string(i)));
  std::vector<std::future<OwnResponse>> answers;
  std::vector<RequestView> views;
  views.reserve(requests.size());
  for (const Request& request : requests) {
    views.push_back(view(request));
    answers.push_back(asio::co_spawn(loop, sign_in->own_page(views.back(), request.body), asio::use_future));
  }
  loop.restart();
  loop.run();
  int wrong = 0, throttled = 0;
  for (auto& answer : answers) {
    const int status = answer.get().status;
    wrong += status == 401, throttled += status == 429;
  }
  EXPECT_EQ(wrong, config.limits.login_failures_per_user);
  EXPECT_EQ(wrong + throttled, 30);
  EXPECT_EQ(passwords_sent(), config.limits.login_failures_per_user);
}

TEST_F(SignInTest, SigningOutEndsTheSessionHere) {
  const SessionCookie session = cookie("bob@HOME.TEST", forms);
  Request out{
      .method = "POST", .target = "/.stead/logout", .cookie = sealed(session), .origin = "https://evil.example"};
  EXPECT_EQ(page(out).status, 403);
  EXPECT_EQ(told(decide({.cookie = out.cookie}, route({forms}))), "bob@HOME.TEST forms");
  EXPECT_EQ(page({.target = "/.stead/logout", .cookie = out.cookie}).status, 200) << "a page with a button";
  out.origin = "https://web.corp.test:8443";
  const OwnResponse answer = page(out);
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(one(answer.headers, "Location"), "/.stead/login");
  EXPECT_THAT(one(answer.headers, "Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(tickets->forgotten, std::vector<std::string>{session.session.id});
  EXPECT_EQ(told(decide({.cookie = out.cookie}, route({forms}))), "303");
  EXPECT_EQ(page({.target = "/.stead/whoami", .cookie = out.cookie}).status, 401);
}

TEST_F(SignInTest, OtherPagesOfOursAreNone) {
  EXPECT_EQ(page({.target = "/.stead/x"}).status, 404);
  EXPECT_EQ(page({.method = "DELETE", .target = "/.stead/login"}).status, 405);
  EXPECT_EQ(page({.method = "POST", .target = "/.stead/whoami"}).status, 405);
  EXPECT_EQ(page({.target = "/.stead/whoami?x"}).status, 401);
}

TEST_F(SignInTest, ACertificateBeginsASessionOfItsOwn) {
  const Buffer card = test::make_certificate({{test::upn_name("carol@home.test")}, ""}),
               other = test::make_certificate({});
  client->certificates.emplace(card, test::identity_of("carol@HOME.TEST"));
  const auto first = decide({.certificate = card}, route({certificate}));
  ASSERT_EQ(told(first), "carol@HOME.TEST certificate");
  const std::string session = session_cookie_of(std::get<SignedIn>(first).response_headers);
  const auto calls = client->calls.size();
  const auto again = decide({.cookie = session, .certificate = card}, route({certificate}));
  EXPECT_EQ(std::get<SignedIn>(again).session.id, std::get<SignedIn>(first).session.id);
  EXPECT_EQ(client->calls.size(), calls) << "the session needs no KDC";
  EXPECT_EQ(told(decide({.cookie = session, .certificate = other}, route({certificate}))), "403")
      << "another certificate, of nobody";
  EXPECT_EQ(told(decide({.cookie = session, .certificate_error = "certificate revoked"}, route({certificate}))), "403");
  EXPECT_EQ(told(decide({.cookie = session}, route({certificate}))), "403") << "the cookie without the certificate";
  EXPECT_EQ(page({.target = "/.stead/whoami", .cookie = session}).status, 401);
  EXPECT_EQ(told(decide({.certificate = card}, route({kerberos}))), "401 Negotiate")
      << "the route takes no certificates";
  EXPECT_EQ(told(decide({.authorization = token(), .certificate = card}, route({certificate}))), "403")
      << "alice's token, carol's certificate";
  EXPECT_EQ(told(decide({.certificate = card}, route({kerberos, certificate}))), "carol@HOME.TEST certificate");
  EXPECT_EQ(told(decide({.cookie = sealed(cookie("bob@HOME.TEST", forms)), .certificate = card},
                        route({forms, certificate}))),
            "bob@HOME.TEST forms");
  EXPECT_THAT(page({.target = "/.stead/whoami", .certificate = card}).body, HasSubstr("\"sign_in\": \"certificate\""));
}

TEST_F(SignInTest, ASessionIsOfTheHostWhereItBegan) {
  const std::string bob = sealed(cookie("bob@HOME.TEST", forms));
  EXPECT_EQ(told(decide({.cookie = bob}, route({forms}))), "bob@HOME.TEST forms");
  EXPECT_EQ(told(decide({.cookie = bob, .host = "other.corp.test"}, route({forms}))), "303");
  Request elsewhere = login("alice", "secret");
  elsewhere.host = "other.corp.test";
  EXPECT_EQ(page(elsewhere).status, 403) << "a form of another host";
}

TEST_F(SignInTest, ATicketMustBeForTheHostThatWasAsked) {
  EXPECT_EQ(told(decide({.authorization = token(), .host = "other.corp.test"}, route({kerberos}))), "401 Negotiate");
  asked_service_ = PrincipalName{NameType::srv_inst, {"HTTP", "other.corp.test"}};
  add_key({*asked_service_, "CORP.TEST"}, 3, service_key_);
  start();
  EXPECT_EQ(told(decide({.authorization = token()}, route({kerberos}))), "401 Negotiate")
      << "another SPN of the account";
  EXPECT_EQ(told(decide({.authorization = token(), .host = "other.corp.test"}, route({kerberos}))),
            "alice@HOME.TEST kerberos");
  config.kerberos_aliases = {"other.corp.test"};
  start();
  EXPECT_EQ(told(decide({.authorization = token()}, route({kerberos}))), "alice@HOME.TEST kerberos")
      << "as the file says";
}

TEST_F(SignInTest, NobodyAndMachinesDoNotSignIn) {
  for (const Principal& client : {Principal{{NameType::wellknown, {"WELLKNOWN", "ANONYMOUS"}}, "WELLKNOWN:ANONYMOUS"},
                                  Principal{{NameType::wellknown, {"WELLKNOWN", "ANONYMOUS"}}, "HOME.TEST"},
                                  Principal{{NameType::srv_inst, {"krbtgt", "HOME.TEST"}}, "HOME.TEST"}}) {
    client_ = client;
    EXPECT_EQ(told(decide({.authorization = token()}, route({kerberos}))), "401 Negotiate") << to_string(client);
  }
  client_ = {{NameType::principal, {"pc$"}}, "HOME.TEST"};
  EXPECT_EQ(told(decide({.authorization = token()}, route({kerberos}))), "403");
  EXPECT_TRUE(tickets->evidence.empty());
  Route machines = route({kerberos});
  machines.allow.users = {"pc$@home.test"};
  EXPECT_EQ(told(decide({.authorization = token()}, machines)), "pc$@HOME.TEST kerberos");
  client_ = {{NameType::srv_inst, {"HTTP", "x"}}, "HOME.TEST"};
  EXPECT_EQ(told(decide({.authorization = token()}, machines)), "403");
  client->passwords.emplace("krbtgt@HOME.TEST secret", std::string("krbtgt@HOME.TEST"));
  EXPECT_EQ(page(login("krbtgt", "secret")).status, 403);
}

TEST_F(SignInTest, ARouteServesWhomItsListsName) {
  const std::string bob = sealed(cookie("bob@HOME.TEST", forms));
  Route only = route({forms});
  only.allow.users = {"bob@home.test"};
  EXPECT_EQ(told(decide({.cookie = bob}, only)), "bob@HOME.TEST forms");
  EXPECT_EQ(known_at_once, 1);
  EXPECT_EQ(told(decide({.cookie = sealed(cookie("eve@HOME.TEST", forms))}, only)), "403");
  Route but = route({forms});
  but.deny.realms = {"home.test"};
  EXPECT_EQ(told(decide({.cookie = bob}, but)), "403");
  EXPECT_EQ(known_at_once, 1) << "a refused user is not known at once";
}

TEST_F(SignInTest, GroupsComeFromTheTicketAndStayWithTheSession) {
  config.groups.patterns = {{.text = "S-1-5-21-*-512", .sid = Sid{5, {512}}, .any_domain = true}};
  config.deny_delegation_of.groups = {0};
  start();
  const Buffer card = test::make_certificate({}), plain = test::make_certificate({});
  client->certificates.emplace(
      card, test::identity_of("root@HOME.TEST", test::evidence(service_key_, 500, service_key_, {513, 512})));
  client->certificates.emplace(
      plain, test::identity_of("carol@HOME.TEST", test::evidence(service_key_, 1105, service_key_, {513})));
  Route delegating = route({certificate, forms}), plain_route = route({certificate, forms}, Delegation::none);
  EXPECT_EQ(told(decide({.certificate = plain}, delegating)), "carol@HOME.TEST certificate");
  EXPECT_EQ(told(decide({.certificate = card}, delegating)), "403") << "an administrator is not delegated";
  const auto in = decide({.certificate = card}, plain_route);
  EXPECT_EQ(told(in), "root@HOME.TEST certificate");
  const std::string session = session_cookie_of(std::get<SignedIn>(in).response_headers);
  EXPECT_EQ(told(decide({.cookie = session, .certificate = card}, delegating)), "403") << "nor by their session";
  plain_route.deny.groups = {0};
  EXPECT_EQ(told(decide({.cookie = session, .certificate = card}, plain_route)), "403");
  // By form: the groups are those of S4U2Self's ticket.
  client->users.insert_or_assign(
      "alice@HOME.TEST", test::identity_of("alice@HOME.TEST", test::evidence(service_key_, 1104, service_key_, {512})));
  const std::string alice = session_cookie_of(page(login("alice", "secret")).headers);
  EXPECT_EQ(told(decide({.cookie = alice}, delegating)), "403");
  client->users.insert_or_assign("alice@HOME.TEST", test::identity_of("alice@HOME.TEST"));
  const std::string unknown = session_cookie_of(page(login("alice", "secret")).headers);
  EXPECT_EQ(told(decide({.cookie = unknown}, delegating)), "403") << "nobody knows their groups";
  EXPECT_EQ(told(decide({.cookie = unknown}, route({forms}, Delegation::none))), "alice@HOME.TEST forms");
  // Numbers mean other groups in another file.
  config.groups.patterns.insert(config.groups.patterns.begin(),
                                {.text = "S-1-5-21-1-2-3-7", .sid = Sid{5, {21, 1, 2, 3, 7}}});
  start();
  EXPECT_EQ(told(decide({.cookie = unknown}, route({forms}, Delegation::none))), "303");
}

TEST_F(SignInTest, AnotherSitesPageDoesNotActAsTheUser) {
  const std::string bob = sealed(cookie("bob@HOME.TEST", forms));
  Request evil{.method = "POST", .cookie = bob, .origin = "https://evil.example", .sec_fetch_site = "cross-site"};
  EXPECT_EQ(told(decide(evil, route({forms}))), "403");
  EXPECT_EQ(
      told(decide({.method = "POST", .authorization = token(), .sec_fetch_site = "cross-site"}, route({kerberos}))),
      "403");
  EXPECT_EQ(told(decide({.cookie = bob, .origin = "https://evil.example", .upgrades = true}, route({forms}))), "403");
  EXPECT_EQ(known_at_once, 0);
  Route portal = route({forms});
  portal.allowed_origins = {"https://evil.example"};
  EXPECT_EQ(told(decide(evil, portal)), "bob@HOME.TEST forms");
  evil.method = "GET";
  EXPECT_EQ(told(decide(evil, route({forms}))), "bob@HOME.TEST forms") << "a link";
}

TEST_F(SignInTest, ASignOutOutlivesARestart) {
  const SessionCookie session = cookie("bob@HOME.TEST", forms), other = cookie("bob@HOME.TEST", forms);
  EXPECT_FALSE(sign_in->is_over(session.session));
  EXPECT_EQ(page({.method = "POST", .target = "/.stead/logout", .cookie = sealed(session)}).status, 303);
  EXPECT_TRUE(sign_in->is_over(session.session));
  start();
  EXPECT_TRUE(sign_in->is_over(session.session));
  EXPECT_EQ(told(decide({.cookie = sealed(session)}, route({forms}))), "303");
  EXPECT_EQ(told(decide({.cookie = sealed(other)}, route({forms}))), "bob@HOME.TEST forms");
}

TEST_F(SignInTest, ATimeAheadOfOursDoesNotKeepASessionAlive) {
  SessionCookie ahead = cookie("bob@HOME.TEST", forms);
  ahead.seen += 4min;
  EXPECT_EQ(told(decide({.cookie = sealed(ahead)}, route({forms}))), "bob@HOME.TEST forms") << "a replica's clock";
  ahead.seen += 2min;
  EXPECT_EQ(told(decide({.cookie = sealed(ahead)}, route({forms}))), "303");
}

TEST_F(SignInTest, ABadCertificateLeavesTheOtherWays) {
  const Request bad{.certificate_error = "certificate has expired"};
  const auto alone = std::get<OwnResponse>(decide(bad, route({certificate})));
  EXPECT_EQ(alone.status, 403);
  EXPECT_THAT(alone.body, HasSubstr("expired"));
  EXPECT_THAT(alone.body, HasSubstr("request-1"));
  EXPECT_EQ(told(decide(bad, route({forms, certificate}))), "303");
  EXPECT_EQ(told(decide(bad, route({kerberos, certificate}))), "401 Negotiate");
}

}  // namespace
}  // namespace stead::proxy
