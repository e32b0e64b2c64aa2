#include "sspi_shim/transport/kdc_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"
#include "tests/s4u/fake_kdc.h"

namespace stead {
namespace asio = boost::asio;
namespace {

using test::FakeKdc;
using test::tgs_reply;
using test::tgs_request;
using namespace std::chrono_literals;

class KdcTransportTest : public testing::Test {
 protected:
  std::shared_ptr<KdcTransport> transport(std::vector<const FakeKdc*> kdcs,
                                          std::chrono::milliseconds timeout = 2000ms) {
    LocatorOptions options;
    for (const FakeKdc* kdc : kdcs) options.realms["TEST"].push_back(kdc->where);
    locator_ = make_dc_locator(io_.get_executor(), options);
    return make_kdc_transport(io_.get_executor(), locator_, timeout);
  }
  KdcExchangeResult send(KdcTransport& transport, Buffer request = tgs_request()) {
    const auto start = std::chrono::steady_clock::now();
    auto result = test::run(io_, transport.send("TEST", std::move(request)));
    took_ = std::chrono::steady_clock::now() - start;
    return result;
  }

  asio::io_context io_;
  std::shared_ptr<DcLocator> locator_;
  std::chrono::steady_clock::duration took_{};
};

TEST_F(KdcTransportTest, ADatagramIsAnswered) {
  FakeKdc kdc(io_, "dc1.test");
  const auto result = send(*transport({&kdc}));
  ASSERT_TRUE(result.reply) << result.reply.error().message();
  EXPECT_EQ(result.reply->bytes, tgs_reply(1));
  EXPECT_EQ(result.reply->from.where, kdc.where);
  EXPECT_TRUE(result.silent.empty());
  EXPECT_EQ(kdc.datagrams, 1);
  EXPECT_EQ(kdc.connections, 0);
}

TEST_F(KdcTransportTest, ALargeRequestGoesByTcpAndTheConnectionIsKept) {
  FakeKdc kdc(io_, "dc1.test");
  const auto over = transport({&kdc});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(send(*over, tgs_request(1401)).reply);
  EXPECT_EQ(kdc.datagrams, 0);
  EXPECT_EQ(kdc.frames, 3);
  EXPECT_EQ(kdc.connections, 1);
}

TEST_F(KdcTransportTest, ResponseTooBigIsAskedAgainByTcp) {
  FakeKdc kdc(io_, "dc1.test");
  kdc.on_datagram = [](Bytes) { return std::vector<Buffer>{test::error_reply(KrbErrc::KRB_ERR_RESPONSE_TOO_BIG)}; };
  const auto result = send(*transport({&kdc}));
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->bytes, tgs_reply(1));
  EXPECT_EQ(kdc.frames, 1);
  EXPECT_TRUE(result.silent.empty());
}

TEST_F(KdcTransportTest, ADcWithoutUdpIsAskedByTcp) {
  FakeKdc kdc(io_, "dc1.test");
  kdc.stop_udp();
  EXPECT_TRUE(send(*transport({&kdc})).reply);
}

TEST_F(KdcTransportTest, GarbageDatagramsAreIgnored) {
  FakeKdc kdc(io_, "dc1.test");
  kdc.on_datagram = [](Bytes) {
    return std::vector<Buffer>{{}, {0x6d}, {0x6d, 0x05, 0x00}, {0x6b, 0x00}, {0x7e, 0x02, 0x30, 0x00}, tgs_reply(7)};
  };
  const auto result = send(*transport({&kdc}));
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->bytes, tgs_reply(7));
}

TEST_F(KdcTransportTest, ASilentDcCostsOneHedgeAndIsThenAskedLast) {
  FakeKdc silent(io_, "dc1.test"), good(io_, "dc2.test");
  silent.silence();
  good.reply = tgs_reply(2);
  const auto over = transport({&silent, &good});
  const auto first = send(*over);
  ASSERT_TRUE(first.reply);
  EXPECT_EQ(first.reply->from.where.name, "dc2.test");
  EXPECT_GE(took_, 250ms);
  EXPECT_LT(took_, 900ms);
  ASSERT_EQ(first.silent.size(), 1U);
  EXPECT_EQ(first.silent[0].at.where.name, "dc1.test");
  const auto second = send(*over);
  ASSERT_TRUE(second.reply);
  EXPECT_TRUE(second.silent.empty());
  EXPECT_LT(took_, 200ms);
  EXPECT_EQ(silent.datagrams, 1);
}

TEST_F(KdcTransportTest, ADcThatFallsSilentUnderLoadCostsOneHedge) {
  FakeKdc first(io_, "dc1.test"), second(io_, "dc2.test");
  second.reply = tgs_reply(2);
  const auto over = transport({&first, &second});
  ASSERT_EQ(send(*over).reply->from.where.name, "dc1.test") << "it answered a moment ago";
  // From now on it answers nothing; one request was under way when it answered last.
  std::optional<std::chrono::steady_clock::duration> caught;
  const auto caught_start = std::chrono::steady_clock::now();
  int left = 2;
  first.on_datagram = [&](Bytes) { return --left == 0 ? std::vector<Buffer>{tgs_reply(1)} : std::vector<Buffer>{}; };
  asio::co_spawn(io_, over->send("TEST", tgs_request()), [&](std::exception_ptr, const KdcExchangeResult&) {
    caught = std::chrono::steady_clock::now() - caught_start;
  });
  std::vector<std::chrono::steady_clock::duration> took;
  constexpr std::size_t kCalls = 60;
  std::function<asio::awaitable<void>(int)> call = [&](int after) -> asio::awaitable<void> {
    asio::steady_timer timer(io_, std::chrono::milliseconds(after));
    co_await timer.async_wait(test::as_result);
    const auto start = std::chrono::steady_clock::now();
    KdcExchangeResult result = co_await over->send("TEST", tgs_request());
    EXPECT_TRUE(result.reply);
    took.push_back(std::chrono::steady_clock::now() - start);
    if (took.size() == kCalls) io_.stop();
  };
  for (std::size_t i = 0; i < kCalls; ++i) asio::co_spawn(io_, call(static_cast<int>(i) * 10), asio::detached);
  io_.restart();
  io_.run();
  for (const auto& one : took) EXPECT_LT(one, 400ms);
  ASSERT_TRUE(caught);
  EXPECT_LT(*caught, 400ms);
  const auto quick = std::count_if(took.begin(), took.end(), [](const auto& one) { return one < 100ms; });
  EXPECT_GE(quick, 20) << "requests after the first hedge do not wait";
}

TEST_F(KdcTransportTest, ASlowRequestOfADcThatAnswersOthersIsWaitedFor) {
  FakeKdc slow(io_, "dc1.test"), other(io_, "dc2.test");
  const auto over = transport({&slow, &other});
  int datagrams = 0;
  slow.on_datagram = [&](Bytes) {
    return ++datagrams == 1 ? std::vector<Buffer>{} : std::vector<Buffer>{tgs_reply(1)};
  };  // the first one is lost
  std::optional<KdcExchangeResult> lost;
  asio::co_spawn(io_, over->send("TEST", tgs_request()), [&](std::exception_ptr, KdcExchangeResult got) {
    lost = std::move(got);
    io_.stop();
  });
  std::function<asio::awaitable<void>()> others = [&]() -> asio::awaitable<void> {
    for (asio::steady_timer timer(io_);;) {
      timer.expires_after(50ms);
      co_await timer.async_wait(test::as_result);
      co_await over->send("TEST", tgs_request());
    }
  };
  asio::co_spawn(io_, others(), asio::detached);
  io_.run();
  ASSERT_TRUE(lost && lost->reply);
  EXPECT_EQ(lost->reply->from.where.name, "dc1.test") << "by TCP, after the datagram's time";
  EXPECT_EQ(other.datagrams, 0);
}

TEST_F(KdcTransportTest, ARefusingDcCostsNothing) {
  FakeKdc gone(io_, "dc1.test", false), good(io_, "dc2.test");
  gone.stop_udp();
  const auto result = send(*transport({&gone, &good}));
  ASSERT_TRUE(result.reply);
  EXPECT_LT(took_, 200ms);
  ASSERT_EQ(result.silent.size(), 1U);
  EXPECT_EQ(result.silent[0].at.where.name, "dc1.test");
}

TEST_F(KdcTransportTest, TheFirstOfTwoAnswersWins) {
  FakeKdc slow(io_, "dc1.test"), quick(io_, "dc2.test");
  slow.delay = 600ms;
  quick.reply = tgs_reply(2);
  const auto result = send(*transport({&slow, &quick}));
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->bytes, tgs_reply(2));
  EXPECT_LT(took_, 590ms);
}

TEST_F(KdcTransportTest, ServiceUnavailableGoesToTheNextDc) {
  FakeKdc down(io_, "dc1.test"), good(io_, "dc2.test");
  down.reply = test::error_reply(KrbErrc::KDC_ERR_SVC_UNAVAILABLE);
  const auto both = send(*transport({&down, &good}));
  ASSERT_TRUE(both.reply);
  EXPECT_EQ(both.reply->from.where.name, "dc2.test");
  EXPECT_TRUE(both.silent.empty());
  const auto alone = send(*transport({&down}));
  ASSERT_TRUE(alone.reply) << "if no other DC answers, it is the reply";
  EXPECT_EQ(alone.reply->bytes, down.reply);
}

TEST_F(KdcTransportTest, OtherErrorsAreAnswers) {
  FakeKdc refusing(io_, "dc1.test"), other(io_, "dc2.test");
  refusing.reply = test::error_reply(KrbErrc::KDC_ERR_BADOPTION);
  const auto result = send(*transport({&refusing, &other}));
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->bytes, refusing.reply);
  EXPECT_EQ(other.datagrams, 0);
}

struct BadTcp {
  const char* name;
  FakeKdc::Tcp tcp;
};
class KdcTransportByTcp : public KdcTransportTest, public testing::WithParamInterface<BadTcp> {};
TEST_P(KdcTransportByTcp, GoesToTheNextDcIfOneIsBroken) {
  FakeKdc broken(io_, "dc1.test"), good(io_, "dc2.test");
  broken.tcp = GetParam().tcp;
  const auto both = send(*transport({&broken, &good}), tgs_request(2000));
  ASSERT_TRUE(both.reply) << both.reply.error().message();
  EXPECT_EQ(both.reply->from.where.name, "dc2.test");
  EXPECT_LT(took_, 240ms) << "a broken answer is noticed at once";
  const auto alone = send(*transport({&broken}), tgs_request(2000));
  EXPECT_FALSE(alone.reply);
  EXPECT_EQ(alone.silent.size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(Ways, KdcTransportByTcp,
                         testing::Values(BadTcp{"reset", FakeKdc::Tcp::resets},
                                         BadTcp{"truncated", FakeKdc::Tcp::truncates},
                                         BadTcp{"too_large", FakeKdc::Tcp::promises_too_much}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(KdcTransportTest, AClosedPooledConnectionIsReplaced) {
  FakeKdc kdc(io_, "dc1.test");
  kdc.tcp = FakeKdc::Tcp::closes_after_each;
  const auto over = transport({&kdc});
  for (int i = 0; i < 3; ++i) {
    const auto result = send(*over, tgs_request(1500));
    ASSERT_TRUE(result.reply) << result.reply.error().message();
    EXPECT_TRUE(result.silent.empty());
  }
  EXPECT_EQ(kdc.connections, 3);
}

TEST_F(KdcTransportTest, NoDcKnownIsHostNotFound) {
  const auto over = transport({});
  const auto result = test::run(io_, over->send_to({}, "TEST", tgs_request()));
  EXPECT_EQ(result.reply.error(), asio::error::host_not_found);
}

TEST_F(KdcTransportTest, AllSilentIsATimeout) {
  FakeKdc one(io_, "dc1.test", false), two(io_, "dc2.test");
  one.silence();
  two.silence();
  two.tcp = FakeKdc::Tcp::answers;
  two.reply = {0x01};  // not a Kerberos message
  const auto result = send(*transport({&one, &two}, 200ms));
  EXPECT_EQ(result.reply.error(), asio::error::timed_out);
  EXPECT_EQ(result.silent.size(), 2U);
  EXPECT_LT(took_, 1000ms);
}

TEST_F(KdcTransportTest, OnlyTheGivenDcsAreAsked) {
  FakeKdc first(io_, "dc1.test"), second(io_, "dc2.test");
  const auto over = transport({&first, &second});
  const std::vector<KnownController> only{{second.where, DcLevel::w2012}};
  const auto result = test::run(io_, over->send_to(only, "TEST", tgs_request()));
  ASSERT_TRUE(result.reply);
  EXPECT_EQ(result.reply->from.level, DcLevel::w2012);
  EXPECT_EQ(first.datagrams, 0);
}

TEST_F(KdcTransportTest, CancellationEndsItAtOnceAndLeavesNothingRunning) {
  FakeKdc silent(io_, "dc1.test", false);
  silent.silence();
  const auto over = transport({&silent}, 60000ms);
  asio::cancellation_signal cancel;
  std::optional<KdcExchangeResult> result;
  asio::co_spawn(io_, over->send("TEST", tgs_request()),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, KdcExchangeResult value) {
                   result.emplace(std::move(value));
                 }));
  asio::steady_timer timer(io_, 50ms);
  timer.async_wait([&](const Error&) {
    cancel.emit(asio::cancellation_type::terminal);
    silent.stop_udp();
  });
  const auto start = std::chrono::steady_clock::now();
  io_.run();  // returns when nothing waits any more
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->reply.error(), asio::error::operation_aborted);
}

TEST_F(KdcTransportTest, TheContextMayBeDestroyedWhileARequestIsUnderWay) {
  auto io = std::make_unique<asio::io_context>();
  auto kdc = std::make_unique<FakeKdc>(*io, "dc1.test", false);
  kdc->silence();
  LocatorOptions options;
  options.realms["TEST"] = {kdc->where};
  auto over = make_kdc_transport(io->get_executor(), make_dc_locator(io->get_executor(), options), 60000ms);
  asio::co_spawn(*io, over->send("TEST", tgs_request()), [](std::exception_ptr, const KdcExchangeResult&) {});
  io->run_for(30ms);
  over.reset();
  kdc.reset();
  io.reset();
}

TEST(IsReplyTo, TakesOnlyWhatFitsTheRequest) {
  const Buffer as_request{0x6a, 0x00}, request = tgs_request();
  EXPECT_TRUE(is_reply_to(request, tgs_reply(1)));
  EXPECT_TRUE(is_reply_to(request, test::error_reply(KrbErrc::KDC_ERR_POLICY)));
  EXPECT_FALSE(is_reply_to(as_request, tgs_reply(1)));
  EXPECT_FALSE(is_reply_to(request, {}));
  Buffer trailing = tgs_reply(1);
  trailing.push_back(0);
  EXPECT_FALSE(is_reply_to(request, trailing));
  const Buffer error = test::error_reply(KrbErrc::KDC_ERR_POLICY);
  for (std::size_t size = 0; size < error.size(); ++size) EXPECT_FALSE(is_reply_to(request, Bytes(error).first(size)));
}

}  // namespace
}  // namespace stead
