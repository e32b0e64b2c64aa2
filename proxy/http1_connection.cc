#include "proxy/http1_connection.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "proxy/serve/serve_request.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr Violation kNotAList{400, "Connection or Proxy-Connection is not a list of tokens"};

// For a client that sends on behind the answer: it may read the answer only when it has sent everything.
constexpr Linger kForARestOfABody{.time = std::chrono::seconds(10), .octets = 64 * 1024 * 1024};
}  // namespace

asio::awaitable<void> Http1Connection::run() {
  Then next = Then::next_request;
  while (next == Then::next_request) {
    if (buffer_.size() == 0) {
      if (core_.draining) break;
      begin_to_wait();
      const Error closed = co_await stream_.wait_readable();
      generation_ = core_.now;
      if (closed) break;
    }
    next = co_await serve();
  }
  connection_.place.set_waiting(true);
  if (next == Then::finish) co_await stream_.finish(buffer_, linger());
}

Linger Http1Connection::linger() const {
  return body_remains_ && !core_.draining ? kForARestOfABody : Linger{};
}

bool Http1Connection::find_head(HeadSearch& search) {
  if (!search.skipped_line && buffer_.view().starts_with("\r\n")) {  // RFC 9112 §2.2 tolerates one empty line
    search.skipped_line = true;
    search.partial = {};
    buffer_.consume(2);
  }
  const std::size_t max = config().limits.header_bytes;
  const Violation too_long{431, "the head is too long"};
  const std::string_view bytes = buffer_.view();
  const std::size_t end = end_of_head(bytes, search.partial.searched());
  if (end != std::string_view::npos) {
    if (end > max) {
      search.violation = too_long;
      return true;
    }
    memory_.head_bytes.assign(bytes.substr(0, end));
    buffer_.consume(end);
    return true;
  }
  if (!bytes.empty()) search.violation = search.partial.check(bytes);
  if (!search.violation && buffer_.full() && buffer_.capacity() > 0) {
    if (buffer_.size() >= max)
      search.violation = too_long;
    else
      buffer_.grow(std::min(buffer_.capacity() * 2, max + 4));
  }
  return search.violation.has_value();
}

asio::awaitable<Http1Connection::Then> Http1Connection::read_head(Request& request) {
  HeadSearch search;
  while (!find_head(search)) {
    const bool idle = buffer_.size() == 0;
    if (idle && core_.draining) co_return Then::close;
    stream_.set_idle(idle);
    // One deadline covers the whole head, however slowly it arrives.
    if (idle) stream_.expire_reads_in(config().limits.idle_timeout);
    const auto [error, n] = co_await stream_.read_some(buffer_);
    buffer_.commit(n);
    stream_.set_idle(false);
    if (error && !idle && stream_.timed_out()) {
      stream_.forget_timeout();
      co_return co_await refuse(request, {408, "the head did not arrive in time"});
    }
    if (error) co_return idle && !stream_.timed_out() ? Then::finish : Then::close;
    if (idle) stream_.cancel_reads_in(config().limits.header_timeout);
  }
  if (search.violation) co_return co_await refuse(request, *search.violation);
  stream_.expect_nothing();
  if (const auto violation = check_request_head(memory_.head_bytes)) co_return co_await refuse(request, *violation);
  if (!parse_request_head(memory_.head_bytes, request.head)) co_return co_await refuse(request, kNotAList);
  if (request.head.several_authorizations) co_return co_await refuse(request, {400, "more than one Authorization"});
  co_return Then::next_request;
}

// An idle connection has no request, no buffers and no configuration.
void Http1Connection::begin_to_wait() {
  connection_.place.set_waiting(true);
  stream_.set_idle(true);
  stream_.expire_reads_in(config().limits.idle_timeout);
  buffer_.release_if_empty();
  memory_.release_large();
  stream_.release_memory();
  generation_.reset();
}

asio::awaitable<Http1Connection::Then> Http1Connection::refuse(Request& request, Violation violation) {
  Http1Exchange exchange(connection_, config().limits, request.head, memory_.out);
  RequestService service(connection_, *generation_, nullptr, request, exchange);
  co_await service.refuse(violation);
  co_return exchange.then();
}

asio::awaitable<Http1Connection::Then> Http1Connection::serve() {
  body_remains_ = true;
  if (generation_ != core_.now) generation_ = core_.now;
  Request request(memory_);
  connection_.place.set_waiting(true);
  const Then head = co_await read_head(request);
  connection_.place.set_waiting(false);
  if (head != Then::next_request) co_return head;
  begin_request(core_, request);
  request.resolve_target();
  if (request.head.http_1_0) request.version = ClientVersion::http_1_0;
  Http1Exchange exchange(connection_, config().limits, request.head, memory_.out);
  RequestService service(connection_, *generation_, &negotiation_, request, exchange);
  co_await service.run();
  if (exchange.then() == Then::next_request && !exchange.body_ended()) co_await exchange.drop_rest();
  body_remains_ = !exchange.body_ended();
  exchange.release_body();
  co_return exchange.then();
}

}  // namespace stead::proxy
