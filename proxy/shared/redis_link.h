#pragma once
// One connection to a Redis server, made again whenever it is lost. Commands are sent at once, one behind the other, and
// their replies come in the same order. Everything runs on one executor.
//
// The connection counts as lost when it is closed, when what arrives is no RESP2, or when a reply takes longer than
// kReplyTime; the next one is tried after 0.1 to 5 seconds.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/values/redis_address.h"
#include "proxy/http/stream.h"
#include "proxy/shared/redis_reply.h"

namespace stead::proxy {

class RedisLink : public std::enable_shared_from_this<RedisLink> {
 public:
  static constexpr std::chrono::seconds kReplyTime{2};
  static constexpr std::size_t kMaxWaiting = 10'000;  // commands without a reply

  struct Events {
    std::function<void()> up;
    std::function<void(const std::string& why)> down;          // also after a try that failed
    std::function<void(const RedisReply& message)> published;  // after SUBSCRIBE: ["message", CHANNEL, TEXT]
  };
  // `tls`: null for an address without TLS.
  RedisLink(boost::asio::any_io_executor executor, RedisAddress address, std::shared_ptr<boost::asio::ssl::context> tls,
            Events events);

  void start();
  void stop();
  [[nodiscard]] bool is_up() const { return up_; }

  // Calls `done` with the reply, or with null if the connection is lost before, is not up, or has too many commands that
  // wait.
  using Done = std::function<void(const RedisReply* reply)>;
  void send(const std::vector<std::string_view>& arguments, Done done);

 private:
  struct Waiting {
    Done done;
    Clock::time_point since;
  };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<std::string> use_one_connection();  // until it is lost; returns why
  boost::asio::awaitable<Checked<void>> connect();
  boost::asio::awaitable<Checked<void>> connect_tcp();
  boost::asio::awaitable<Checked<void>> greet();
  boost::asio::awaitable<Checked<void>> ask(const std::vector<std::string_view>& arguments);
  boost::asio::awaitable<Checked<RedisReply>> next_reply();
  void flush();
  boost::asio::awaitable<void> write_all();
  boost::asio::awaitable<void> tick();
  void take(const RedisReply& reply);
  void lose_all_waiting();

  boost::asio::any_io_executor executor_;
  const RedisAddress address_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  const Events events_;
  Watchdog watchdog_;
  boost::asio::steady_timer pause_, ticker_;
  std::shared_ptr<Stream> stream_;
  ReadBuffer buffer_;
  std::unique_ptr<RedisReader> reader_;
  std::deque<Waiting> waiting_;
  std::string to_write_;
  Clock::time_point last_sent_{};
  bool up_ = false, writing_ = false, stopped_ = false;
};

}  // namespace stead::proxy
