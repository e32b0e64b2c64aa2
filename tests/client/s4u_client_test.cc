#include "sspi_shim/client/s4u_client.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/client/one_realm.h"

namespace stead {
namespace {

namespace asio = boost::asio;

class S4uClientTest : public testing::Test {
 protected:
  S4uClientTest() {
    ClientOptions options;
    options.principal = "HTTP/front.a@A";
    options.on_step = [this](const TraceStep& step) { told_.push_back(step.exchange); };
    options.uncached_services = {"HTTP/Sensitive.a"};
    options.ticket_life = std::chrono::seconds(0);  // to the end of the tickets
    open(options);
  }
  void open(const ClientOptions& options) {
    client_ = std::make_shared<S4uClient>(io_.get_executor(), options, *parse_principal(options.principal),
                                          std::vector<Key>{key_}, realm_, realm_,
                                          [this] { return std::chrono::system_clock::now() + ahead_; });
  }
  void advance(std::chrono::seconds by) {
    ahead_ += by;
    realm_->advance(by);
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> out;
    asio::co_spawn(io_, std::move(work), [&](const std::exception_ptr&, T got) { out = std::move(got); });
    io_.restart();
    io_.run();
    return std::move(*out);
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
  std::chrono::seconds ahead_{0};
  std::shared_ptr<S4uClient> client_;
};

// The account's password was changed, and the keytab written anew, since it was read.
class NewKey : public S4uClientTest {
 protected:
  NewKey() {
    ClientOptions options;
    options.principal = "HTTP/front.a@A";
    client_ = std::make_shared<S4uClient>(io_.get_executor(), options, *parse_principal(options.principal),
                                          std::vector<Key>{old_}, realm_, realm_, std::function<CacheTime()>(),
                                          [this]() -> Result<std::vector<Key>> {
                                            ++looks_;
                                            if (in_file_.empty()) return make_error_code(WireErrc::truncated);
                                            return in_file_;
                                          });
  }
  const Key old_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::vector<Key> in_file_{key_, old_};
  int looks_ = 0;
};

TEST_F(NewKey, IsFoundWhereTheKdcWantsIt) {
  const auto got = ticket("alice", "HTTP/back.a");
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(looks_, 1);
}

TEST_F(NewKey, IsFoundWhereATicketToUsIsOfIt) {
  const auto user = client_->from_ticket(encode(realm_->evidence_of("alice")));
  ASSERT_TRUE(user);
  EXPECT_EQ(user->principal(), "alice@A");
  EXPECT_TRUE(client_->from_ticket(encode(realm_->evidence_of("bob"))));
  EXPECT_EQ(looks_, 1) << "and kept";
}

TEST_F(NewKey, IsLookedForOnceASecondWhateverIsBrought) {
  in_file_.clear();  // it is being written
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(client_->from_ticket(encode(realm_->evidence_of("alice"))));
  EXPECT_EQ(looks_, 1);
}

TEST(OwnKeysTest, ComeFromTheFileAgain) {
  const Key first = Key::random(EncType::aes256_cts_hmac_sha1_96),
            second = Key::random(EncType::aes256_cts_hmac_sha1_96);
  Result<std::vector<Key>> file = std::vector<Key>{first};
  OwnKeys keys({first}, [&] { return file; });
  auto now = OwnKeys::Clock::now();
  EXPECT_FALSE(keys.look_again(now)) << "the same ones";
  file = std::vector<Key>{second, first};
  EXPECT_FALSE(keys.look_again(now)) << "it was looked at a moment ago";
  const auto before = keys.all();
  EXPECT_TRUE(keys.look_again(now += OwnKeys::kLookAgain));
  EXPECT_EQ(keys.all()->size(), 2U);
  EXPECT_EQ(before->size(), 1U) << "who uses them keeps them";
  file = make_error_code(WireErrc::truncated);
  EXPECT_FALSE(keys.look_again(now += OwnKeys::kLookAgain));
  file = std::vector<Key>{};
  EXPECT_FALSE(keys.look_again(now += OwnKeys::kLookAgain));
  EXPECT_EQ(keys.all()->size(), 2U);
  EXPECT_FALSE(OwnKeys({first}).look_again());
}

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
  realm_->accounts["ALICE"] = "alice";  // as AD, which does not know case
  ASSERT_TRUE(ticket("alice", "HTTP/back.a"));
  ASSERT_TRUE(ticket("ALICE", "http/BACK.a"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 1u);
  ASSERT_TRUE(ticket("alice", "HTTP/other.a"));
  EXPECT_EQ(client_->statistics().s4u2self_exchanges, 2u) << "each spelling is asked about once";
  client_->forget_user("alice@A");
  ASSERT_TRUE(ticket("alice", "HTTP/back.a"));
  EXPECT_EQ(client_->statistics().s4u2self_exchanges, 3u);
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
  for (const char* user : {"", "@", "CORP\\"})
    EXPECT_EQ(ticket(user, "HTTP/back.a").error().kind, FailureKind::unusable) << user;
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

TEST_F(S4uClientTest, GivesNobodyATicketThatAnothersEvidenceGave) {
  const auto of = [&](const std::string& user) {
    return client_->from_ticket(encode(realm_->evidence_of(user))).value();
  };
  const Identity one = of("alice"), other = of("alice"), bob = of("bob");
  const auto first = *run(client_->ticket_for(one, "HTTP/back.a"));
  EXPECT_EQ(*run(client_->ticket_for(one, "http/BACK.a")), first);
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 1u);
  EXPECT_NE(*run(client_->ticket_for(other, "HTTP/back.a")), first) << "the same user in another session";
  EXPECT_NE(*ticket("alice", "HTTP/back.a"), first) << "somebody who only names her";
  EXPECT_EQ((*run(client_->ticket_for(bob, "HTTP/back.a")))->client(), "bob@A");
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 4u);
}

TEST_F(S4uClientTest, KeepsOneEntryForAllNamesOfAUserAndOfAService) {
  realm_->accounts["ALICE"] = "alice";  // as AD, which does not know case
  const auto first = *ticket("alice", "HTTP/back.a");
  EXPECT_EQ(*ticket("ALICE", "HTTP/back.a@A"), first);
  EXPECT_EQ(*ticket("alice@a", "http/back.A"), first);
  const auto numbers = client_->statistics();
  EXPECT_EQ(numbers.s4u2proxy_exchanges, 1u);
}

TEST_F(S4uClientTest, KeepsNoTicketLongerThanItsEvidenceAndTheLimit) {
  const Identity one = client_->from_ticket(encode(realm_->evidence_of("alice", std::chrono::hours(1)))).value();
  ASSERT_TRUE(run(client_->ticket_for(one, "HTTP/back.a")));
  advance(std::chrono::minutes(57));
  ASSERT_TRUE(run(client_->ticket_for(one, "HTTP/back.a")));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 1u);
  advance(std::chrono::minutes(2));
  (void)run(client_->ticket_for(one, "HTTP/back.a"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 2u) << "the ticket lives for hours, the evidence does not";

  ClientOptions options;
  options.principal = "HTTP/front.a@A";
  options.ticket_life = std::chrono::minutes(10);
  open(options);
  for (const int minutes : {0, 5, 6}) {
    advance(std::chrono::minutes(minutes));
    ASSERT_TRUE(ticket("bob", "HTTP/back.a"));
  }
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 2u);
}

TEST_F(S4uClientTest, KeepsNoTicketForAServiceThatIsNotToBeCached) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ticket("alice", "HTTP/sensitive.A"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 2u);
  EXPECT_EQ(client_->statistics().s4u2self_exchanges, 1u);
}

TEST_F(S4uClientTest, LooksForSuccessorsOfWhatIsUsedLate) {
  const auto first = *ticket("alice", "HTTP/back.a");
  ASSERT_TRUE(ticket("bob", "HTTP/back.a"));
  advance(std::chrono::hours(7));
  EXPECT_EQ(*ticket("alice", "HTTP/back.a"), first);
  EXPECT_EQ(client_->statistics().refreshes, 0u);
  advance(std::chrono::minutes(70));
  EXPECT_EQ(*ticket("alice", "HTTP/back.a"), first) << "nobody waits for it";
  EXPECT_EQ(client_->statistics().refreshes, 2u) << "the evidence and the ticket";
  const auto second = *ticket("alice", "HTTP/back.a");
  EXPECT_GT(second->end_time(), first->end_time() + std::chrono::hours(8)) << "TGT and evidence are new as well";
  EXPECT_EQ(client_->statistics().refreshes, 2u);
  EXPECT_EQ(client_->statistics().as_exchanges, 2u);
  advance(std::chrono::hours(4));
  EXPECT_EQ(*ticket("alice", "HTTP/back.a"), second);
}

TEST_F(S4uClientTest, DropsTheTicketWhereItsSuccessorIsRefused) {
  realm_->allows_denied = true;
  const auto first = *ticket("alice", "HTTP/denied.a");
  realm_->allows_denied = false;
  advance(std::chrono::hours(9));
  EXPECT_EQ(*ticket("alice", "HTTP/denied.a"), first) << "nobody waits for the successor";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ticket("alice", "HTTP/denied.a"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 2u) << "one of them asked";
}

TEST_F(S4uClientTest, AsksAgainForAUserAfterFifteenMinutes) {
  ClientOptions options;
  options.principal = "HTTP/front.a@A";
  open(options);
  const auto first = *ticket("alice", "HTTP/back.a");
  advance(std::chrono::minutes(11));
  EXPECT_EQ(*ticket("alice", "HTTP/back.a"), first);
  EXPECT_EQ(client_->statistics().refreshes, 0u);
  advance(std::chrono::minutes(2));
  EXPECT_EQ(*ticket("alice", "HTTP/back.a"), first) << "nobody waits for the successors";
  EXPECT_EQ(client_->statistics().refreshes, 2u) << "of the evidence and of the ticket";
  EXPECT_NE(*ticket("alice", "HTTP/back.a"), first);
  realm_->unknown = {"alice"};  // the account is deleted
  advance(std::chrono::minutes(13));
  ASSERT_TRUE(ticket("alice", "HTTP/back.a")) << "nobody waits for the refusal";
  EXPECT_FALSE(ticket("alice", "HTTP/back.a"));
  EXPECT_EQ(client_->cache_view("alice@A").kept.size(), 0u);

  ASSERT_TRUE(ticket("bob", "HTTP/back.a"));
  realm_->silent = true;
  advance(std::chrono::minutes(14));
  EXPECT_TRUE(ticket("bob", "HTTP/back.a"));
  EXPECT_TRUE(ticket("bob", "HTTP/back.a")) << "a silent KDC refuses nobody";
  advance(std::chrono::minutes(2));
  EXPECT_FALSE(ticket("bob", "HTTP/back.a"));
}

// To some KDCs they are two users.
TEST_F(S4uClientTest, NeverGivesAliceTheTicketOfANameInAnotherCase) {
  const auto lower = *ticket("alice", "HTTP/back.a");
  const auto upper = *ticket("Alice", "HTTP/back.a");
  EXPECT_EQ(lower->client(), "alice@A");
  EXPECT_EQ(upper->client(), "Alice@A");
  EXPECT_EQ((*ticket("alice@A", "HTTP/back.a"))->client(), "alice@A");
  EXPECT_EQ((*ticket("Alice@A", "HTTP/back.a"))->client(), "Alice@A");
  EXPECT_EQ((*ticket("Alice", "HTTP/back.a"))->client(), "Alice@A");
}

// What is refused, and between which times it is asked again.
struct RefusedFor {
  const char* name;
  const char* user;
  const char* service;
  bool silent;
  std::chrono::seconds at_least, at_most;
};
class RefusalLives : public S4uClientTest, public testing::WithParamInterface<RefusedFor> {};
TEST_P(RefusalLives, GoByTheirClass) {
  const auto& row = GetParam();
  realm_->silent = row.silent;
  const auto asked = [&] {
    EXPECT_FALSE(ticket(row.user, row.service));
    const auto numbers = client_->statistics();
    return numbers.as_exchanges + numbers.s4u2self_exchanges + numbers.s4u2proxy_exchanges;
  };
  const auto first = asked();
  advance(row.at_least - std::chrono::seconds(1));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(asked(), first);
  advance(row.at_most - row.at_least + std::chrono::seconds(2));
  EXPECT_GT(asked(), first);
}
using std::chrono::seconds;
INSTANTIATE_TEST_SUITE_P(
    Rows, RefusalLives,
    testing::Values(RefusedFor{"by_policy", "alice", "HTTP/denied.a", false, seconds(60), seconds(300)},
                    RefusedFor{"unknown_user", "nobody", "HTTP/back.a", false, seconds(30), seconds(60)},
                    RefusedFor{"nobody_answers", "alice", "HTTP/back.a", true, seconds(1), seconds(5)}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(S4uClientTest, LooksPastARefusalOnce) {
  const Identity alice = *run(client_->user("alice"));
  ASSERT_FALSE(run(client_->ticket_for(alice, "HTTP/denied.a")));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(run(client_->ticket_past_refusal(alice, "HTTP/denied.a")));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 2u);
  realm_->allows_denied = true;
  EXPECT_FALSE(run(client_->ticket_past_refusal(alice, "HTTP/denied.a"))) << "the look of this life was had";
  advance(std::chrono::seconds(121));
  EXPECT_TRUE(run(client_->ticket_for(alice, "HTTP/denied.a")));

  realm_->allows_denied = false;
  const Identity bob = *run(client_->user("bob"));
  ASSERT_FALSE(run(client_->ticket_for(bob, "HTTP/denied.a")));
  realm_->allows_denied = true;
  EXPECT_TRUE(run(client_->ticket_past_refusal(bob, "HTTP/denied.a")));
  EXPECT_TRUE(run(client_->ticket_for(bob, "HTTP/denied.a"))) << "the refusal is forgotten";
}

TEST_F(S4uClientTest, KeepsNothingOfAUserWhoSignedOutMeanwhile) {
  std::optional<Outcome<TicketPtr>> out;
  ASSERT_TRUE(run(client_->user("alice")));
  asio::co_spawn(io_, fetch("alice", "HTTP/back.a", out), asio::detached);
  io_.restart();
  while (client_->statistics().s4u2proxy_exchanges == 0) io_.run_one();
  client_->forget_user("ALICE@A");
  io_.run();
  ASSERT_TRUE(out->has_value()) << "who waits is served";
  ASSERT_TRUE(ticket("alice", "HTTP/back.a"));
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 2u);
}

}  // namespace
}  // namespace stead
