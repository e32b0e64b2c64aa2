// What a back end's reply to the user's token proves, and what of its answers reaches the client.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/base64.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"
#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Test alice\r\n\r\n";

std::string bare(std::optional<NegState> state, const Buffer& mechanism = {}) {
  return base64(
      encode(NegTokenResp{.state = state, .supported_mech = mechanism, .response_token = {}, .mech_list_mic = {}}));
}

class Proof : public stead::test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    ticket_ = std::make_shared<IssuedTicket>(issue());
  }
  // The response to kGet of a back end that sends `head` (its lines, with CR LF) and the body "secret".
  Answer answer_to(const std::string& head, MutualAuth mutual = MutualAuth::optional) {
    BackEnd back_end([&](Wire& wire, int) {
      while (wire.head().ends_with("\r\n\r\n")) wire.send(head + "Content-Length: 6\r\n\r\nsecret");
    });
    Proxy proxy({back_end.port}, {.delegation = Delegation::s4u, .sign_in = true, .mutual = mutual});
    proxy.tickets->ticket = ticket_;
    Wire client = proxy.connect();
    Answer answer = ask(client, kGet);
    gets_ = proxy.tickets->gets;
    return answer;
  }
  static std::string ok(const std::string& token) {
    return "HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate " + token + "\r\n";
  }
  TicketPtr ticket_;
  int gets_ = 0;
};

TEST_F(Proof, IsNotNeededWhereAnAcceptanceHasNoToken) {
  for (const std::string& token :
       {std::string("oQcwBaADCgEA"), std::string("oRQwEqADCgEAoQsGCSqGSIb3EgECAg=="), bare(NegState::accept_completed),
        bare(NegState::accept_completed, mech_oid::kerberos), bare(NegState::accept_completed, mech_oid::ms_kerberos),
        bare({}, mech_oid::kerberos), bare({})}) {
    const Answer answer = answer_to(ok(token));
    EXPECT_EQ(answer.status(), 200) << token;
    EXPECT_EQ(answer.body, "secret");
    EXPECT_THAT(answer.head, Not(HasSubstr("WWW-Authenticate")));
    EXPECT_EQ(answer_to(ok(token), MutualAuth::required).status(), 502) << token;
  }
}

TEST_F(Proof, ThatDoesNotHoldKeepsTheAnswerBack) {
  for (const std::string& token :
       {bare(NegState::reject), bare(NegState::accept_incomplete), bare(NegState::request_mic),
        bare(NegState::accept_completed, mech_oid::ntlm), std::string("bm90IGEgdG9rZW4="), std::string("%%%"),
        base64(encode(NegTokenResp{NegState::accept_completed, mech_oid::kerberos, {1, 2, 3}, {}}))}) {
    const Answer answer = answer_to(ok(token));
    EXPECT_EQ(answer.status(), 502) << token;
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  }
}

TEST_F(Proof, MayBeRequired) {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate\r\n",
                                 "HTTP/1.1 304 Same\r\n", "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"x\"\r\n",
                                 "HTTP/1.1 500 No\r\n", "HTTP/1.1 302 Go\r\nLocation: http://evil.test/\r\n",
                                 "HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\nHTTP/1.1 200 OK\r\n"}) {
    const Answer answer = answer_to(head, MutualAuth::required);
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 502 ")) << head;
    EXPECT_THAT(answer.head, Not(HasSubstr("evil")));
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  }
}

// Both with an AP-REP of the stock acceptor.
std::string proving(const std::string& head, const std::string& status_line) {
  const std::size_t at = head.find("\r\nAuthorization: Negotiate ") + 27;
  const auto accepted = stead::test::accept(from_base64(head.substr(at, head.find("\r\n", at) - at)).value());
  return status_line + "\r\nWWW-Authenticate: Negotiate " + base64(accepted.reply) + "\r\n";
}

TEST_F(Proof, ReleasesTheInterimAnswersThatWaitedForIt) {
  BackEnd back_end([&](Wire& wire, int) {
    const std::string head = wire.head();
    wire.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    ::usleep(100'000);
    wire.send(proving(head, "HTTP/1.1 200 OK") + "Content-Length: 2\r\n\r\nok");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port}, {.delegation = Delegation::s4u, .sign_in = true, .mutual = MutualAuth::required});
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  client.send(kGet);
  EXPECT_TRUE(client.silent(50));
  EXPECT_EQ(client.head(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(read_answer(client).body, "ok");
  client.close();
  proxy.on_core([&] { proxy.core->now->pool.clear(); });
}

TEST_F(Proof, OfAnEarlierRequestIsNoneOfTheNext) {
  BackEnd back_end([&](Wire& wire, int) {
    wire.send(proving(wire.head(), "HTTP/1.1 200 OK") + "Content-Length: 2\r\n\r\nok");
    (void)wire.head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
  });
  Proxy proxy({back_end.port}, {.delegation = Delegation::s4u, .sign_in = true, .mutual = MutualAuth::required});
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, kGet).body, "ok");
  EXPECT_EQ(ask(client, kGet).status(), 502);
}

TEST_F(Proof, GuardsAnUpgradeToo) {
  BackEnd back_end([](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port}, {.delegation = Delegation::s4u, .sign_in = true, .mutual = MutualAuth::required});
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client,
                "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Test alice\r\nConnection: Upgrade\r\nUpgrade: "
                "websocket\r\n\r\n")
                .status(),
            502);
}

// --- 401 ------------------------------------------------------------------------------------------------------------

TEST_F(Proof, IsNoBusinessOfAnApplicationsOwn401) {
  for (const std::string challenge : {"", "WWW-Authenticate: Bearer realm=\"x\", error=\"invalid_token\"\r\n",
                                      "WWW-Authenticate: Basic realm=\"Negotiate, or not\"\r\n"}) {
    const Answer answer = answer_to("HTTP/1.1 401 No\r\n" + challenge);
    EXPECT_EQ(answer.status(), 401) << challenge;
    EXPECT_EQ(answer.body, "secret");
    EXPECT_THAT(answer.head, HasSubstr("\r\n" + challenge));
    EXPECT_EQ(gets_, 1) << "the ticket is not fetched again";
  }
}

TEST_F(Proof, WithA401LeavesTheAnswerTheApplications) {
  const Answer answer =
      answer_to("HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate oQcwBaADCgEA\r\nWWW-Authenticate: Bearer\r\n");
  EXPECT_EQ(answer.status(), 401);
  EXPECT_THAT(answer.head, HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"));
  EXPECT_THAT(answer.head, Not(HasSubstr("Negotiate")));
}

TEST_F(Proof, IsNotSeenInA401ThatAsksForAnotherToken) {
  for (const std::string challenges : {"Negotiate", "NTLM", "Bearer realm=\"x\", Negotiate", "Negotiate, Basic"}) {
    const Answer answer = answer_to("HTTP/1.1 401 No\r\nWWW-Authenticate: " + challenges + "\r\n");
    EXPECT_EQ(answer.status(), 502) << challenges;
    EXPECT_EQ(gets_, 2) << challenges;
  }
}

}  // namespace
}  // namespace stead::proxy::test
