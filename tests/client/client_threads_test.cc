// One client called from many threads. What this is for is the tsan preset.
#include <gtest/gtest.h>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sspi_shim/client/s4u_client.h"
#include "tests/client/one_realm.h"

namespace stead {
namespace {

constexpr int kThreads = 16;

class ClientThreads : public testing::Test {
 protected:
  ClientThreads() {
    options_.principal = "HTTP/front.a@A";
    realm_ = std::make_shared<OneRealm>(key_);
    client_ = std::make_shared<S4uClient>(io_.get_executor(), options_, *parse_principal(options_.principal),
                                          std::vector<Key>{key_}, realm_, realm_);
  }
  // Runs `work(thread, its io_context)` on each thread, then what it left to do.
  void on_threads(const std::function<void(int, asio::io_context&)>& work) {
    auto busy = asio::make_work_guard(io_);
    std::thread own([this] { io_.run(); });
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&work, i] {
        asio::io_context io(1);
        work(i, io);
        io.restart();
        io.run();
      });
    }
    for (auto& thread : threads) thread.join();
    busy.reset();
    own.join();
  }

  asio::io_context io_{1};
  ClientOptions options_;
  Key key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::shared_ptr<OneRealm> realm_;
  std::shared_ptr<S4uClient> client_;
};

TEST_F(ClientThreads, ShareOneExchange) {
  std::atomic<int> served{0};
  on_threads([&](int, asio::io_context& io) {
    for (int i = 0; i < 1008 / kThreads; ++i) {
      asio::co_spawn(io, client_->ticket_for_user("alice", "HTTP/back.a"),
                     [&](std::exception_ptr, Outcome<TicketPtr> got) {
                       if (got && (*got)->client() == "alice@A") ++served;
                     });
    }
  });
  EXPECT_EQ(served, 1008);
  const auto numbers = client_->statistics();
  EXPECT_EQ(numbers.as_exchanges, 1u);
  EXPECT_EQ(numbers.s4u2self_exchanges, 1u);
  EXPECT_EQ(numbers.s4u2proxy_exchanges, 1u);
}

TEST_F(ClientThreads, MayBeCancelledAtAnyTime) {
  std::atomic<int> ended{0}, wrong{0};
  constexpr int kCalls = 300;
  on_threads([&](int thread, asio::io_context& io) {
    for (int i = 0; i < kCalls; ++i) {
      const std::string user = "user" + std::to_string((thread + i) % 7);
      const auto cancel = std::make_shared<asio::cancellation_signal>();
      auto work = client_->ticket_for_user(user, "HTTP/back" + std::to_string(i % 5) + ".a");
      asio::co_spawn(io, std::move(work),
                     asio::bind_cancellation_slot(
                         cancel->slot(), [&, user, cancel](std::exception_ptr failed, Outcome<TicketPtr> got) {
                           ++ended;
                           const bool cancelled = failed || (!got && got.error().kind == FailureKind::cancelled);
                           if (!cancelled && !(got && (*got)->client() == user + "@A")) ++wrong;
                         }));
      if (i % 3 == 0) asio::post(io, [cancel] { cancel->emit(asio::cancellation_type::terminal); });
      if (i % 50 == 7) client_->forget_user(user + "@A");
      if (i % 20 == 0) (void)client_->statistics();
      io.restart();
      io.poll();
    }
  });
  EXPECT_EQ(ended, kThreads * kCalls);
  EXPECT_EQ(wrong, 0);
}

TEST_F(ClientThreads, AJoinersCancellationLeavesTheFetch) {
  std::atomic<int> served{0}, cancelled{0};
  on_threads([&](int thread, asio::io_context& io) {
    for (int i = 0; i < 60; ++i) {
      const auto cancel = std::make_shared<asio::cancellation_signal>();
      asio::co_spawn(
          io, client_->ticket_for_user("alice", "HTTP/back.a"),
          asio::bind_cancellation_slot(cancel->slot(), [&, cancel](std::exception_ptr failed, Outcome<TicketPtr> got) {
            !failed&& got ? ++served : ++cancelled;
          }));
      if (thread % 2 == 0) asio::post(io, [cancel] { cancel->emit(asio::cancellation_type::all); });
    }
  });
  EXPECT_EQ(served + cancelled, kThreads * 60);
  EXPECT_GE(served, kThreads / 2 * 60);
  EXPECT_EQ(client_->statistics().s4u2proxy_exchanges, 1u);
}

TEST_F(ClientThreads, HearEventsLookIntoTheCacheAndKeepTheirOwnDeadlines) {
  std::atomic<int> hits{0}, told{0}, served{0}, late{0};
  options_.on_event = [&](const Event& event) {
    if (event.kind == EventKind::cache_hit) ++hits;
    if (!to_text(event).empty()) ++told;
  };
  client_ = std::make_shared<S4uClient>(io_.get_executor(), options_, *parse_principal(options_.principal),
                                        std::vector<Key>{key_}, realm_, realm_);
  const auto work = [&](int thread) -> asio::awaitable<void> {
    Client& client = *client_;
    const std::string user = "user" + std::to_string(thread % 4);
    for (int i = 0; i < 40; ++i) {
      auto asked = i % 10 == 9 ? client.self() : client.user(user);
      Outcome<Identity> who = co_await std::move(asked);
      TicketOptions options;
      options.deadline = std::chrono::milliseconds(i % 4 == 0 ? 1 : 10000);
      const std::string service = "HTTP/back" + std::to_string(i % 5) + ".a";
      Outcome<TicketPtr> got = co_await client.ticket_for(*who, service, options);
      got ? ++served : ++late;
      if (client.cache_view(user + "@A").tickets > 1000) ++late;
    }
  };
  on_threads([&](int thread, asio::io_context& io) { asio::co_spawn(io, work(thread), asio::detached); });
  EXPECT_EQ(served + late, kThreads * 40);
  EXPECT_GT(served, kThreads * 20);
  EXPECT_GT(hits, 0);
  EXPECT_GT(told, hits.load());
}

TEST_F(ClientThreads, FindPasswordsAndControllersToo) {
  std::atomic<int> answered{0};
  on_threads([&](int, asio::io_context& io) {
    for (int i = 0; i < 5; ++i) {
      asio::co_spawn(io, client_->locate("A", "2012"), [&](std::exception_ptr, const Outcome<LocatedController>& got) {
        if (!got) ++answered;
      });
      asio::co_spawn(io, client_->check_password("alice", "wrong"),
                     [&](std::exception_ptr, const Outcome<std::string>& got) {
                       if (!got) ++answered;
                     });
    }
  });
  EXPECT_EQ(answered, kThreads * 10);
}

}  // namespace
}  // namespace stead
