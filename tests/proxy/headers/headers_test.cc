#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/config/header_patterns.h"
#include "proxy/headers/dropped_fields.h"
#include "proxy/headers/field_rules.h"
#include "proxy/headers/outgoing_request.h"
#include "proxy/headers/outgoing_response.h"

namespace stead::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

// All spellings of the name that servers map to the same variable.
void expect_dropped(std::string name) {
  EXPECT_EQ(request_field_rule(name), FieldRule::drop) << name;
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(request_field_rule(upper), FieldRule::drop) << upper;
  for (const char separator : {'_', '.', '~'}) {
    std::string other = name;
    for (char& c : other) c = c == '-' ? separator : c;
    EXPECT_EQ(request_field_rule(other), FieldRule::drop) << other;
  }
}

class DroppedRow : public testing::TestWithParam<DroppedField> {};
TEST_P(DroppedRow, InAnySpelling) {
  std::string name(GetParam().pattern);
  ASSERT_FALSE(GetParam().used_by.empty());
  const bool is_prefix = name.ends_with('*');
  if (is_prefix) name.pop_back();
  expect_dropped(name);
  if (is_prefix) {
    expect_dropped(name + "x");
    expect_dropped(name + std::string(300, 'x'));
  } else {
    EXPECT_EQ(request_field_rule(name + "~0x"), FieldRule::pass);
  }
}
INSTANTIATE_TEST_SUITE_P(Table, DroppedRow, testing::ValuesIn(kDroppedFields), [](const auto& test) {
  std::string name(test.param.pattern);
  for (char& c : name) c = c == '-' ? '_' : c == '*' ? 'X' : c;
  return name;
});

// As the documentation of the products spells them.
class DroppedFromRequests : public testing::TestWithParam<const char*> {};
TEST_P(DroppedFromRequests, InAnySpelling) {
  expect_dropped(GetParam());
}
INSTANTIATE_TEST_SUITE_P(
    Names, DroppedFromRequests,
    testing::Values(
        "Authorization", "Proxy-Authorization", "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade", "Proxy-Connection", "Forwarded", "X-Forwarded-For", "X-Forwarded-User", "X-Forwarded-Proto",
        "X-Forwarded-Anything", "X-Forwarded-Client-Cert", "X-Real-IP", "X-Remote-User", "X-Remote-Group",
        "X-Remote-Extra-scopes", "Remote-User", "Remote-Groups", "X-Auth-Request-User", "X-authentik-username",
        "X-Authenticated-Userid", "X-User", "X-Userinfo", "X-Original-URL", "X-Rewrite-URL", "X-Client-Cert",
        "X-SSL-Client-CN", "X-SSL-Client-Verify", "SSL-Client-S-DN", "SSL_CLIENT_VERIFY", "True-Client-IP", "Host",
        "Content-Length", "Expect", "X-Request-Id", "Proxy", "X-WebAuth-User", "Auth-User", "Logon-User",
        "OIDC_CLAIM_sub", "OIDC_CLAIM_preferred_username", "OIDC-access-token", "Impersonate-User", "Impersonate-Group",
        "Impersonate-Extra-x", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Identity", "X-Amzn-Mtls-Clientcert-Leaf",
        "Cf-Access-Authenticated-User-Email", "Cf-Access-Jwt-Assertion", "Tailscale-User-Login", "Tailscale-User-Name",
        "X-Consumer-Username", "X-Consumer-Custom-ID", "X-Credential-Identifier", "X-Vouch-User",
        "X-Vouch-Idp-Claims-Groups", "Shib-Identity-Provider", "Shib_Session_ID", "eppn", "X-SM-User", "SM_USER",
        "SM_USERDN", "X-MS-CLIENT-PRINCIPAL-NAME", "X-MS-TOKEN-AAD-ID-TOKEN", "X-Goog-Authenticated-User-Email",
        "X-Goog-IAP-JWT-Assertion", "X-Pomerium-Claim-Email", "X-Pomerium-Jwt-Assertion", "X-ARR-ClientCert",
        "Client-Cert", "Client-Cert-Chain", "X-AppEngine-User-Email", "iv-user", "iv-groups", "iv-creds",
        "OAM_REMOTE_USER", "Osso-User-Dn", "ct-remote-user", "MELLON_NAME_ID", "CAS-User", "GSS_NAME",
        "X-Jwt-Assertion", "X-Endpoint-API-UserInfo", "Teleport-Jwt-Assertion", "X-Envoy-External-Address",
        "X-Azure-ClientIP", "AUTHENTICATE_MAIL", "X-UPN", "X-Uid", "UPN", "X-Email", "X-Groups", "X-Roles"));

class NeverForwarded : public testing::TestWithParam<std::string_view> {};
TEST_P(NeverForwarded, WhateverARouteSays) {
  std::string name(GetParam());
  if (name.ends_with('*')) name.back() = 'x';
  const std::vector<std::string> everything{name, "x*", "a*"};
  expect_dropped(name);
  EXPECT_EQ(request_field_rule(name, {.drop = {}, .pass = everything}), FieldRule::drop);
}
INSTANTIATE_TEST_SUITE_P(Table, NeverForwarded, testing::ValuesIn(kNeverForwarded), [](const auto& test) {
  std::string name(test.param);
  for (char& c : name) c = c == '-' ? '_' : c == '*' ? 'X' : c;
  return name;
});

TEST(RequestFields, OfARoutesOwnLists) {
  const std::vector<std::string> drop{"x-secret", "x-own-*"}, pass{"x-upn", "x-own-good", "remote-*", "x*"};
  const FieldLists lists{.drop = drop, .pass = pass};
  EXPECT_EQ(request_field_rule("X_Secret", lists), FieldRule::drop);
  EXPECT_EQ(request_field_rule("X-Own-Good", lists), FieldRule::drop);  // `drop` counts more
  EXPECT_EQ(request_field_rule("X-UPN", lists), FieldRule::pass);
  EXPECT_EQ(request_field_rule("Remote-User", lists), FieldRule::pass);
  EXPECT_EQ(request_field_rule("X-Forwarded-User", lists), FieldRule::pass);
  EXPECT_EQ(request_field_rule("X-Forwarded-For", lists), FieldRule::drop);
  EXPECT_EQ(request_field_rule("X-Stead-User", lists), FieldRule::drop);
  EXPECT_EQ(request_field_rule("Cookie", lists), FieldRule::cookie);
}

TEST(RequestFields, OfNoSpecialMeaningPass) {
  for (const char* name : {"Accept",
                           "Accept-Encoding",
                           "User-Agent",
                           "Content-Type",
                           "If-None-Match",
                           "Range",
                           "X-Custom",
                           "Origin",
                           "Referer",
                           "Sec-WebSocket-Key",
                           "X-Requested-With",
                           "X-CSRF-Token",
                           "Cache-Control",
                           "1-number",
                           "Sec-Fetch-Site",
                           "SOAPAction",
                           "X-Api-Key",
                           "X-Xsrf-Token",
                           "X-Amzn-Trace-Id",
                           "X-Ms-Version",
                           "If-Match",
                           "Idempotency-Key",
                           "Sec-CH-UA",
                           "X-Correlation-Id",
                           "Overwrite",
                           "Destination",
                           "Depth",
                           "Translate",
                           "X-ClientInfo",
                           "X-ClientApplication",
                           "X-ClientStatistics",
                           "X-ClientService-ClientTag",
                           "X-User-Agent",
                           "X-User-Identity",
                           "X-AnchorMailbox",
                           "X-FORMS_BASED_AUTH_ACCEPTED",
                           "X-RequestDigest",
                           "X-RequestForceAuthentication",
                           "X-OWA-CANARY",
                           "X-IDCRL_ACCEPTED",
                           "X-MS-PolicyKey",
                           "X-Auth-Token",
                           "MS-ASProtocolVersion"})
    EXPECT_EQ(request_field_rule(name), FieldRule::pass) << name;
  EXPECT_EQ(request_field_rule("cOOkie"), FieldRule::cookie);
}

TEST(Cookies, OfOursStayHere) {
  const auto kept = [](std::string_view header) {
    std::string out;
    append_foreign_cookies(out, header);
    return out;
  };
  EXPECT_EQ(kept("a=1; __Host-stead=x; b=2"), "a=1; b=2");
  EXPECT_EQ(kept("stead=x"), "");
  EXPECT_EQ(kept("STEAD=x;__HOST-stead=y;c=\"d e\""), "c=\"d e\"");
  EXPECT_EQ(kept("__Host-stead-csrf=x; steady=1"), "steady=1");
  EXPECT_EQ(kept(" a=1 ;; b=2;"), "a=1; b=2");
}

// The head that a back end gets for this request.
std::string forwarded(const std::string& bytes, std::string_view authorization = {}) {
  RequestHead head;
  EXPECT_TRUE(parse_request_head(bytes, head));
  std::string out;
  write_request_head(out,
                     {.head = head,
                      .target = head.target,
                      .base_path = {},
                      .host = host_for_backend({}, head, {}, "10.0.0.1:80"),
                      .authorization = authorization,
                      .framing = head.framing,
                      .content_length = head.content_length},
                     {.address = "192.0.2.7", .scheme = "https", .request_id = "0123"});
  return out;
}

TEST(RequestHeads, AreWrittenAnew) {
  EXPECT_EQ(forwarded("GET /a?b HTTP/1.1\r\nHost: H.example:8443\r\nX-Forwarded-For: 1.2.3.4\r\nAccept:  "
                      "*/*\r\nAuthorization: Basic x\r\n\r\n",
                      "Negotiate y"),
            "GET /a?b HTTP/1.1\r\nHost: H.example:8443\r\nAccept: */*\r\nX-Forwarded-For: "
            "192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
            "X-Forwarded-Host: H.example:8443\r\nX-Request-Id: 0123\r\nAuthorization: Negotiate y\r\n\r\n");
}
TEST(RequestHeads, JoinCookiesWithoutOurs) {
  const std::string head =
      forwarded("GET / HTTP/1.1\r\nHost: h\r\nCookie: stead=1; a=1\r\nCookie: __Host-stead=2\r\nCookie: b=2\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("\r\nCookie: a=1; b=2\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("stead=")));
  EXPECT_THAT(forwarded("GET / HTTP/1.1\r\nHost: h\r\nCookie: stead=1\r\n\r\n"), Not(HasSubstr("Cookie")));
}
TEST(RequestHeads, HaveTheHostThatTheRouteNames) {
  Route route;
  RequestHead head;
  head.host = "www.example";
  const Upstream plain{.tls = false, .host = "b", .port = 80, .base_path = {}},
      other{.tls = true, .host = "b", .port = 8443, .base_path = {}};
  EXPECT_EQ(host_for_backend(route, head, plain, "b:80"), "www.example");
  route.upstream_host = UpstreamHost::upstream;
  EXPECT_EQ(host_for_backend(route, head, plain, "b:80"), "b");
  EXPECT_EQ(host_for_backend(route, head, other, "b:8443"), "b:8443");
  route.upstream_host = UpstreamHost::text;
  route.upstream_host_text = "intranet.example";
  EXPECT_EQ(host_for_backend(route, head, plain, "b:80"), "intranet.example");
  EXPECT_EQ(host_for_backend(Route{}, RequestHead{}, plain, "b:80"), "b:80");
}

TEST(RequestHeads, LeaveOutWhatConnectionNames) {
  const std::string head =
      forwarded("GET / HTTP/1.1\r\nHost: h\r\nConnection: X-One, x-two\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n\r\n");
  EXPECT_THAT(head, Not(HasSubstr("X-One")));
  EXPECT_THAT(head, Not(HasSubstr("X-Two")));
  EXPECT_THAT(head, HasSubstr("X-Three: 3\r\n"));
}
TEST(RequestHeads, KeepTheFramingInOneForm) {
  EXPECT_THAT(forwarded("POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n"),
              HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(forwarded("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 007\r\n\r\n"),
              HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_THAT(forwarded("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
              HasSubstr("\r\nContent-Length: 0\r\n"));
  EXPECT_THAT(forwarded("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Not(HasSubstr("Content-Length")));
}
TEST(RequestHeads, NameTheUpstreamWhereTheClientNamedNobody) {
  EXPECT_THAT(forwarded("GET / HTTP/1.0\r\n\r\n"), HasSubstr("GET / HTTP/1.1\r\nHost: 10.0.0.1:80\r\n"));
}

TEST(ResponseFields, ThatSpeakOfConnectionsOrOfUsStayHere) {
  for (const Field field : {Field{"Connection", "x"},
                            {"keep-alive", "1"},
                            {"Transfer-Encoding", "chunked"},
                            {"Content-Length", "1"},
                            {"Upgrade", "x"},
                            {"Proxy-Authenticate", "Basic"},
                            {"Authentication-Info", "x"},
                            {"Persistent-Auth", "true"},
                            {"X-Request-Id", "1"},
                            {"Set-Cookie", "__Host-stead=x; Path=/"},
                            {"Set-Cookie", "stead=; Max-Age=0"}})
    EXPECT_TRUE(is_dropped_from_response(field)) << field.name << ": " << field.value;
  for (const Field field :
       {Field{"Set-Cookie", "a=b"}, {"Set-Cookie", "steady=b"}, {"Location", "/x"}, {"Server", "x"}})
    EXPECT_FALSE(is_dropped_from_response(field)) << field.name << ": " << field.value;
}

TEST(RequestHeads, TellTheBackEndThatTheClientTakesTrailers) {
  EXPECT_THAT(forwarded("GET / HTTP/1.1\r\nHost: h\r\nTE: gzip, Trailers\r\nConnection: TE\r\n\r\n"),
              HasSubstr("\r\nTE: trailers\r\nConnection: TE\r\n"));
  EXPECT_THAT(forwarded("GET / HTTP/1.1\r\nHost: h\r\nTE: gzip\r\n\r\n"), Not(HasSubstr("TE:")));
}

TEST(ResponseHeads, HaveADate) {
  const auto sent = [](const std::string& lines) {
    std::string bytes = "HTTP/1.1 200 Fine\r\n" + lines + "Content-Length: 5\r\n\r\n";
    ResponseHead head;
    EXPECT_TRUE(parse_response_head(bytes, AnswerTo::other, head).empty());
    std::string out;
    write_response_head(out, {.head = head, .framing = Framing::length, .date = "NOW"}, "0123", nullptr);
    return out;
  };
  EXPECT_THAT(sent(""), HasSubstr("\r\nDate: NOW\r\n"));
  EXPECT_THAT(sent("dAte: then\r\n"), HasSubstr("\r\ndAte: then\r\n"));
  EXPECT_THAT(sent("dAte: then\r\n"), Not(HasSubstr("NOW")));
}

TEST(ResponseHeads, AnnounceTrailersOnlyWhereTheyReachTheClient) {
  std::string bytes = "HTTP/1.1 200 Fine\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n";
  ResponseHead head;
  ASSERT_TRUE(parse_response_head(bytes, AnswerTo::other, head).empty());
  for (const Framing framing : {Framing::chunked, Framing::until_close}) {
    std::string out;
    write_response_head(out, {.head = head, .framing = framing}, "0123", nullptr);
    EXPECT_EQ(out.find("\r\nTrailer: X-Sum\r\n") != std::string::npos, framing == Framing::chunked);
  }
}

TEST(ResponseHeads, CarrySignInsFieldsAndOurRequestId) {
  std::string bytes =
      "HTTP/1.1 200 Fine\r\nServer: x\r\nWWW-Authenticate: Negotiate theirs\r\nContent-Length: 5\r\n\r\n";
  ResponseHead head;
  ASSERT_TRUE(parse_response_head(bytes, AnswerTo::other, head).empty());
  const HeaderList own{{"WWW-Authenticate", "Negotiate ours"}};
  std::string out;
  write_response_head(out, {.head = head, .framing = Framing::length}, "0123", &own);
  EXPECT_EQ(out,
            "HTTP/1.1 200 Fine\r\nServer: x\r\nWWW-Authenticate: Negotiate ours\r\nX-Request-Id: "
            "0123\r\nContent-Length: 5\r\n\r\n");
}

}  // namespace
}  // namespace stead::proxy
