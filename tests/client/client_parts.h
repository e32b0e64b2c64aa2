#pragma once
// For tests of one part of the client: a context over OneRealm, whose clock the test advances.
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "sspi_shim/client/client_context.h"
#include "tests/client/one_realm.h"

namespace stead {

class ClientPartTest : public testing::Test {
 protected:
  ClientPartTest() {
    options_.principal = "HTTP/front.a@A";
    options_.ticket_life = std::chrono::seconds(0);  // to the end of the tickets
  }

  ClientContextPtr new_context() { return new_context({key_}); }
  ClientContextPtr new_context(std::vector<Key> keys, OwnKeys::Read read = {}) {
    return std::make_shared<ClientContext>(
        io_.get_executor(), options_, *parse_principal(options_.principal), std::move(keys), realm_, realm_,
        [this] { return std::chrono::system_clock::now() + ahead_; }, std::move(read));
  }
  // Time passes for the client and for the KDC.
  void advance(std::chrono::seconds by) {
    ahead_ += by;
    realm_->advance(by);
  }
  // Runs `work` to its end.
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> out;
    asio::co_spawn(io_, std::move(work), [&](const std::exception_ptr&, T got) { out = std::move(got); });
    const auto busy = asio::make_work_guard(io_);  // a password's key is derived on another thread
    io_.restart();
    while (!out) io_.run_one();
    return std::move(*out);
  }
  // Runs what is left to do in the background.
  void finish() {
    io_.restart();
    io_.run();
  }

  asio::io_context io_{1};
  ClientOptions options_;
  Key key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::shared_ptr<OneRealm> realm_ = std::make_shared<OneRealm>(key_);
  std::chrono::seconds ahead_{0};
};

}  // namespace stead
