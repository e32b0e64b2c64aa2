#include "proxy/http1_connection.h"

#include <boost/asio/error.hpp>

#include "proxy/http/request_rules.h"
#include "proxy/http/request_target.h"
#include "proxy/sign_in/own_pages.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostDropped = 64 * 1024;  // of a body that nobody wanted, to keep the connection

// What can never become a head, seen before its end has come: a client that ends its lines otherwise would wait for an
// answer.
std::optional<Violation> judge_early(std::string_view bytes, std::size_t from) {
  for (std::size_t i = from > 0 ? from - 1 : 0; i < bytes.size(); ++i) {
    const auto octet = static_cast<unsigned char>(bytes[i]);
    if (octet == '\n' && (i == 0 || bytes[i - 1] != '\r')) return Violation{400, "a line does not end with CR LF"};
    if (octet == '\r' && i + 1 < bytes.size() && bytes[i + 1] != '\n') return Violation{400, "a CR without LF"};
    if ((octet < 0x20 && octet != '\t' && octet != '\r' && octet != '\n') || octet == 0x7f)
      return Violation{400, "a control character in the head"};
  }
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end == std::string_view::npos || from > line_end + 2) return std::nullopt;
  const std::string_view line = bytes.substr(0, line_end);
  if (line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")) return std::nullopt;
  return check_request_head(std::string(line) + "\r\n\r\n");
}

std::string_view delegation_name(const Route* route) {
  if (route == nullptr) return {};
  switch (route->delegation) {
    case Delegation::s4u:
      return "s4u";
    case Delegation::forwarded_tgt:
      return "forwarded-tgt";
    case Delegation::none:
      break;
  }
  return "none";
}

}  // namespace

Http1Connection::Http1Connection(Core& core, asio::ip::tcp::socket socket)
    : core_(core), stream_(std::move(socket), core.watchdog) {
  Error ignored;
  const auto endpoint = stream_.socket().remote_endpoint(ignored);
  remote_ = endpoint.address().to_string();
  ++core_.connections;
  core_.metrics.client_connections.add();
  core_.metrics.client_connections_now.add();
}

Http1Connection::~Http1Connection() {
  --core_.connections;
  core_.metrics.client_connections_now.subtract();
}

asio::awaitable<void> Http1Connection::run() {
  if (core_.server_tls) {
    tls_ = judged_by_ = core_.server_tls;
    stream_.expire_reads_in(core_.shared.config.limits.header_timeout);
    const Error error = co_await stream_.accept_tls(tls_->context());
    stream_.expect_nothing();
    if (error) {
      core_.metrics.tls_failures.add();
      co_return;
    }
    if (core_.shared.config.certificate_sign_in) certificate_ = ServerTls::client_certificate_of(stream_.ssl());
  }
  Next next = Next::request;
  while (next == Next::request) next = co_await serve();
  if (next == Next::finish) co_await stream_.finish(buffer_);
}

asio::awaitable<Http1Connection::Next> Http1Connection::read_head() {
  const Limits& limits = core_.shared.config.limits;
  bool empty_line = false;
  for (std::size_t looked_at = 0;;) {
    if (!empty_line && buffer_.view().starts_with("\r\n")) {  // one is tolerated before a request (RFC 9112 §2.2)
      empty_line = true;
      buffer_.consume(2);
      looked_at = 0;
    }
    const std::string_view bytes = buffer_.view();
    const std::size_t end = end_of_head(bytes, looked_at);
    if (end != std::string_view::npos) {
      if (end > limits.header_bytes) co_return co_await refuse(431, "the head is too long");
      head_bytes_.assign(bytes.substr(0, end));
      buffer_.consume(end);
      break;
    }
    if (!bytes.empty()) {
      if (const auto violation = judge_early(bytes, looked_at))
        co_return co_await refuse(violation->status, violation->reason);
    }
    looked_at = bytes.size();
    if (buffer_.full() && buffer_.capacity() > 0) {
      if (buffer_.size() >= limits.header_bytes) co_return co_await refuse(431, "the head is too long");
      buffer_.grow(std::min(buffer_.capacity() * 2, limits.header_bytes + 4));
    }
    const bool idle = bytes.empty();
    if (idle && core_.draining) co_return Next::close;
    stream_.set_idle(idle);
    // The deadline of a head holds for all of it, however it trickles in.
    if (idle) stream_.expire_reads_in(limits.idle_timeout);
    const auto [error, n] = co_await stream_.read_some(buffer_);
    buffer_.commit(n);
    stream_.set_idle(false);
    if (error && !idle && stream_.timed_out()) {
      stream_.forget_timeout();
      co_return co_await refuse(408, "the head did not come in time");
    }
    if (error) co_return idle && !stream_.timed_out() ? Next::finish : Next::close;
    if (idle) stream_.cancel_reads_in(limits.header_timeout);
  }
  stream_.expect_nothing();
  if (const auto violation = check_request_head(head_bytes_))
    co_return co_await refuse(violation->status, violation->reason);
  parse_request_head(head_bytes_, head_);
  if (head_.several_authorizations) co_return co_await refuse(400, "more than one Authorization");
  co_return Next::request;
}

void Http1Connection::begin_request() {
  started_at_ = std::chrono::system_clock::now();
  started_ = Clock::now();
  core_.request_ids.assign_next(request_id_);
}

asio::awaitable<Http1Connection::Next> Http1Connection::refuse(int status, std::string_view reason) {
  core_.metrics.malformed_requests.add();
  if (request_id_.empty()) begin_request();
  forwarded_.diagnosis = std::string(reason);
  const OwnResponse page =
      status == 408
          ? error_page(status, request_id_, "The request took too long", "It did not come in time. Please try again.")
          : error_page(status, request_id_, "The request is malformed",
                       "Your browser or program sent something that does not hold to HTTP.");
  out_.clear();
  write_own_response_head(out_, page, request_id_, core_.http_date(), AfterResponse::close);
  stream_.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
  const Error error = co_await stream_.write(out_, page.body);
  log_request(status);
  co_return error ? Next::close : Next::finish;
}

asio::awaitable<Http1Connection::Next> Http1Connection::serve() {
  buffer_.release_if_empty();
  request_id_.clear();
  head_bytes_.clear();
  parse_request_head({}, head_);
  host_.clear();
  target_.clear();
  route_ = nullptr;
  signed_in_ = nullptr;
  forwarded_ = {};
  bytes_in_ = 0;
  const Next head = co_await read_head();
  if (head != Next::request) co_return head;
  begin_request();
  if (judged_by_ != core_.server_tls) {  // a certificate may have been revoked while its connection stayed open
    judged_by_ = core_.server_tls;
    if (!certificate_.name.empty()) certificate_ = judged_by_->verify_again(stream_.ssl());
  }

  // The origin form of the target; the Host is the authority's where the target had one.
  std::string_view target = head_.target;
  if (target.front() != '/' && target != "*") {
    target.remove_prefix(target.find("://") + 3);
    const std::size_t path = target.find_first_of("/?");
    if (head_.host.empty()) head_.host = target.substr(0, path);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    if (target.front() == '?') target_ = "/";
  }
  target_.append(target);
  assign_host_name(host_, head_.host);
  const std::string policy_path = target_ == "*" ? std::string("/") : path_for_policy(path_of(target_));

  const Limits& limits = core_.shared.config.limits;
  BodyReader body(stream_, buffer_, head_.framing, head_.content_length, limits.body_idle_timeout,
                  limits.body_bytes_per_second);
  const Router::Match match = core_.shared.router.match(host_, policy_path);
  Next next = Next::close;
  if (!match.known_host) {
    next = co_await answer(
        error_page(421, request_id_, "No such site", "This server does not serve the name that was asked for."), body);
  } else if (is_reserved(policy_path)) {
    next = co_await own_page(body);
  } else if (match.route == nullptr) {
    next = co_await answer(error_page(404, request_id_, "Not found", "There is nothing at this address."), body);
  } else {
    route_ = match.route;
    next = co_await forward(match, body);
  }
  body.release();
  co_return next;
}

RequestView Http1Connection::view() {
  std::string_view cookie = head_.cookie;
  if (head_.several_cookies) {
    cookies_.clear();
    for (const Field& field : head_.fields) {
      if (!equal_ignoring_case(field.name, "cookie")) continue;
      if (!cookies_.empty()) cookies_ += "; ";
      cookies_ += field.value;
    }
    cookie = cookies_;
  }
  RequestView view;
  view.method = head_.method;
  view.target = target_;
  view.host = host_;
  view.authority = head_.host;
  view.authorization = head_.authorization;
  view.cookie = cookie;
  view.accept = head_.accept;
  view.origin = head_.origin;
  view.sec_fetch_site = head_.sec_fetch_site;
  view.content_type = head_.content_type;
  view.remote_address = remote_;
  view.tls = stream_.tls();
  if (tls_) view.channel_bindings = tls_->bindings();
  view.client_certificate = certificate_.der;
  view.client_certificate_error = certificate_.error;
  view.client_certificate_name = certificate_.name;
  view.request_id = request_id_;
  return view;
}

asio::awaitable<Http1Connection::Next> Http1Connection::forward(const Router::Match& match, BodyReader& body) {
  std::variant<SignedIn, OwnResponse> decision;
  if (!route_->sign_in.empty()) {
    const RequestView request = view();
    if (auto known = core_.sign_in->known(request, *route_))
      decision = std::move(*known);
    else
      decision = co_await core_.sign_in->decide(request, *route_);
    if (const auto* response = std::get_if<OwnResponse>(&decision)) co_return co_await answer(*response, body);
    signed_in_ = &std::get<SignedIn>(decision);
  }
  const ForwardJob job{.route = *route_,
                       .route_index = match.index,
                       .head = head_,
                       .target = target_,
                       .signed_in = signed_in_,
                       .request_id = request_id_,
                       .remote_address = remote_,
                       .client_may_stay = head_.keep_alive};
  {
    Forwarder forwarder(core_, stream_, buffer_, body, job, memory_);
    forwarded_ = co_await forwarder.run();
  }
  bytes_in_ = body.total();
  if (forwarded_.ask_to_sign_in) {
    // As without a session: what the client holds is of no use here.
    RequestView stranger = view();
    stranger.cookie = stranger.authorization = {};
    stranger.client_certificate.clear();
    stranger.client_certificate_error.clear();
    stranger.client_certificate_name = {};
    auto challenge = co_await core_.sign_in->decide(std::move(stranger), *route_);
    if (const auto* response = std::get_if<OwnResponse>(&challenge)) co_return co_await answer(*response, body);
    co_return co_await answer(
        error_page(401, request_id_, "Please sign in again", "Your sign-in is no longer known here."), body);
  }
  if (forwarded_.own) {
    if (signed_in_ != nullptr)
      for (const auto& field : signed_in_->response_headers) forwarded_.own->headers.push_back(field);
    if (!forwarded_.keep) head_.keep_alive = false;
    const OwnResponse page = std::move(*forwarded_.own);
    co_return co_await answer(page, body);
  }
  log_request(forwarded_.status != 0 ? forwarded_.status : 499);  // 499: the client left before it had an answer
  if (forwarded_.broken || forwarded_.status == 101) co_return Next::close;
  co_return forwarded_.keep ? Next::request : Next::finish;
}

asio::awaitable<Http1Connection::Next> Http1Connection::own_page(BodyReader& body) {
  const std::size_t limit = core_.shared.config.limits.login_body_bytes;
  if (!core_.sign_in)
    co_return co_await answer(error_page(404, request_id_, "Not found", "There is nothing at this address."), body);
  if (head_.framing == Framing::length && head_.content_length > limit)
    co_return co_await answer(error_page(413, request_id_, "Too long", "That is more than a sign-in needs."), body);
  if (head_.expects_continue && !body.ended() && buffer_.size() == 0) {
    stream_.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
    const Error error = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (error) co_return Next::close;
    head_.expects_continue = false;
  }
  std::string content;
  while (!body.ended()) {
    const BodyPiece piece = co_await body.next();
    stream_.expect_nothing();
    if (piece.step == BodyStep::malformed) co_return co_await refuse(400, "malformed chunked body");
    if (piece.step == BodyStep::lost) co_return Next::close;
    content.append(piece.data);
    if (content.size() > limit) {
      wipe(content.data(), content.size());
      co_return co_await answer(error_page(413, request_id_, "Too long", "That is more than a sign-in needs."), body);
    }
  }
  body.release();
  const OwnResponse response = co_await core_.sign_in->own_page(view(), std::move(content));
  co_return co_await answer(response, body);
}

asio::awaitable<Http1Connection::Next> Http1Connection::answer(const OwnResponse& response, BodyReader& body) {
  // A body that nobody read: a short one is dropped behind the answer, with a long one the connection ends. Who waits
  // for a 100 may send it or not.
  const bool in_the_way =
      !body.ended() && ((head_.expects_continue && buffer_.size() == 0) || body.length() > kMostDropped);
  const bool keep = head_.keep_alive && !in_the_way && !core_.draining;
  out_.clear();
  write_own_response_head(out_, response, request_id_, core_.http_date(),
                          keep ? AfterResponse::keep_alive : AfterResponse::close);
  stream_.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
  const Error error =
      co_await stream_.write(out_, head_.method == "HEAD" ? std::string_view{} : std::string_view(response.body));
  stream_.expect_nothing();
  forwarded_.bytes_out = response.body.size();
  log_request(response.status);
  if (error) co_return Next::close;
  if (!keep) co_return Next::finish;
  while (!body.ended()) {
    const BodyPiece piece = co_await body.next();
    if (piece.step != BodyStep::data && piece.step != BodyStep::end) co_return Next::finish;
    if (body.total() > kMostDropped) co_return Next::finish;
  }
  stream_.expect_nothing();
  co_return Next::request;
}

void Http1Connection::log_request(int status) {
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started_);
  core_.metrics.request_done(status, time);
  core_.metrics.bytes_to_clients.add(forwarded_.bytes_out);
  core_.metrics.bytes_from_clients.add(bytes_in_);
  const Session* const session = signed_in_ != nullptr ? &signed_in_->session : nullptr;
  core_.log.add({.at = started_at_,
                 .request_id = request_id_,
                 .remote = remote_,
                 .method = head_.method,
                 .host = head_.host,
                 .path = path_of(target_),
                 .status = status,
                 .user = session != nullptr ? std::string_view(session->user) : std::string_view{},
                 .sign_in = session != nullptr ? to_string(session->method) : std::string_view{},
                 .spn = route_ != nullptr ? std::string_view(route_->spn) : std::string_view{},
                 .delegation = delegation_name(route_),
                 .upstream = forwarded_.upstream,
                 .bytes_in = bytes_in_,
                 .bytes_out = forwarded_.bytes_out,
                 .time = time,
                 .diagnosis = forwarded_.diagnosis});
  if (route_ == nullptr || forwarded_.diagnosis.empty()) return;
  core_.metrics.note_failure({.at = started_at_,
                              .request_id = request_id_,
                              .user = session != nullptr ? session->user : std::string{},
                              .spn = route_->spn,
                              .status = status,
                              .summary = forwarded_.diagnosis,
                              .steps = std::move(forwarded_.steps)});
}

}  // namespace stead::proxy
