// Users and their tokens, between a client and a back end that verifies the tokens with the stock GSS-API acceptor.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sspi_shim/base/base64.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"
#include "tests/proxy/proxy_fixture.h"

namespace stead::proxy::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get_as(const std::string& name) {
  return "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Test " + name + "\r\n\r\n";
}

TEST(Users, AreAskedToSignInBeforeAnythingElse) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true});
  Wire client = proxy.connect();
  const Answer answer = ask(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status(), 401);
  EXPECT_THAT(answer.head, HasSubstr("\r\nWWW-Authenticate: Negotiate\r\n"));
  EXPECT_EQ(ask(client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello").status(), 401);
  EXPECT_EQ(ask(client, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n").status(),
            401);
  EXPECT_EQ(ask(client, get_as("alice")).status(), 200) << "on the same connection";
  EXPECT_EQ(ask(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").status(), 401) << "a connection is nobody's";
  EXPECT_EQ(back_end.connections, 1);
}

TEST(Users, GetA100OnlyOnceTheyAreSignedIn) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true});
  const std::string expect = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  Wire stranger = proxy.connect();
  stranger.send("POST / HTTP/1.1\r\nHost: h\r\n" + expect);
  EXPECT_THAT(stranger.head(), StartsWith("HTTP/1.1 401 "));
  Wire alice = proxy.connect();
  alice.send("POST / HTTP/1.1\r\nHost: h\r\nAuthorization: Test alice\r\n" + expect);
  EXPECT_EQ(alice.head(), "HTTP/1.1 100 Continue\r\n\r\n");
  const Answer answer = ask(alice, "hello");
  EXPECT_TRUE(answer.body.ends_with("\r\n\r\nhello"));
  EXPECT_THAT(answer.body, Not(HasSubstr("Expect")));
}

TEST(Users, NeverShareAConnectionToABackEnd) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true});
  Wire client = proxy.connect();
  const auto connection_of = [&](const std::string& name) {
    const Answer answer = ask(client, get_as(name));
    EXPECT_EQ(answer.status(), 200);
    return answer.body.substr(0, answer.body.find('\n'));
  };
  const std::string alice = connection_of("alice"), bob = connection_of("bob");
  EXPECT_NE(alice, bob);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(connection_of("alice"), alice);
    EXPECT_EQ(connection_of("bob"), bob);
  }
}

TEST(Users, HaveNoMoreThanSoManyIdleConnections) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true});
  std::vector<Wire> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(proxy.connect());
    clients.back().send(get_as("alice"));
  }
  for (Wire& client : clients) EXPECT_EQ(read_answer(client).status(), 200);
  proxy.on_core([&] { EXPECT_LE(proxy.core->now->pool.idle(), 6U); });
}

TEST(SignIn, AddsItsFieldsToTheBackEndsAnswer) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.sign_in = true});
  Wire client = proxy.connect();
  const Answer answer = ask(client, get_as("alice"));
  EXPECT_THAT(answer.head, HasSubstr("\r\nSet-Cookie: stead=sealed\r\n"));
  EXPECT_THAT(answer.body, Not(HasSubstr("Authorization")));
}

// --- tokens ---------------------------------------------------------------------------------------------------------

class Delegating : public stead::test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    ticket_ = std::make_shared<IssuedTicket>(issue());
  }

  // Responds with the stock acceptor's verdict on the request's token.
  std::string judged(const std::string& head) {
    const std::size_t at = head.find("\r\nAuthorization: Negotiate ");
    if (at == std::string::npos) return "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";
    const std::string text = head.substr(at + 27, head.find("\r\n", at + 2) - at - 27);
    const auto token = from_base64(text);
    const std::lock_guard lock(mutex_);
    if (!token || !tokens_.insert(text).second) return "HTTP/1.1 400 Twice\r\nContent-Length: 0\r\n\r\n";
    const auto accepted = stead::test::accept(*token);
    // With the KRB-ERROR of a refusal, as mod_auth_gssapi sends it.
    if (!accepted.complete)
      return "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate " + base64(accepted.reply) +
             "\r\nContent-Length: 0\r\n\r\n";
    return "HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate " + base64(accepted.reply) +
           "\r\nContent-Length: " + std::to_string(accepted.client.size()) + "\r\n\r\n" + accepted.client;
  }
  BackEnd::Script judge() {
    return [this](Wire& wire, int) {
      while (true) {
        const std::string head = wire.head();
        if (!head.ends_with("\r\n\r\n")) return;
        const std::size_t length = head.find("\r\nContent-Length: ");
        if (length != std::string::npos) (void)wire.exactly(std::stoul(head.substr(length + 18)));
        if (!wire.send(judged(head))) return;
      }
    };
  }
  static ProxyOptions options() { return {.delegation = Delegation::s4u, .sign_in = true}; }

  TicketPtr ticket_;
  std::mutex mutex_;
  std::set<std::string> tokens_;
};

TEST_F(Delegating, EachRequestHasATokenOfItsOwnInTheUsersName) {
  BackEnd back_end(judge());
  Proxy proxy({back_end.port}, options());
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  for (int i = 0; i < 5; ++i) {
    const Answer answer = ask(client, get_as("alice"));
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.body, "alice@HOME.TEST");
    EXPECT_THAT(answer.head, Not(HasSubstr("Negotiate")));
  }
  EXPECT_EQ(tokens_.size(), 5U);
  EXPECT_EQ(back_end.connections, 1);
  EXPECT_EQ(proxy.tickets->last_user, "alice@HOME.TEST");
}

// Each request is a session of its own, as of a client without cookies.
TEST_F(Delegating, SessionsOfAUserShareConnectionsWhereABackEndSeesNoDifference) {
  struct Request {
    SignInMethod method;
    std::string evidence;
  };
  const auto connections = [&](const std::vector<Request>& requests, ProxyOptions options) {
    BackEnd back_end(options.delegation == Delegation::none ? echo() : judge());
    Proxy proxy({back_end.port}, options);
    proxy.tickets->ticket = ticket_;
    Wire client = proxy.connect();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      proxy.on_core([&] {
        proxy.sign_in->session_suffix = "-" + std::to_string(i);
        proxy.sign_in->method = requests[i].method;
        proxy.sign_in->evidence = requests[i].evidence;
      });
      EXPECT_EQ(ask(client, get_as("alice")).status(), 200);
    }
    return back_end.connections.load();
  };
  const Request form{SignInMethod::forms, ""}, certificate{SignInMethod::certificate, ""},
      ticket{SignInMethod::kerberos, "one ticket"}, other_ticket{SignInMethod::kerberos, "another one"},
      unknown{SignInMethod::kerberos, ""};
  EXPECT_EQ(connections({form, form, certificate, form}, options()), 1) << "S4U2Self gives the same identity to all";
  EXPECT_EQ(connections({ticket, ticket, ticket}, options()), 1);
  EXPECT_EQ(connections({ticket, other_ticket, ticket, other_ticket}, options()), 2)
      << "another ticket may have other groups";
  EXPECT_EQ(connections({ticket, form, ticket, form}, options()), 2) << "S-1-18-1 and S-1-18-2";
  EXPECT_EQ(connections({unknown, unknown}, options()), 2);
  EXPECT_EQ(connections({ticket, form, other_ticket, unknown}, {.sign_in = true}), 1) << "nothing is delegated";
  ProxyOptions forwarded = options();
  forwarded.delegation = Delegation::forwarded_tgt;
  EXPECT_EQ(connections({ticket, ticket}, forwarded), 2) << "each session has a TGT of its own";
}

TEST_F(Delegating, AnAnswerWhoseProofDoesNotHoldIsNotPassedOn) {
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    wire.send(
        "HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate oRQwEqADCgECoQsGCSqGSIb3EgECAg==\r\nContent-Length: "
        "6\r\n\r\nsecret");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port}, options());
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  const Answer answer = ask(client, get_as("alice"));
  EXPECT_EQ(answer.status(), 502);
  EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
}

TEST_F(Delegating, ATicketThatIsRefusedIsFetchedAgainOnce) {
  BackEnd back_end(judge());
  Proxy proxy({back_end.port}, options());
  const Key right = service_key_;
  service_key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);  // the back end's key has changed since
  proxy.tickets->ticket = std::make_shared<IssuedTicket>(issue());
  service_key_ = right;
  proxy.tickets->next_ticket = ticket_;
  Wire client = proxy.connect();
  EXPECT_EQ(
      ask(client, "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: Test alice\r\nContent-Length: 5\r\n\r\nhello").body,
      "alice@HOME.TEST");
  EXPECT_EQ(proxy.tickets->drops, 1);
  EXPECT_EQ(proxy.tickets->gets, 2);
  EXPECT_EQ(back_end.connections, 2) << "a connection that heard a refused token is closed";
}

// IIS refuses without a reason; others send one.
TEST_F(Delegating, ARefusalThatIsToldInSpnegoIsNoBrokenProof) {
  for (const std::string reply : {"", " oQcwBaADCgEC", " bm90IGEgdG9rZW4="}) {
    BackEnd back_end([&](Wire& wire, int connection) {
      for (std::string head = wire.head(); head.ends_with("\r\n\r\n"); head = wire.head())
        wire.send(connection == 0
                      ? "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate" + reply + "\r\nContent-Length: 0\r\n\r\n"
                      : judged(head));
    });
    Proxy proxy({back_end.port}, options());
    proxy.tickets->ticket = ticket_;
    proxy.tickets->next_ticket = ticket_;
    Wire client = proxy.connect();
    EXPECT_EQ(ask(client, get_as("alice")).body, "alice@HOME.TEST") << reply;
    EXPECT_EQ(proxy.tickets->gets, 2);
  }
}

TEST_F(Delegating, ATicketThatIsRefusedAgainIsABadGateway) {
  BackEnd back_end([](Wire& wire, int) {
    while (wire.head().ends_with("\r\n\r\n"))
      wire.send(
          "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
  });
  Proxy proxy({back_end.port}, options());
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  const Answer answer = ask(client, get_as("alice"));
  EXPECT_EQ(answer.status(), 502);
  EXPECT_THAT(answer.head, Not(HasSubstr("WWW-Authenticate")));
  EXPECT_EQ(proxy.tickets->gets, 2);
}

TEST_F(Delegating, ABackEndThatAlwaysRefusesCostsNoTicketEachTime) {
  std::atomic<int> requests{0};
  std::atomic<bool> accepts{false};
  BackEnd back_end([&](Wire& wire, int) {
    for (std::string head = wire.head(); head.ends_with("\r\n\r\n"); head = wire.head()) {
      ++requests;
      wire.send(accepts ? judged(head) : "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n");
    }
  });
  Proxy proxy({back_end.port}, options());
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(client, get_as("alice")).status(), 502);
  EXPECT_EQ(proxy.tickets->drops, 1) << "one fresh ticket was tried";
  EXPECT_EQ(requests, 6);
  EXPECT_EQ(ask(client, get_as("bob")).status(), 502);
  EXPECT_EQ(proxy.tickets->drops, 2) << "what is known of alice says nothing of bob";
  accepts = true;
  EXPECT_EQ(ask(client, get_as("alice")).status(), 200) << "she is asked for all the same";
  accepts = false;
  EXPECT_EQ(ask(client, get_as("alice")).status(), 502);
  EXPECT_EQ(proxy.tickets->drops, 3) << "it has accepted her since";
}

TEST_F(Delegating, AnExceptionWhileABodyIsSentLeavesNothingBehind) {
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    wire.send("HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port}, options());
  proxy.tickets->ticket = ticket_;
  proxy.tickets->broken = true;
  {
    Wire client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nAuthorization: Test alice\r\nContent-Length: 400000\r\n\r\n" +
                std::string(100000, 'x'));
    client.send(std::string(1000, 'x'));
    EXPECT_TRUE(client.ended());
  }
  proxy.on_core([&] { EXPECT_EQ(proxy.core->clients.size(), 0U); });
}

TEST(RefusedTokens, AreRememberedLongerWithEachRefusalAndForgottenInNumber) {
  RefusedTokens tokens;
  auto now = RefusedTokens::Clock::now();
  EXPECT_FALSE(tokens.is_final("alice", 1, now));
  tokens.note("alice", 1, now);
  EXPECT_TRUE(tokens.is_final("alice", 1, now));
  EXPECT_FALSE(tokens.is_final("alice", 2, now));
  EXPECT_FALSE(tokens.is_final("bob", 1, now));
  now += RefusedTokens::kMinWait;
  EXPECT_FALSE(tokens.is_final("alice", 1, now));
  for (int i = 0; i < 20; ++i) tokens.note("alice", 1, now);
  EXPECT_TRUE(tokens.is_final("alice", 1, now + RefusedTokens::kMaxWait - std::chrono::seconds(1)));
  EXPECT_FALSE(tokens.is_final("alice", 1, now + RefusedTokens::kMaxWait));
  tokens.accepted("alice", 1);
  EXPECT_FALSE(tokens.is_final("alice", 1, now));
  for (std::size_t i = 0; i < 3 * RefusedTokens::kMaxEntries; ++i) tokens.note("user" + std::to_string(i), 1, now);
  EXPECT_TRUE(tokens.is_final("user" + std::to_string(3 * RefusedTokens::kMaxEntries - 1), 1, now));
}

TEST_F(Delegating, AStreamedBodyIsNotSentTwice) {
  std::atomic<int> requests{0};
  BackEnd back_end([&](Wire& wire, int) {
    (void)wire.head();
    ++requests;
    (void)wire.exactly(40000);
    wire.send("HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n");
    (void)wire.rest();
  });
  Proxy proxy({back_end.port}, options());
  proxy.tickets->ticket = ticket_;
  Wire client = proxy.connect();
  EXPECT_EQ(ask(client, "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: Test alice\r\nContent-Length: 40000\r\n\r\n" +
                            std::string(40000, 'x'))
                .status(),
            502);
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(proxy.tickets->drops, 1);
}

struct Refusal {
  const char* name;
  FailureKind kind;
  SignInMethod method;
  int status;
  const char* field;
};
class TicketRefusals : public testing::TestWithParam<Refusal> {};
TEST_P(TicketRefusals, BecomeStatuses) {
  BackEnd back_end(echo());
  Proxy proxy({back_end.port}, {.delegation = Delegation::s4u, .sign_in = true});
  proxy.sign_in->method = GetParam().method;
  Failure failure;
  failure.kind = GetParam().kind;
  failure.text = "dc08.corp.test says KDC_ERR_BADOPTION";
  proxy.tickets->failure = failure;
  Wire client = proxy.connect();
  const Answer answer = ask(client, get_as("alice"));
  EXPECT_EQ(answer.status(), GetParam().status);
  EXPECT_THAT(answer.head, HasSubstr(GetParam().field));
  EXPECT_THAT(answer.body, Not(HasSubstr("dc08")));
  if (GetParam().status == 403) {
    const std::string id = answer.head.substr(answer.head.find("X-Request-Id: ") + 14, 32);
    EXPECT_THAT(answer.body, HasSubstr(id));
    proxy.on_core([&] { EXPECT_EQ(proxy.core->metrics.failures().at(0).request_id, id); });
  }
  EXPECT_EQ(back_end.connections, 0);
}
INSTANTIATE_TEST_SUITE_P(
    Table, TicketRefusals,
    testing::Values(Refusal{"refused", FailureKind::refused, SignInMethod::forms, 403,
                            "\r\nSet-Cookie: stead=sealed\r\n"},
                    Refusal{"unreachable", FailureKind::unreachable, SignInMethod::forms, 503, "\r\nRetry-After: "},
                    Refusal{"evidence_elsewhere", FailureKind::unusable, SignInMethod::kerberos, 401,
                            "\r\nWWW-Authenticate: Negotiate\r\n"},
                    Refusal{"unusable", FailureKind::unusable, SignInMethod::forms, 500, "HTTP/1.1 500 "},
                    Refusal{"rejected", FailureKind::rejected, SignInMethod::forms, 502, "HTTP/1.1 502 "}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace stead::proxy::test
