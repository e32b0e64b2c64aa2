#include "proxy/http2/connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "proxy/observe/log_exception.h"
#include "proxy/serve/serve_request.h"
#include "proxy/upstream/side_task.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kBlock = 64 * 1024;  // that is written at once
constexpr std::size_t kMaxSpare = 8;
constexpr std::chrono::milliseconds kRequestsUnderWay{500};  // between the two GOAWAY of a drain
}  // namespace

Http2Options http2_options(const Limits& limits) {
  return {
      .streams = limits.http2_streams,
      .stream_window = limits.http2_stream_window,
      .connection_window = std::max<std::size_t>(limits.http2_stream_window * 8, 65535),
      .header_bytes = limits.header_bytes,
      .floods = {.resets_per_minute = limits.http2_resets_per_minute, .header_block_octets = 4 * limits.header_bytes}};
}

// Counts itself among the connection's coroutines.
class Http2Connection::Serving {
 public:
  explicit Serving(std::shared_ptr<Http2Connection> connection) : connection_(std::move(connection)) {
    if (connection_->serving_++ == 0) connection_->connection_.place.set_waiting(false);
    connection_->set_read_deadline();
  }
  ~Serving() {
    if (--connection_->serving_ > 0) return;
    connection_->connection_.place.set_waiting(true);
    connection_->set_read_deadline();
    connection_->ended_timer_.cancel();
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

 private:
  const std::shared_ptr<Http2Connection> connection_;
};

Http2Connection::Http2Connection(std::unique_ptr<ClientConnection> connection)
    : owned_(std::move(connection)),
      connection_(*owned_),
      core_(connection_.core),
      max_serving_(2 * core_.now->config().limits.http2_streams),
      session_(http2_options(core_.now->config().limits), *this),
      shared_{.executor = core_.io.get_executor(), .session = session_, .write = [this] { write_soon(); }},
      write_timer_(core_.io, asio::steady_timer::time_point::max()),
      ended_timer_(core_.io, asio::steady_timer::time_point::max()),
      drain_timer_(core_.io) {
  core_.drain_listeners.push_back(*this);
}

asio::awaitable<void> Http2Connection::run() {
  SideTask writer(core_.io.get_executor());
  writer.start(write_all());
  if (core_.draining) begin_drain();
  std::exception_ptr problem;
  try {
    co_await read_all();
  } catch (...) {
    problem = std::current_exception();
  }
  // Streams end now: their clients have left, or GOAWAY said that they are not served.
  const bool in_order = !broken_ && connection_.stream.is_open();
  session_.lose();
  drain_timer_.cancel();
  while (serving_ > 0) (void)co_await ended_timer_.async_wait(as_result);
  reading_ = false;
  write_timer_.cancel();
  co_await writer.wait();
  if (problem) std::rethrow_exception(problem);
  connection_.place.set_waiting(true);
  if (in_order && connection_.stream.is_open()) co_await connection_.stream.finish(connection_.buffer);
}

// --- reading --------------------------------------------------------------------------------------------------------

void Http2Connection::set_read_deadline() {
  const Limits& limits = core_.now->config().limits;
  Stream& stream = connection_.stream;
  const Clock::time_point now = Clock::now();
  if (!session_.in_header_block())
    block_began_ = {};
  else if (block_began_ == Clock::time_point{})
    block_began_ = now;
  if (session_.in_header_block())
    stream.cancel_reads_in(
        std::chrono::duration_cast<std::chrono::milliseconds>(block_began_ + limits.header_timeout - now));
  else if (serving_ == 0)
    stream.cancel_reads_in(limits.idle_timeout);
  else
    stream.expect_no_read();
}

asio::awaitable<void> Http2Connection::read_all() {
  Stream& stream = connection_.stream;
  ReadBuffer& buffer = connection_.buffer;
  stream.cancel_reads_in(core_.now->config().limits.header_timeout);  // for the client's preface
  while (!session_.is_over()) {
    if (serving_ == 0 && buffer.size() == 0) {
      buffer.release_if_empty();
      stream.release_memory();
      const Error closed = co_await stream.wait_readable();
      if (closed) {
        if (stream.timed_out()) say_goodbye();
        co_return;
      }
    }
    const auto [error, n] = co_await stream.read_some(buffer);
    buffer.commit(n);
    if (error) {
      if (stream.timed_out()) say_goodbye();
      co_return;
    }
    const bool goes_on = session_.feed(buffer.view(), Clock::now());
    // A form has a password. Only here nobody reads into the buffer.
    wipe(const_cast<char*>(buffer.view().data()), buffer.size());
    buffer.consume(buffer.size());
    if (!session_.flood().empty()) report_flood();
    write_soon();
    if (!goes_on) co_return;
    set_read_deadline();
  }
}

// The client was idle, or slow.
void Http2Connection::say_goodbye() {
  connection_.stream.forget_timeout();
  session_.end();
  write_soon();
}

void Http2Connection::report_flood() const {
  core_.metrics.http2_floods.add();
  spdlog::warn("the HTTP/2 connection of {} was closed: too many {}", connection_.remote, session_.flood());
}

void Http2Connection::malformed_frame() {
  core_.metrics.malformed_requests.add();
}

// --- writing --------------------------------------------------------------------------------------------------------

void Http2Connection::write_soon() {
  if (pending_.size() < kBlock) session_.collect(pending_, kBlock);
  if (writer_waits_ && !pending_.empty()) write_timer_.cancel();
}

asio::awaitable<void> Http2Connection::write_all() {
  Stream& stream = connection_.stream;
  while (true) {
    writing_.clear();
    writing_.swap(pending_);
    if (writing_.size() < kBlock) session_.collect(writing_, kBlock);
    if (writing_.empty()) {
      if (!reading_) co_return;
      // The end of a session that is over is for the reader to see, which waits for octets.
      if (session_.is_over()) stream.cancel();
      if (serving_ == 0) release_memory();
      writer_waits_ = true;
      (void)co_await write_timer_.async_wait(as_result);
      writer_waits_ = false;
      continue;
    }
    stream.expire_writes_in(core_.now->config().limits.body_idle_timeout);
    const Error error = co_await stream.write(writing_);
    if (!error) continue;
    broken_ = true;
    stream.close();
    co_return;
  }
}

// An idle connection keeps little.
void Http2Connection::release_memory() {
  constexpr std::size_t kKept = 1024;
  for (std::string* const octets : {&writing_, &pending_})
    if (octets->empty() && octets->capacity() > kKept) std::string().swap(*octets);
}

// --- streams --------------------------------------------------------------------------------------------------------

void Http2Connection::request_arrived(Http2StreamPtr stream) {
  if (serving_ >= max_serving_) {
    session_.reset(*stream, NGHTTP2_REFUSED_STREAM);
    return;
  }
  asio::co_spawn(core_.io, serve(std::move(stream), std::make_unique<Serving>(shared_from_this())),
                 LogException{"a request over HTTP/2"});
}

asio::awaitable<void> Http2Connection::serve(Http2StreamPtr stream, std::unique_ptr<Serving>) {
  if (stream->closed) co_return;
  const std::shared_ptr<Generation> generation = core_.now;
  Memory memory;
  if (spare_.empty()) {
    memory = std::make_unique<RequestMemory>();
  } else {
    memory = std::move(spare_.back());
    spare_.pop_back();
  }
  {
    Request request(*memory);
    request.version = ClientVersion::http_2;
    const auto violation = stream->fields.finish(stream->body, memory->head_bytes, request.head);
    begin_request(core_, request);
    Http2Exchange exchange(shared_, generation->config().limits, *stream, request.head, memory->out);
    RequestService service(connection_, *generation, nullptr, request, exchange);
    if (violation) {
      co_await service.refuse(*violation);
    } else {
      request.resolve_target();
      co_await service.run();
    }
    co_await exchange.finish();
  }
  memory->release_large();
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(memory));
}

// --- draining -------------------------------------------------------------------------------------------------------

void Http2Connection::begin_drain() {
  session_.announce_end();
  write_soon();
  asio::co_spawn(core_.io, end_drain(),
                 [serving = std::make_shared<Serving>(shared_from_this())](const std::exception_ptr&) {});
}

asio::awaitable<void> Http2Connection::end_drain() {
  drain_timer_.expires_after(kRequestsUnderWay);
  const auto [error] = co_await drain_timer_.async_wait(as_result);
  if (error) co_return;
  session_.end();
  write_soon();
}

}  // namespace stead::proxy
