#include "sspi_shim/s4u/s4u_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/s4u/toy_kdc.h"

namespace stead {
namespace {

namespace asio = boost::asio;

// One realm, one DC of 2012 level: grants whatever is asked but HTTP/denied.a, knows every user but "nobody", and answers in a later turn.
class OneRealm final : public KdcTransport, public DcLocator {
 public:
  explicit OneRealm(Key own_key) : own_key_(std::move(own_key)) {}

  asio::awaitable<KdcExchangeResult> send(std::string realm, Buffer request) override {
    co_await asio::post(asio::use_awaitable);
    if (silent) {
      KdcExchangeResult none{Error(asio::error::timed_out), {}};
      co_return none;
    }
    Reply reply = answer(realm, std::move(request));
    KdcReply out{std::move(*reply.bytes), reply.from, std::chrono::milliseconds(1)};
    KdcExchangeResult sent{std::move(out), {}};
    co_return sent;
  }
  asio::awaitable<KdcExchangeResult> send_to(std::vector<KnownController>, std::string realm, Buffer request) override {
    KdcExchangeResult sent = co_await send(std::move(realm), std::move(request));
    co_return sent;
  }
  asio::awaitable<std::vector<KnownController>> controllers(std::string) override { co_return std::vector<KnownController>(1, where); }
  asio::awaitable<DcLevel> level_of(std::string, ControllerAddress) override { co_return DcLevel::w2012; }
  asio::awaitable<Found> find(std::string, DcLevel, std::vector<ControllerAddress>) override {
    Found none;
    co_return none;
  }
  asio::awaitable<Result<LocatedController>> locate(std::string, DcLevel, std::string) override {
    Result<LocatedController> none = Error(asio::error::not_found);
    co_return none;
  }
  void mark_silent(const ControllerAddress&) override {}
  void mark_alive(const ControllerAddress&) override {}
  std::optional<KnownController> preferred(const std::string&, DcLevel) override { return {}; }

  KnownController where = dc("dc12.a", DcLevel::w2012);
  bool silent = false;
  bool forgot_its_keys = false;  // tickets it gave are no good to it any more, once

 private:
  Reply answer(const std::string& realm, Buffer bytes) {
    const auto request = decode_kdc_req(bytes).value();
    if (request.type == MessageType::as_req) return kdc_.give_tgt(request, own_key_, where);
    const auto asked = kdc_.read(SendToKdc{"", realm, std::move(bytes), {}, {}, false, ""});
    if (forgot_its_keys) {
      forgot_its_keys = false;
      return kdc_.refuse(KrbErrc::KRB_AP_ERR_MODIFIED, {}, where);
    }
    if (asked.x509_user) {
      const auto user = to_string(*asked.x509_user->user_id.cname);
      if (user == "nobody") return kdc_.refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, {}, where);
      ToyKdc::Given given{"HTTP/front.a", "A", user, "A"};
      given.user_id = asked.x509_user->user_id;
      auto reply = kdc_.give(asked, given, where);
      evidence_[decode_kdc_rep(*reply.bytes)->ticket.enc_part.cipher] = user;
      return reply;
    }
    if (asked.sname() == "HTTP/denied.a") return kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, where);
    return kdc_.give(asked, {asked.sname(), "A", evidence_.at(asked.request.body.additional_tickets.at(0).enc_part.cipher), "A"}, where);
  }

  Key own_key_;
  ToyKdc kdc_;
  std::map<Buffer, std::string> evidence_;  // whose, by the ticket
};

class S4uClientTest : public testing::Test {
 protected:
  S4uClientTest() {
    ClientOptions options;
    options.principal = "HTTP/front.a@A";
    options.on_step = [this](const TraceStep& step) { told_.push_back(step.exchange); };
    client_ = std::make_shared<S4uClient>(io_.get_executor(), options, *parse_principal(options.principal), std::vector<Key>{key_}, realm_, realm_);
  }
  asio::awaitable<void> fetch(std::string user, std::string spn, std::optional<Outcome<TicketPtr>>& out) {
    Outcome<TicketPtr> got = co_await client_->ticket_for_user(user, spn);
    out = std::move(got);
  }
  Outcome<TicketPtr> ticket(const std::string& user, const std::string& spn) {
    std::optional<Outcome<TicketPtr>> out;
    asio::co_spawn(io_, fetch(user, spn, out), asio::detached);
    io_.restart();
    io_.run();
    return *out;
  }

  asio::io_context io_{1};
  Key key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::shared_ptr<OneRealm> realm_ = std::make_shared<OneRealm>(key_);
  std::vector<std::string> told_;
  std::shared_ptr<S4uClient> client_;
};

TEST_F(S4uClientTest, TellsTheWholeStory) {
  const auto got = ticket("alice", "HTTP/back.a");
  ASSERT_TRUE(got);
  const auto& trace = (*got)->trace();
  EXPECT_EQ(trace.client, "alice@A");
  EXPECT_EQ(trace.service, "HTTP/back.a@A");
  EXPECT_TRUE(trace.granted);
  EXPECT_TRUE(trace.end_time.ends_with('Z'));
  ASSERT_EQ(trace.steps.size(), 3u);
  EXPECT_EQ(told_, (std::vector<std::string>{"AS", "S4U2Self", "S4U2Proxy"}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(trace.steps[i].step, i + 1);
    EXPECT_EQ(trace.steps[i].controller, "dc12.a");
    EXPECT_EQ(trace.steps[i].level, "2012");
    EXPECT_EQ(trace.steps[i].answer, "ticket");
  }
}

TEST_F(S4uClientTest, HasATicketToItselfByS4u2SelfAlone) {
  for (const char* service : {"HTTP/front.a", "http/FRONT.a@A"}) {
    const auto got = ticket("alice", service);
    ASSERT_TRUE(got);
    EXPECT_EQ((*got)->client(), "alice@A");
    EXPECT_EQ((*got)->service(), "HTTP/front.a@A");
    EXPECT_TRUE((*got)->trace().granted);
    EXPECT_EQ((*got)->trace().steps.back().exchange, "S4U2Self");
  }
}

TEST_F(S4uClientTest, AsksOnceForManyWhoWait) {
  std::vector<std::optional<Outcome<TicketPtr>>> got(200);
  for (std::size_t i = 0; i < got.size(); ++i) {
    asio::co_spawn(io_, fetch(i % 2 == 0 ? "alice" : "bob", "HTTP/back.a", got[i]), asio::detached);
  }
  io_.run();
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ((**got[i])->client(), i % 2 == 0 ? "alice@A" : "bob@A");
  const auto numbers = client_->statistics();
  EXPECT_EQ(numbers.as_exchanges, 1u);
  EXPECT_EQ(numbers.s4u2self_exchanges, 2u);
  EXPECT_EQ(numbers.s4u2proxy_exchanges, 2u);
}

TEST_F(S4uClientTest, KeepsTicketsUntilTheUserSignsOut) {
  ASSERT_TRUE(ticket("alice", "HTTP/back.a"));
  ASSERT_TRUE(ticket("ALICE", "http/BACK.a"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 1u);
  ASSERT_TRUE(ticket("alice", "HTTP/other.a"));
  EXPECT_EQ(client_->statistics().s4u2self_exchanges, 1u);
  client_->forget_user("alice@A");
  ASSERT_TRUE(ticket("alice", "HTTP/back.a"));
  EXPECT_EQ(client_->statistics().s4u2self_exchanges, 2u);
  EXPECT_EQ(client_->statistics().as_exchanges, 1u);
}

TEST_F(S4uClientTest, DiagnosesARefusalAndRemembersItForAWhile) {
  const auto got = ticket("alice", "HTTP/denied.a");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, FailureKind::refused);
  EXPECT_EQ(got.error().nt_status, 0xC0000225u);
  ASSERT_TRUE(got.error().trace.diagnosis);
  EXPECT_EQ(got.error().trace.diagnosis->code, "rbcd_denied_on_target");
  EXPECT_EQ(got.error().trace.service, "HTTP/denied.a@A");
  EXPECT_EQ(got.error().trace.steps.back().status, "STATUS_NOT_FOUND");
  ASSERT_FALSE(ticket("alice", "HTTP/denied.a"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 1u);
}

TEST_F(S4uClientTest, NamesAnUnknownUser) {
  const auto got = ticket("nobody", "HTTP/back.a");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().error, make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN));
  EXPECT_EQ(got.error().trace.diagnosis->code, "user_account_refused");
  EXPECT_EQ(got.error().trace.client, "nobody@A");
}

TEST_F(S4uClientTest, SaysThatNobodyAnswers) {
  realm_->silent = true;
  const auto got = ticket("alice", "HTTP/back.a");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, FailureKind::unreachable);
  EXPECT_EQ(got.error().trace.diagnosis->code, "dc_unreachable");
  EXPECT_EQ(got.error().trace.steps.back().answer, "timeout");
}

TEST_F(S4uClientTest, GetsNewTicketsWhereTheKdcForgotItsKeys) {
  ASSERT_TRUE(ticket("alice", "HTTP/back.a"));
  realm_->forgot_its_keys = true;
  ASSERT_TRUE(ticket("bob", "HTTP/back.a"));
  EXPECT_EQ(client_->statistics().as_exchanges, 2u);
}

TEST_F(S4uClientTest, RefusesNamesThatAreNone) {
  for (const char* user : {"", "@", "CORP\\"}) EXPECT_EQ(ticket(user, "HTTP/back.a").error().kind, FailureKind::unusable) << user;
  EXPECT_EQ(ticket("alice", "").error().kind, FailureKind::unusable);
}

TEST_F(S4uClientTest, TakesNoTicketThatItsKeysDoNotOpen) {
  Ticket foreign;
  foreign.realm = "A";
  foreign.sname = service_name("HTTP/front.a");
  foreign.enc_part = {EncType::aes256_cts_hmac_sha1_96, 1, Buffer(60, 1)};
  EXPECT_FALSE(client_->from_ticket(encode(foreign)));
  EXPECT_FALSE(client_->from_ticket({1, 2, 3}));
}

TEST_F(S4uClientTest, BindsAUsersOwnTicketToWhoBroughtIt) {
  const auto evidence = [&](std::uint32_t flags) {
    EncTicketPart part;
    part.flags = flags;
    part.key = Key::random(EncType::aes256_cts_hmac_sha1_96).to_encryption_key();
    part.crealm = "A";
    part.cname = {NameType::principal, {"alice"}};
    part.authtime = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    part.endtime = part.authtime + std::chrono::hours(8);
    Ticket out;
    out.realm = "A";
    out.sname = service_name("HTTP/front.a");
    out.enc_part = encrypt_data(key_, KeyUsage::ticket, encode(part));
    return client_->from_ticket(encode(out)).value();
  };
  const auto one = evidence(ticket_flag::forwardable), other = evidence(0);
  EXPECT_EQ(one.principal(), "alice@A");
  EXPECT_FALSE(one.by_s4u2self());
  EXPECT_TRUE(one.state().forwardable);
  EXPECT_FALSE(other.state().forwardable);
  EXPECT_NE(one.state().fingerprint, other.state().fingerprint);
}

}  // namespace
}  // namespace stead
