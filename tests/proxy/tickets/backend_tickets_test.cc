// Two cores on two threads: which asks the KDC, on which thread, and which ticket each session gets.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <optional>

#include "tests/proxy/fake_client.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

class BackendTicketsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < 2; ++i) {
      clients.push_back(std::make_shared<test::FakeClient>());
      executors.push_back(loops[i].get_executor());
    }
    cores = make_backend_tickets(executors, {clients[0], clients[1]});
    for (std::size_t i = 0; i < 2; ++i) {
      work[i].emplace(loops[i].get_executor());
      threads[i] = std::thread([this, i] { loops[i].run(); });
    }
  }
  void TearDown() override { stop(); }
  // Joins the threads, so that the test may read the fakes.
  void stop() {
    for (std::size_t i = 0; i < 2; ++i) {
      work[i].reset();
      if (threads[i].joinable()) {
        ids.push_back(threads[i].get_id());
        threads[i].join();
      }
    }
  }
  template <class T>
  T on(std::size_t core, std::function<asio::awaitable<T>()> what) {
    return asio::co_spawn(loops[core], std::move(what), asio::use_future).get();
  }
  Outcome<TicketPtr> get(std::size_t core, const Session& session, const std::string& spn) {
    return on<Outcome<TicketPtr>>(core, [this, core, session, spn] { return cores[core]->get(session, spn); });
  }
  bool has(std::size_t core, const Session& session) {
    return on<bool>(core, [this, core, session] { return cores[core]->has_evidence(session); });
  }
  Outcome<std::string> keep(std::size_t core, const Session& session, const std::vector<std::uint8_t>& ticket) {
    return on<Outcome<std::string>>(
        core, [this, core, session, ticket] { return cores[core]->keep_evidence(session, ticket); });
  }
  void run(std::size_t core, std::function<void(BackendTickets&)> what) {
    on<void>(core, [this, core, what]() -> asio::awaitable<void> {
      what(*cores[core]);
      co_return;
    });
  }
  static Session session(const std::string& id, const std::string& user, SignInMethod method) {
    return {
        .id = id, .user = user, .method = method, .expires = std::chrono::system_clock::now() + std::chrono::hours(1)};
  }
  [[nodiscard]] std::size_t count(const std::string& call) const {
    std::size_t out = 0;
    for (const auto& client : clients) out += std::size_t(std::count(client->calls.begin(), client->calls.end(), call));
    return out;
  }

  asio::io_context loops[2]{asio::io_context{1}, asio::io_context{1}};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work[2];
  std::thread threads[2];
  std::vector<std::thread::id> ids;
  std::vector<asio::any_io_executor> executors;
  std::vector<std::shared_ptr<test::FakeClient>> clients;
  std::vector<std::shared_ptr<BackendTickets>> cores;
};

const std::string kSpn = "HTTP/reports.root.example";

TEST_F(BackendTicketsTest, OneCoreAsksForAUserWhicheverTheRequestCameTo) {
  for (const char* user : {"alice@A.EXAMPLE", "bob@A.EXAMPLE", "carol@A.EXAMPLE", "dave@A.EXAMPLE", "erin@A.EXAMPLE"})
    for (std::size_t core = 0; core < 2; ++core)
      for (int again = 0; again < 3; ++again) {
        const auto ticket = get(core, session("1", user, SignInMethod::forms), kSpn);
        ASSERT_TRUE(ticket);
        EXPECT_EQ((*ticket)->client(), user);
      }
  stop();
  for (std::size_t i = 0; i < 2; ++i)
    for (const auto& thread : clients[i]->threads)
      EXPECT_EQ(thread, ids[i]) << "a client was called from another core's thread";
  // The owner asks once for itself and once for the other core; both cache the ticket.
  EXPECT_EQ(count("ticket_for_user alice@A.EXAMPLE " + kSpn), 2u);
  for (const auto& call : clients[0]->calls)
    EXPECT_EQ(std::count(clients[1]->calls.begin(), clients[1]->calls.end(), call), 0) << call;
}

TEST_F(BackendTicketsTest, AfterAReloadNewClientsGoOnWithTheEvidenceOfSessions) {
  for (const auto& client : clients) client->tickets[{1, 2, 3}] = "alice@A.EXAMPLE";
  const Session alice = session("11", "alice@A.EXAMPLE", SignInMethod::kerberos);
  ASSERT_TRUE(keep(0, alice, {1, 2, 3}));
  std::vector<std::shared_ptr<Client>> next;
  for (std::size_t i = 0; i < 2; ++i) {
    clients.push_back(std::make_shared<test::FakeClient>());
    next.push_back(clients.back());
  }
  const TicketsOfCores before = std::exchange(cores, make_backend_tickets(executors, next, cores));
  for (std::size_t core = 0; core < 2; ++core) {
    EXPECT_TRUE(has(core, alice));
    const auto ticket = get(core, alice, kSpn);
    ASSERT_TRUE(ticket);
    EXPECT_EQ((*ticket)->client(), alice.user);
  }
  run(0, [&](BackendTickets& tickets) { tickets.forget(alice); });
  EXPECT_FALSE(has(0, alice));
  EXPECT_FALSE(on<bool>(0, [&] { return before[0]->has_evidence(alice); })) << "signed out, and there all the same";
}

TEST_F(BackendTicketsTest, AForwardedTgtIsNoEvidenceAndEvidenceNoForwardedTgt) {
  for (const auto& client : clients) {
    client->tickets[{1, 2, 3}] = "alice@A.EXAMPLE";
    client->forwarded[{4, 5, 6}] = "alice@A.EXAMPLE";
  }
  const Session evidence = session("11", "alice@A.EXAMPLE", SignInMethod::kerberos);
  Session forwarded = evidence;
  forwarded.forwarded_tgt = true;
  for (const bool tgt_first : {true, false}) {
    const auto kept = tgt_first ? keep(0, forwarded, {4, 5, 6}) : keep(1, evidence, {1, 2, 3});
    ASSERT_TRUE(kept);
    EXPECT_EQ(*kept, "alice@A.EXAMPLE");
    for (std::size_t core = 0; core < 2; ++core) {
      EXPECT_EQ(has(core, forwarded), tgt_first);
      EXPECT_EQ(has(core, evidence), !tgt_first);
      EXPECT_EQ(get(core, forwarded, kSpn).has_value(), tgt_first);
      EXPECT_EQ(get(core, evidence, kSpn).has_value(), !tgt_first);
    }
    EXPECT_FALSE(keep(0, forwarded, {9}));
    run(0, [&](BackendTickets& core) { core.forget(forwarded); });
    run(1, [&](BackendTickets& core) { core.forget(forwarded); });
    for (std::size_t core = 0; core < 2; ++core) EXPECT_FALSE(has(core, forwarded) || has(core, evidence));
  }
}

TEST_F(BackendTicketsTest, ATicketThatComesAgainIsReadOnce) {
  std::vector<std::uint8_t> long_one(100, 7), longer_one(101, 7);  // their ends are the same
  for (const auto& client : clients) {
    client->tickets[long_one] = "alice@A.EXAMPLE";
    client->tickets[longer_one] = "bob@A.EXAMPLE";
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*keep(0, session(std::to_string(i), "alice@A.EXAMPLE", SignInMethod::kerberos), long_one),
              "alice@A.EXAMPLE");
    EXPECT_TRUE(has(0, session(std::to_string(i), "alice@A.EXAMPLE", SignInMethod::kerberos)));
  }
  EXPECT_EQ(clients[0]->tickets_read + clients[1]->tickets_read, 1);
  EXPECT_EQ(*keep(0, session("b", "alice@A.EXAMPLE", SignInMethod::kerberos), longer_one), "bob@A.EXAMPLE")
      << "what its octets say, not its end";
  EXPECT_EQ(*keep(0, session("c", "alice@A.EXAMPLE", SignInMethod::kerberos), long_one), "alice@A.EXAMPLE");
  run(0, [&](BackendTickets& core) { core.forget(session("c", "alice@A.EXAMPLE", SignInMethod::kerberos)); });
  EXPECT_FALSE(has(0, session("c", "alice@A.EXAMPLE", SignInMethod::kerberos)));
}

TEST_F(BackendTicketsTest, KnowsWhatItNeedNotAskAnotherCoreFor) {
  for (const auto& client : clients) client->tickets[{1, 2, 3}] = "alice@A.EXAMPLE";
  const Session mine = session("11", "alice@A.EXAMPLE", SignInMethod::kerberos);
  const auto knows = [&](std::size_t core) {
    return on<bool>(core,
                    [this, core, mine]() -> asio::awaitable<bool> { co_return cores[core]->knows_evidence(mine); });
  };
  EXPECT_FALSE(knows(0) || knows(1));
  ASSERT_TRUE(keep(0, mine, {1, 2, 3}));
  EXPECT_NE(knows(0), knows(1)) << "the owner alone";
  EXPECT_TRUE(has(0, mine) && has(1, mine));
  EXPECT_TRUE(knows(0) && knows(1)) << "the other one has asked";
  for (std::size_t core = 0; core < 2; ++core) run(core, [&](BackendTickets& tickets) { tickets.forget(mine); });
  EXPECT_FALSE(knows(0) || knows(1));
}

TEST_F(BackendTicketsTest, AKerberosSessionHasItsOwnEvidenceOrNothing) {
  for (const auto& client : clients) client->tickets[{1, 2, 3}] = "alice@A.EXAMPLE";
  const Session mine = session("11", "alice@A.EXAMPLE", SignInMethod::kerberos),
                other = session("22", "alice@A.EXAMPLE", SignInMethod::kerberos);
  for (std::size_t core = 0; core < 2; ++core) {
    EXPECT_FALSE(has(core, mine));
    const auto ticket = get(core, mine, kSpn);
    ASSERT_FALSE(ticket);
    EXPECT_EQ(ticket.error().kind, FailureKind::unusable);
  }
  const auto kept = keep(0, mine, {1, 2, 3});
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, "alice@A.EXAMPLE");
  for (std::size_t core = 0; core < 2; ++core) {
    EXPECT_TRUE(has(core, mine));
    EXPECT_TRUE(get(core, mine, kSpn));
    EXPECT_FALSE(has(core, other));
    EXPECT_FALSE(get(core, other, kSpn)) << "another session of the same user";
  }
  stop();
  EXPECT_EQ(count("ticket_for_user alice@A.EXAMPLE " + kSpn), 0u) << "S4U2Self in the place of the client's own ticket";
}

TEST_F(BackendTicketsTest, EvidenceThatOurKeysDoNotOpenIsRefused) {
  const auto kept = keep(1, session("11", "alice@A.EXAMPLE", SignInMethod::kerberos), {9, 9});
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, FailureKind::rejected);
}

TEST_F(BackendTicketsTest, ATicketInAnotherNameIsNeverHandedOut) {
  for (const auto& client : clients) {
    client->named["alice@A.EXAMPLE"] = "mallory@A.EXAMPLE";
    client->tickets[{1}] = "alice@A.EXAMPLE";
  }
  const Session forms = session("1", "alice@A.EXAMPLE", SignInMethod::forms),
                kerberos = session("2", "alice@A.EXAMPLE", SignInMethod::kerberos);
  ASSERT_TRUE(keep(0, kerberos, {1}));
  for (std::size_t core = 0; core < 2; ++core)
    for (const Session& one : {forms, kerberos}) {
      const auto ticket = get(core, one, kSpn);
      ASSERT_FALSE(ticket);
      EXPECT_EQ(ticket.error().kind, FailureKind::rejected);
    }
}

TEST_F(BackendTicketsTest, ADroppedTicketIsAskedForAnewAtOnce) {
  const Session one = session("1", "alice@A.EXAMPLE", SignInMethod::forms);
  for (std::size_t core = 0; core < 2; ++core) {
    ASSERT_TRUE(get(core, one, kSpn));
    // Drop and get without a suspension between them: nothing else runs on this core.
    const auto again = on<Outcome<TicketPtr>>(core, [this, core, one] {
      cores[core]->drop(one, kSpn);
      return cores[core]->get(one, kSpn);
    });
    ASSERT_TRUE(again);
  }
  stop();
  std::size_t forgotten = 0;
  for (const auto& client : clients) {
    std::vector<std::string> order;
    for (const auto& call : client->calls) order.push_back(call.substr(0, call.find(' ')));
    if (order.empty()) continue;
    EXPECT_EQ(order, (std::vector<std::string>{"ticket_for_user", "forget_user", "ticket_for_user", "ticket_for_user",
                                               "forget_user", "ticket_for_user"}));
    ++forgotten;
  }
  EXPECT_EQ(forgotten, 1u);
}

TEST_F(BackendTicketsTest, SigningOutTakesTheEvidenceAway) {
  for (const auto& client : clients) client->tickets[{1}] = "alice@A.EXAMPLE";
  const Session one = session("1", "alice@A.EXAMPLE", SignInMethod::kerberos);
  for (std::size_t core = 0; core < 2; ++core) {
    ASSERT_TRUE(keep(core, one, {1}));
    ASSERT_TRUE(get(core, one, kSpn));
    run(core, [&](BackendTickets& tickets) { tickets.forget(one); });
    EXPECT_FALSE(has(core, one));
    EXPECT_FALSE(get(core, one, kSpn));
  }
}

TEST_F(BackendTicketsTest, ManyRequestsOnBothCoresAtOnce) {
  for (const auto& client : clients)
    for (std::uint8_t i = 0; i < 20; ++i) client->tickets[{i}] = "user" + std::to_string(i) + "@A.EXAMPLE";
  std::vector<std::future<bool>> done;
  for (std::uint8_t i = 0; i < 20; ++i)
    for (std::size_t core = 0; core < 2; ++core) {
      const Session one =
          session("s" + std::to_string(i), "user" + std::to_string(i) + "@A.EXAMPLE", SignInMethod::kerberos);
      std::function<asio::awaitable<bool>()> story = [this, core, one, i]() -> asio::awaitable<bool> {
        std::vector<std::uint8_t> ticket_der(1, i);
        auto kept = co_await cores[core]->keep_evidence(one, std::move(ticket_der));
        bool good = kept.has_value();
        for (int n = 0; n < 50; ++n) {
          const bool there = co_await cores[core]->has_evidence(one);
          auto ticket = co_await cores[core]->get(one, kSpn);
          good = good && there && ticket && (*ticket)->client() == one.user;
          if (n % 10 == 9) cores[core]->drop(one, kSpn);
        }
        co_return good;
      };
      done.push_back(asio::co_spawn(loops[core], std::move(story), asio::use_future));
    }
  for (auto& one : done) EXPECT_TRUE(one.get());
}

}  // namespace
}  // namespace stead::proxy
