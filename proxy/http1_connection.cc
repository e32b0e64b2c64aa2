#include "proxy/http1_connection.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "proxy/http/target.h"
#include "proxy/pages/render.h"
#include "proxy/request_log.h"
#include "proxy/sign_in/own_pages.h"
#include "proxy/upstream/forwarder.h"
#include "proxy/upstream/route_answers.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/wipe_stack.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMaxDropped = 64 * 1024;  // of a body without a reader, to keep the connection

constexpr Violation kNotAList{400, "Connection or Proxy-Connection is not a list of tokens"};

// For a client that sends on behind the answer: it may read the answer only when it has sent everything.
constexpr Linger kForARestOfABody{.time = std::chrono::seconds(10), .octets = 64 * 1024 * 1024};

asio::ip::address address_of(const asio::ip::tcp::socket& socket) {
  Error ignored;
  return socket.remote_endpoint(ignored).address();
}
}  // namespace

Http1Connection::Http1Connection(Core& core, asio::ip::tcp::socket socket)
    : core_(core),
      generation_(core.now),
      stream_(std::move(socket), core.watchdog),
      place_(core.clients, address_of(stream_.socket()), stream_),
      remote_(address_of(stream_.socket()).to_string()),
      is_trusted_proxy_(core.now->config().trusted_proxies.has(address_of(stream_.socket()))) {
  core_.metrics.client_connections.add();
  core_.metrics.client_connections_now.add();
}

Http1Connection::~Http1Connection() {
  core_.metrics.client_connections_now.subtract();
}

asio::awaitable<void> Http1Connection::run() {
  place_.set_waiting(true);
  if (core_.now->server_tls) {
    tls_ = certified_by_ = core_.now->server_tls;
    stream_.expire_reads_in(config().limits.header_timeout);
    const Error error = co_await stream_.accept_tls(tls_->context());
    stream_.expect_nothing();
    if (error) {
      core_.metrics.tls_failures.add();
      co_return;
    }
    if (config().certificate_sign_in) certificate_ = ServerTls::client_certificate_of(stream_.ssl());
  }
  Next next = Next::request;
  while (next == Next::request) next = co_await serve();
  place_.set_waiting(true);
  if (next == Next::finish) co_await stream_.finish(buffer_, linger());
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

asio::awaitable<Http1Connection::Next> Http1Connection::read_head(Request& request) {
  HeadSearch search;
  while (!find_head(search)) {
    const bool idle = buffer_.size() == 0;
    if (idle && core_.draining) co_return Next::close;
    stream_.set_idle(idle);
    // One deadline covers the whole head, however slowly it arrives.
    if (idle) {
      stream_.expire_reads_in(config().limits.idle_timeout);
      release_memory();
      generation_.reset();
      const Error closed = co_await stream_.wait_readable();
      generation_ = core_.now;
      if (closed) co_return Next::close;
    }
    const auto [error, n] = co_await stream_.read_some(buffer_);
    buffer_.commit(n);
    stream_.set_idle(false);
    if (error && !idle && stream_.timed_out()) {
      stream_.forget_timeout();
      co_return co_await refuse(request, {408, "the head did not arrive in time"});
    }
    if (error) co_return idle && !stream_.timed_out() ? Next::finish : Next::close;
    if (idle) stream_.cancel_reads_in(config().limits.header_timeout);
  }
  if (search.violation) co_return co_await refuse(request, *search.violation);
  stream_.expect_nothing();
  if (const auto violation = check_request_head(memory_.head_bytes)) co_return co_await refuse(request, *violation);
  if (!parse_request_head(memory_.head_bytes, request.head)) co_return co_await refuse(request, kNotAList);
  if (request.head.several_authorizations) co_return co_await refuse(request, {400, "more than one Authorization"});
  co_return Next::request;
}

void Http1Connection::release_memory() {
  buffer_.release_if_empty();
  memory_.release_large();
  stream_.release_memory();
}

void Http1Connection::begin(Request& request) {
  request.start_clock();
  core_.request_ids.assign_next(request.id);
}

asio::awaitable<Http1Connection::Next> Http1Connection::refuse(Request& request, Violation violation) {
  core_.metrics.malformed_requests.add();
  if (request.id.empty()) begin(request);
  request.outcome.diagnosis = std::string(violation.reason);
  OwnResponse page =
      violation.status == 408
          ? error_page(408, request.id, "The request took too long", "It did not arrive in time. Please try again.")
          : error_page(violation.status, request.id, "The request is malformed",
                       "Your browser or program sent a request that is not valid HTTP.");
  dress(page, request.head, config().pages);
  memory_.out.clear();
  write_own_response_head(memory_.out, page, request.id, core_.date.now(), AfterResponse::close);
  stream_.expire_writes_in(config().limits.body_idle_timeout);
  const Error error = co_await stream_.write(memory_.out, page.body);
  request.outcome.bytes_out = page.body.size();
  log_request(core_, request, remote_, violation.status);
  co_return error ? Next::close : Next::finish;
}

void Http1Connection::check_certificate_again() {
  // A certificate may be revoked while its connection stays open.
  if (certified_by_ == generation_->server_tls) return;
  certified_by_ = generation_->server_tls;
  if (certificate_.name.empty()) return;
  if (certified_by_)
    certificate_ = certified_by_->verify_again(stream_.ssl());
  else
    certificate_ = {};
}

asio::awaitable<Http1Connection::Next> Http1Connection::serve() {
  body_remains_ = true;
  if (generation_ != core_.now) generation_ = core_.now;
  Request request(memory_);
  place_.set_waiting(true);
  const Next head = co_await read_head(request);
  place_.set_waiting(false);
  if (head != Next::request) co_return head;
  begin(request);
  if (!is_negotiate(request.head.authorization)) (void)negotiation_.take();
  check_certificate_again();
  request.resolve_target();
  const Limits& limits = config().limits;
  BodyReader body(stream_, buffer_, request.head.framing, request.head.content_length, limits.body_idle_timeout,
                  limits.body_bytes_per_second);
  const PathReadings path = readings_of(request.target == "*" ? "/" : path_of(request.target));
  const Router::Match match = generation_->settings->router.match(request.host, path);
  Next next = Next::close;
  if (!match.known_host) {
    next =
        co_await answer_error(request, body, 421, "No such site", "This server does not serve the name you asked for.");
  } else if (match.ambiguous) {
    next = co_await refuse(request, {400, "a back end may read the path as one of another route"});
  } else if (match.reserved) {
    next = co_await own_page(request, body);
  } else if (match.route == nullptr) {
    next = co_await answer_error(request, body, 404, "Not found", "There is nothing at this address.");
  } else {
    request.route = match.route;
    next = co_await forward(request, match.index, body);
  }
  body_remains_ = !body.ended();
  body.release();
  co_return next;
}

// The client's own protocol: where a TLS terminator in front of us is trusted, what it says.
bool Http1Connection::is_https(const RequestHead& head) const {
  if (stream_.tls()) return true;
  if (!is_trusted_proxy_) return false;
  const auto is_proto = [](const Field& field) { return equal_ignoring_case(field.name, "x-forwarded-proto"); };
  const auto found = std::find_if(head.fields.begin(), head.fields.end(), is_proto);
  return found != head.fields.end() && equal_ignoring_case(found->value, "https") &&
         std::none_of(std::next(found), head.fields.end(), is_proto);
}

// The last address in X-Forwarded-For that is no trusted proxy's; the connection's own if there is none.
std::string Http1Connection::client_address(const RequestHead& head) const {
  if (!is_trusted_proxy_) return remote_;
  std::string out = remote_;
  for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
    if (!equal_ignoring_case(field->name, "x-forwarded-for")) continue;
    std::string_view list = field->value;
    while (!list.empty()) {
      const std::size_t comma = list.rfind(',');
      const std::string_view last = trim_blanks(list.substr(comma == list.npos ? 0 : comma + 1));
      list = list.substr(0, comma == list.npos ? 0 : comma);
      Error error;
      const auto address = asio::ip::make_address(std::string(last), error);
      if (error) return out;
      out = address.to_string();
      if (!config().trusted_proxies.has(address)) return out;
    }
  }
  return out;
}

RequestView Http1Connection::view(const Request& request) {
  const RequestHead& head = request.head;
  std::string_view cookie = head.cookie;
  if (head.several_cookies) {
    std::string& joined = memory_.cookies;
    joined.clear();
    for (const Field& field : head.fields) {
      if (!equal_ignoring_case(field.name, "cookie")) continue;
      if (!joined.empty()) joined += "; ";
      joined += field.value;
    }
    cookie = joined;
  }
  RequestView view;
  view.method = head.method;
  view.target = request.target;
  view.host = request.host;
  view.authority = head.host;
  view.authorization = head.authorization;
  view.cookie = cookie;
  view.accept = head.accept;
  view.origin = head.origin;
  view.sec_fetch_site = head.sec_fetch_site;
  view.content_type = head.content_type;
  view.remote_address = client_address(head);
  view.upgrades = head.wants_upgrade;
  view.tls = is_https(head);
  if (tls_) view.channel_bindings = tls_->bindings();
  view.client_certificate = certificate_.der;
  view.client_certificate_error = certificate_.error;
  view.client_certificate_name = certificate_.name;
  view.request_id = request.id;
  view.negotiation = &negotiation_;
  return view;
}

asio::awaitable<Http1Connection::Next> Http1Connection::forward(Request& request, std::size_t route_index,
                                                                BodyReader& body) {
  const Route& route = *request.route;
  if (const auto own = answer_of_route(route, request.head, request.target, request.id))
    co_return co_await answer(request, *own, body);
  const bool passes_as_preflight = route.preflight == Preflight::pass && is_preflight(request.head);
  if (!route.sign_in.empty() && !passes_as_preflight) {
    const RequestView seen = view(request);
    request.signed_in = generation_->sign_in->known(seen, route);
    if (!request.signed_in) {
      auto decision = co_await generation_->sign_in->decide(seen, route);
      if (const auto* response = std::get_if<OwnResponse>(&decision))
        co_return co_await answer(request, *response, body);
      request.signed_in = std::move(std::get<SignedIn>(decision));
    }
  }
  const ForwardJob job{.route = route,
                       .route_index = route_index,
                       .head = request.head,
                       .target = request.target,
                       .signed_in = request.signed_in ? &*request.signed_in : nullptr,
                       .request_id = request.id,
                       .remote_address = remote_,
                       .client_keeps_alive = request.head.keep_alive,
                       .over_https = is_https(request.head)};
  {
    Forwarder forwarder(generation_->forwarding, {stream_, buffer_, body}, job, memory_.forward);
    request.outcome = co_await forwarder.run();
  }
  request.bytes_in = body.total();
  Forwarded& outcome = request.outcome;
  if (outcome.ask_to_sign_in) co_return co_await challenge(request, body);
  if (outcome.own) {
    if (request.signed_in)
      for (const auto& field : request.signed_in->response_headers) outcome.own->headers.push_back(field);
    if (!outcome.keep) request.head.keep_alive = false;
    const OwnResponse page = std::move(*outcome.own);
    co_return co_await answer(request, page, body);
  }
  log_request(core_, request, remote_, outcome.status != 0 ? outcome.status : 499);
  if (outcome.broken || outcome.status == 101) co_return Next::close;
  co_return outcome.keep ? Next::request : Next::finish;
}

// The evidence of the user's session is lost, so the client is challenged as if it had no session.
asio::awaitable<Http1Connection::Next> Http1Connection::challenge(Request& request, BodyReader& body) {
  RequestView anonymous = view(request);
  anonymous.cookie = anonymous.authorization = {};
  anonymous.client_certificate.clear();
  anonymous.client_certificate_error.clear();
  anonymous.client_certificate_name = {};
  auto challenge = co_await generation_->sign_in->decide(std::move(anonymous), *request.route);
  if (const auto* response = std::get_if<OwnResponse>(&challenge)) co_return co_await answer(request, *response, body);
  co_return co_await answer_error(request, body, 401, "Please sign in again", "Your sign-in is no longer valid.");
}

asio::awaitable<Http1Connection::Next> Http1Connection::own_page(Request& request, BodyReader& body) {
  constexpr std::string_view kTooLong = "That is more than a sign-in needs.";
  const std::size_t limit = config().limits.login_body_bytes;
  RequestHead& head = request.head;
  if (!generation_->sign_in)
    co_return co_await answer_error(request, body, 404, "Not found", "There is nothing at this address.");
  if (head.framing == Framing::length && head.content_length > limit)
    co_return co_await answer_error(request, body, 413, "Too long", kTooLong);
  if (head.expects_continue && !body.ended() && buffer_.size() == 0) {
    stream_.expire_writes_in(config().limits.body_idle_timeout);
    const Error error = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (error) co_return Next::close;
    head.expects_continue = false;
  }
  std::string content;
  content.reserve(limit + buffer_.capacity());  // it has a password, so it must not be copied while it grows
  while (!body.ended()) {
    const BodyPiece piece = co_await body.next();
    stream_.expect_nothing();
    if (piece.step == BodyStep::malformed) co_return co_await refuse(request, {400, "malformed chunked body"});
    if (piece.step == BodyStep::lost) co_return Next::close;
    const bool too_long = piece.data.size() > limit - content.size();
    if (!too_long) content.append(piece.data);
    buffer_.wipe_consumed();
    if (too_long) {
      wipe(content.data(), content.size());
      co_return co_await answer_error(request, body, 413, "Too long", kTooLong);
    }
  }
  body.release();
  buffer_.wipe_consumed();
  wipe_stack();
  const RequestView seen = view(request);
  const OwnResponse response = co_await generation_->sign_in->own_page(seen, std::move(content));
  wipe_stack();
  co_return co_await answer(request, response, body);
}

asio::awaitable<Http1Connection::Next> Http1Connection::answer_error(Request& request, BodyReader& body, int status,
                                                                     std::string_view title,
                                                                     std::string_view what_to_do) {
  const OwnResponse page = error_page(status, request.id, title, what_to_do);
  co_return co_await answer(request, page, body);
}

asio::awaitable<Http1Connection::Next> Http1Connection::answer(Request& request, const OwnResponse& given,
                                                               BodyReader& body) {
  OwnResponse response = given;
  // A short body without a reader is dropped after the response; after a long one the connection closes. It also closes
  // if the client still waits for a 100: the body may come or not.
  const bool body_remains =
      !body.ended() && ((request.head.expects_continue && buffer_.size() == 0) || body.length() > kMaxDropped);
  const bool keep = request.head.keep_alive && !body_remains && !core_.draining;
  dress(response, request.head, config().pages);
  memory_.out.clear();
  write_own_response_head(memory_.out, response, request.id, core_.date.now(),
                          keep ? AfterResponse::keep_alive : AfterResponse::close);
  stream_.expire_writes_in(config().limits.body_idle_timeout);
  const Error error = co_await stream_.write(
      memory_.out, request.head.method == "HEAD" ? std::string_view{} : std::string_view(response.body));
  stream_.expect_nothing();
  request.outcome.bytes_out = response.body.size();
  log_request(core_, request, remote_, response.status);
  if (error) co_return Next::close;
  if (!keep) co_return Next::finish;
  while (!body.ended()) {
    const BodyPiece piece = co_await body.next();
    if (piece.step != BodyStep::data && piece.step != BodyStep::end) co_return Next::finish;
    if (body.total() > kMaxDropped) co_return Next::finish;
  }
  stream_.expect_nothing();
  co_return Next::request;
}

}  // namespace stead::proxy
