#include "proxy/shared/redis_link.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/observe/log_exception.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::chrono::milliseconds kTick{250}, kFirstPause{100}, kLongestPause{5000}, kConnectTime{3000};
constexpr std::chrono::seconds kPingAfter{5};

Problem failed(const std::string& what) {
  return {.message = what, .where = {}, .fix = {}};
}

}  // namespace

RedisLink::RedisLink(asio::any_io_executor executor, RedisAddress address, std::shared_ptr<asio::ssl::context> tls,
                     Events events)
    : executor_(std::move(executor)),
      address_(std::move(address)),
      tls_(std::move(tls)),
      events_(std::move(events)),
      pause_(executor_),
      ticker_(executor_) {}

void RedisLink::start() {
  asio::co_spawn(executor_, [self = shared_from_this()] { return self->run(); }, log_exception);
  asio::co_spawn(executor_, [self = shared_from_this()] { return self->tick(); }, log_exception);
}

void RedisLink::stop() {
  stopped_ = true;
  if (stream_) stream_->close();
  pause_.cancel();
  ticker_.cancel();
}

asio::awaitable<void> RedisLink::run() {
  auto pause = kFirstPause;
  while (!stopped_) {
    const std::string why = co_await use_one_connection();
    const bool was_up = std::exchange(up_, false);
    if (stream_) stream_->close();
    lose_all_waiting();
    if (stopped_) co_return;
    events_.down(why);
    pause = was_up ? kFirstPause : std::min(pause * 2, kLongestPause);
    pause_.expires_after(pause);
    (void)co_await pause_.async_wait(as_result);
  }
}

asio::awaitable<std::string> RedisLink::use_one_connection() {
  reader_ = std::make_unique<RedisReader>();
  buffer_ = ReadBuffer();
  to_write_.clear();
  const Checked<void> connected = co_await connect();
  if (!connected) co_return to_string(connected.error());
  const Checked<void> greeted = co_await greet();
  if (!greeted) co_return to_string(greeted.error());
  up_ = true;
  events_.up();
  while (true) {
    stream_->expect_no_read();
    const Checked<RedisReply> reply = co_await next_reply();
    if (!reply) co_return to_string(reply.error());
    take(*reply);
  }
}

asio::awaitable<Checked<void>> RedisLink::connect() {
  if (address_.host.empty()) {
    asio::local::stream_protocol::socket local(executor_);
    const asio::local::stream_protocol::endpoint path(address_.socket);
    const auto [error] = co_await local.async_connect(path, as_result);
    if (error) co_return failed(error.message());
    // A stream of octets like any other.
    asio::ip::tcp::socket socket(executor_);
    Error assigned;
    socket.assign(asio::ip::tcp::v4(), local.release(), assigned);
    if (assigned) co_return failed(assigned.message());
    stream_ = std::make_shared<Stream>(std::move(socket), watchdog_);
    co_return Checked<void>();
  }
  const Checked<void> connected = co_await connect_tcp();
  if (!connected || !tls_) co_return connected;
  stream_->expire_reads_in(kConnectTime);
  const std::string name = address_.host.find(':') == std::string::npos ? address_.host : "[" + address_.host + "]";
  const Error error = co_await stream_->connect_tls(*tls_->native_handle(), name, Stream::VerifyPeer::yes);
  if (error) co_return failed("TLS: " + error.message());
  co_return Checked<void>();
}

asio::awaitable<Checked<void>> RedisLink::connect_tcp() {
  using asio::experimental::awaitable_operators::operator||;
  asio::ip::tcp::resolver resolver(executor_);
  asio::ip::tcp::socket socket(executor_);
  asio::steady_timer deadline(executor_, kConnectTime);
  std::string why;
  auto attempt = [&]() -> asio::awaitable<void> {
    const auto [not_found, found] = co_await resolver.async_resolve(address_.host, std::to_string(address_.port),
                                                                    asio::as_tuple(asio::use_awaitable));
    if (not_found) {
      why = not_found.message();
      co_return;
    }
    const auto [error, at] = co_await asio::async_connect(socket, found, asio::as_tuple(asio::use_awaitable));
    if (error) why = error.message();
  };
  auto limit = [&]() -> asio::awaitable<void> {
    (void)co_await deadline.async_wait(asio::as_tuple(asio::use_awaitable));
  };
  auto both = attempt() || limit();
  const auto first = co_await std::move(both);
  if (first.index() == 1) why = "no answer in 3 seconds";
  if (!why.empty()) co_return failed(why);
  stream_ = std::make_shared<Stream>(std::move(socket), watchdog_);
  co_return Checked<void>();
}

// AUTH and SELECT, where the address has them.
asio::awaitable<Checked<void>> RedisLink::greet() {
  stream_->expire_reads_in(kReplyTime);
  if (!address_.password.empty()) {
    std::vector<std::string_view> command{"AUTH"};
    if (!address_.user.empty()) command.emplace_back(address_.user);
    command.emplace_back(address_.password);
    const Checked<void> asked = co_await ask(command);
    if (!asked) co_return asked;
  }
  if (address_.database != 0) {
    const std::string database = std::to_string(address_.database);
    const std::vector<std::string_view> command{"SELECT", database};
    const Checked<void> asked = co_await ask(command);
    if (!asked) co_return asked;
  }
  const std::vector<std::string_view> ping{"PING"};
  co_return co_await ask(ping);
}

asio::awaitable<Checked<void>> RedisLink::ask(const std::vector<std::string_view>& arguments) {
  const std::string command = redis_command(arguments);
  stream_->expire_writes_in(kReplyTime);
  const Error error = co_await stream_->write(command);
  if (error) co_return failed(error.message());
  const Checked<RedisReply> reply = co_await next_reply();
  if (!reply) co_return reply.error();
  if (reply->kind == RedisReply::Kind::error)
    co_return failed("the server refuses " + std::string(arguments.front()) + ": " + reply->text);
  co_return Checked<void>();
}

asio::awaitable<Checked<RedisReply>> RedisLink::next_reply() {
  while (true) {
    Checked<std::optional<RedisReply>> found = reader_->next();
    if (!found) co_return found.error();
    if (*found) co_return std::move(**found);
    const Error error = co_await stream_->read(buffer_);
    if (error) co_return failed(stream_->timed_out() ? "no reply in 2 seconds" : error.message());
    const Checked<void> fed = reader_->feed(buffer_.view());
    if (!fed) co_return fed.error();
    buffer_.consume(buffer_.size());
  }
}

void RedisLink::take(const RedisReply& reply) {
  const bool is_message =
      reply.kind == RedisReply::Kind::list && reply.list.size() == 3 && reply.list.front().text == "message";
  if (is_message && events_.published) return events_.published(reply);
  if (waiting_.empty()) return;  // nothing asked for it
  const Done done = std::move(waiting_.front().done);
  waiting_.pop_front();
  if (done) done(&reply);
}

void RedisLink::lose_all_waiting() {
  std::deque<Waiting> lost;
  lost.swap(waiting_);
  for (const Waiting& command : lost)
    if (command.done) command.done(nullptr);
}

void RedisLink::send(const std::vector<std::string_view>& arguments, Done done) {
  if (!up_ || waiting_.size() >= kMaxWaiting) {
    if (done) done(nullptr);
    return;
  }
  waiting_.push_back({std::move(done), Clock::now()});
  to_write_ += redis_command(arguments);
  last_sent_ = Clock::now();
  flush();
}

void RedisLink::flush() {
  if (!up_ || to_write_.empty() || std::exchange(writing_, true)) return;
  asio::co_spawn(
      executor_, [self = shared_from_this()] { return self->write_all(); },
      [self = shared_from_this()](const std::exception_ptr& problem) {
        self->writing_ = false;
        log_exception(problem);
        self->flush();  // what came for the next connection
      });
}

asio::awaitable<void> RedisLink::write_all() {
  const std::shared_ptr<Stream> stream = stream_;
  while (!to_write_.empty() && stream == stream_) {
    std::string now;
    now.swap(to_write_);
    stream->expire_writes_in(kReplyTime);
    const Error error = co_await stream->write(now);
    stream->expect_nothing();
    if (error) {
      stream->close();  // the reader notices, and begins anew
      co_return;
    }
  }
}

// Deadlines, and a question now and then on a connection that is silent.
asio::awaitable<void> RedisLink::tick() {
  while (!stopped_) {
    ticker_.expires_after(kTick);
    (void)co_await ticker_.async_wait(as_result);
    const auto now = Clock::now();
    watchdog_.sweep(now);
    if (!up_ || stopped_) continue;
    if (!waiting_.empty() && now - waiting_.front().since > kReplyTime)
      stream_->close();
    else if (waiting_.empty() && now - last_sent_ > kPingAfter)
      send({"PING"}, {});
  }
}

}  // namespace stead::proxy
