// Each call of stead/s4u.h that is awaited, by callers who have no coroutine: futures and completion handlers.
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "sspi_shim/client/s4u_client.h"
#include "tests/client/one_realm.h"

namespace stead {
namespace {

class ClientFutures : public testing::Test {
 protected:
  ClientFutures() {
    options_.principal = "HTTP/front.a@A";
    options_.allow_proxy_credentials = true;
    client_ = std::make_shared<S4uClient>(io_.get_executor(), options_, *parse_principal(options_.principal),
                                          std::vector<Key>{key_}, realm_, realm_);
  }
  template <class T>
  T get(asio::awaitable<T> call) {
    std::future<T> out = asio::co_spawn(io_, std::move(call), asio::use_future);
    const auto busy = asio::make_work_guard(io_);
    io_.restart();
    while (out.wait_for(std::chrono::seconds(0)) != std::future_status::ready) io_.run_one();
    return out.get();
  }

  asio::io_context io_{1};
  ClientOptions options_;
  Key key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::shared_ptr<OneRealm> realm_ = std::make_shared<OneRealm>(key_);
  std::shared_ptr<Client> client_;
};

TEST_F(ClientFutures, EachCallGivesOne) {
  const Outcome<Identity> alice = get(client_->user("alice"));
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->principal(), "alice@A");
  EXPECT_EQ(get(client_->user_by_certificate({0x30}))->principal(), "carol@A");
  EXPECT_EQ(get(client_->user_within_logon_hours("bob"))->principal(), "bob@A");
  EXPECT_EQ(*get(client_->check_password("alice", OneRealm::kPassword)), "alice@A");
  EXPECT_EQ(get(client_->user_by_password("alice", OneRealm::kPassword))->principal(), "alice@A");
  EXPECT_EQ(get(client_->self())->principal(), "HTTP/front.a@A");
  EXPECT_EQ((*get(client_->ticket_for(*alice, "HTTP/back.a")))->client(), "alice@A");
  EXPECT_EQ(
      (*get(client_->ticket_for(*alice, "HTTP/back.a", TicketOptions{.deadline = std::chrono::seconds(5)})))->client(),
      "alice@A");
  EXPECT_EQ((*get(client_->ticket_past_refusal(*alice, "HTTP/back.a")))->client(), "alice@A");
  EXPECT_EQ((*get(client_->ticket_for_user("bob", "HTTP/back.a")))->client(), "bob@A");
  EXPECT_FALSE(get(client_->token_for(*alice, "HTTP/back.a"))->token.empty());
  EXPECT_EQ((*get(client_->proxy_credential(*alice)))->client(), "alice@A");
  EXPECT_EQ(get(client_->locate("A", "")).error().kind, FailureKind::refused) << "OneRealm locates none";
  EXPECT_FALSE(get(client_->find_controller("A", {})));
}

TEST_F(ClientFutures, AHandlerIsCalledWithTheOutcome) {
  std::string told;
  asio::co_spawn(io_, client_->user("alice"), [&](const std::exception_ptr& stray, Outcome<Identity> who) {
    told = stray ? "stray" : who->principal();
  });
  asio::co_spawn(io_, client_->user("nobody"), [&](const std::exception_ptr& stray, const Outcome<Identity>& who) {
    if (!stray && !who) told += ", " + who.error().text;
  });
  io_.run();
  EXPECT_EQ(told.substr(0, 9), "alice@A, ");
}

// What a handler is given where a coroutine threw.
TEST_F(ClientFutures, NobodyIsNamelessAndGetsNothing) {
  const Identity nobody;
  EXPECT_EQ(nobody.principal(), "");
  EXPECT_FALSE(nobody.by_s4u2self());
  EXPECT_EQ(nobody.end_time(), std::chrono::sys_seconds{});
  EXPECT_TRUE(nobody.trace().steps.empty());
  EXPECT_EQ(get(client_->ticket_for(nobody, "HTTP/back.a")).error().kind, FailureKind::unusable);
  EXPECT_EQ(get(client_->ticket_past_refusal(nobody, "HTTP/back.a")).error().kind, FailureKind::unusable);
  EXPECT_EQ(get(client_->token_for(nobody, "HTTP/back.a")).error().kind, FailureKind::unusable);
  EXPECT_EQ(get(client_->proxy_credential(nobody)).error().kind, FailureKind::unusable);
  EXPECT_EQ(client_->statistics().as_exchanges, 0u) << "nobody was asked";
}

}  // namespace
}  // namespace stead
