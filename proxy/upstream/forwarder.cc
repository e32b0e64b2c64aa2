#include "proxy/upstream/forwarder.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>

#include "proxy/http/request_rules.h"
#include "proxy/http/wire_text.h"
#include "proxy/observe/audit_log.h"
#include "proxy/sign_in/own_pages.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kHeldBody = 16 * 1024, kMostJoined = 16 * 1024;
constexpr int kMostInterim = 16, kMostAttempts = 4;
constexpr std::chrono::hours kUntilAnswered{24 * 365};

}  // namespace

Forwarder::Forwarder(Core& core, Stream& client, ReadBuffer& client_buffer, BodyReader& body, const ForwardJob& job,
                     ForwardMemory& memory)
    : core_(core),
      client_(client),
      client_buffer_(client_buffer),
      body_(body),
      job_(job),
      identity_(memory.identity),
      held_(memory.held_body),
      head_bytes_(memory.answer_head),
      answer_(memory.answer),
      out_(memory.out) {
  identity_.clear();
  held_.clear();
  if (job_.signed_in == nullptr) return;
  const Session& session = job_.signed_in->session;
  // What a connection has heard of its user differs by the kind of delegation, so that is part of whose it is. Where it
  // hears nothing of him, all sessions of his may share it: clients that send a token with each request begin one with
  // each.
  if (job_.route.delegation == Delegation::none)
    identity_.append("n");
  else
    identity_.append(job_.route.delegation == Delegation::s4u ? "s" : "f").append(session.id);
  identity_.append(" ").append(session.user);
}

Forwarded Forwarder::failed(int status, std::string_view title, std::string_view what_to_do, std::string diagnosis) {
  Forwarded out;
  out.own = error_page(status, job_.request_id, title, what_to_do);
  if (status == 503) out.own->headers.emplace_back("Retry-After", "5");
  out.status = status;
  out.keep = body_.ended() && !pumping_;
  if (upstream_) out.upstream = core_.pool.name(upstream_->upstream);
  out.diagnosis = std::move(diagnosis);
  return out;
}

Forwarded Forwarder::ticket_failed(const Failure& failure) {
  std::string diagnosis = failure.trace.diagnosis ? failure.trace.diagnosis->summary : failure.text;
  if (diagnosis.empty()) diagnosis = failure.error.message();
  if (failure.trace.diagnosis)
    for (const std::string& command : failure.trace.diagnosis->fix) diagnosis += " Fix: " + command;
  Forwarded out;
  switch (failure.kind) {
    case FailureKind::refused:
      core_.metrics.tickets_refused.add();
      audit({.kind = AuditKind::delegation_refused,
             .user = job_.signed_in->session.user,
             .method = to_string(job_.signed_in->session.method),
             .address = job_.remote_address,
             .request_id = job_.request_id,
             .detail = job_.route.spn + ": " + diagnosis});
      out = failed(403, "Not allowed",
                   "You are signed in, but this application may not be used in your name. If you need it, give the "
                   "request's number "
                   "to your administrator.",
                   std::move(diagnosis));
      break;
    case FailureKind::unreachable:
    case FailureKind::cancelled:
      core_.metrics.tickets_unreachable.add();
      out = failed(503, "Not available at the moment",
                   "The sign-in service does not answer. Please try again in a moment.", std::move(diagnosis));
      break;
    case FailureKind::unusable:
      if (job_.signed_in->session.method == SignInMethod::kerberos) {
        out.ask_to_sign_in = true;
        out.diagnosis = "the user's own ticket is not held by this process";
        return out;
      }
      core_.metrics.tickets_failed.add();
      out = failed(500, "Something is set up wrongly", "The administrator can find the cause by the request's number.",
                   std::move(diagnosis));
      break;
    case FailureKind::rejected:
      core_.metrics.tickets_failed.add();
      out = failed(502, "The answer cannot be trusted", "The administrator can find the cause by the request's number.",
                   std::move(diagnosis));
      break;
  }
  out.steps = explain(failure.trace);
  return out;
}

asio::awaitable<Forwarded> Forwarder::run() {
  if (delegates()) {
    auto outcome = co_await core_.tickets->get(job_.signed_in->session, job_.route.spn);
    if (!outcome) co_return ticket_failed(outcome.error());
    ticket_ = std::move(*outcome);
  }
  whole_ = body_.ended();
  if (!whole_) {
    const bool collected = co_await collect_body();
    if (!collected) co_return std::move(result_);
  }
  for (int i = 0; i < kMostAttempts; ++i) {
    Next next = Next::done;
    std::exception_ptr problem;
    try {
      next = co_await attempt();
    } catch (...) {
      problem = std::current_exception();
    }
    if (problem) {
      co_await stop_pump();  // it works on what is ours
      std::rethrow_exception(problem);
    }
    if (next == Next::done) co_return std::move(result_);
    core_.metrics.upstream_retries.add();
  }
  co_return failed(502, "The application does not answer", "Please try again in a moment.",
                   "the back end ended every connection before it answered");
}

asio::awaitable<bool> Forwarder::collect_body() {
  if (job_.head.expects_continue && client_buffer_.size() == 0) {
    client_.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
    const Error error = co_await client_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (error) {
      result_.broken = true;
      co_return false;
    }
  }
  if (body_.framing() == Framing::length && body_.length() > kHeldBody) co_return true;
  while (held_.size() <= kHeldBody) {
    BodyPiece piece = body_.poll();
    if (piece.step == BodyStep::need_more) {
      // A chunked body may be long in coming: what is here goes on its way. But nothing does before its first line is
      // understood.
      if (body_.framing() == Framing::chunked && !body_.untouched() && !client_.has_more()) break;
      piece = co_await body_.next();
      client_.expect_nothing();
    }
    if (piece.step == BodyStep::data) {
      held_.append(piece.data);
      continue;
    }
    if (piece.step == BodyStep::end) {
      whole_ = true;
      co_return true;
    }
    if (piece.step == BodyStep::malformed) {
      core_.metrics.malformed_requests.add();
      result_ =
          failed(400, "The request is malformed", "Its chunked body does not hold to HTTP.", "malformed chunked body");
    } else {
      result_.broken = true;
      result_.diagnosis = "the client did not send its body";
    }
    co_return false;
  }
  co_return true;
}

std::string_view Forwarder::compose_request(std::string_view authorization) {
  const Upstream& upstream = core_.pool.upstream(upstream_->upstream);
  OutgoingRequest request{.head = job_.head,
                          .target = job_.target,
                          .base_path = upstream.base_path,
                          .fallback_host = core_.pool.name(upstream_->upstream),
                          .authorization = authorization};
  request.upgrade = job_.head.wants_upgrade;
  if (whole_) {
    request.framing = held_.empty() ? Framing::none : Framing::length;
    request.content_length = held_.size();
  } else {
    request.framing = body_.framing();
    request.content_length = body_.framing() == Framing::length ? job_.head.content_length : 0;
  }
  out_.clear();
  write_request_head(
      out_, request,
      {.address = job_.remote_address, .scheme = client_.tls() ? "https" : "http", .request_id = job_.request_id});
  if (request.framing != Framing::chunked || held_.empty()) return {};
  append_chunk_size(out_, held_.size());
  return "\r\n";
}

asio::awaitable<bool> Forwarder::read_head(bool& began) {
  ReadBuffer& buffer = upstream_->buffer;
  Stream& stream = upstream_->stream;
  const Limits& limits = core_.shared.config.limits;
  for (std::size_t looked_at = 0;;) {
    const std::size_t end = end_of_head(buffer.view(), looked_at);
    if (end != std::string_view::npos) {
      head_bytes_.assign(buffer.view().substr(0, end));
      buffer.consume(end);
      const std::string_view wrong = parse_response_head(head_bytes_, job_.head.method == "HEAD", answer_);
      if (wrong.empty()) co_return true;
      result_.diagnosis =
          std::string("upstream ") + core_.pool.name(upstream_->upstream) + ": malformed answer: " + std::string(wrong);
      co_return false;
    }
    looked_at = buffer.size();
    if (buffer.full() && buffer.capacity() > 0) {
      if (buffer.capacity() >= limits.header_bytes) {
        result_.diagnosis =
            std::string("upstream ") + core_.pool.name(upstream_->upstream) + ": the answer's head is too long";
        co_return false;
      }
      buffer.grow(buffer.capacity() * 2);
    }
    stream.expire_reads_in(limits.upstream_reply_timeout);
    const auto [error, n] = co_await stream.read_some(buffer);
    buffer.commit(n);
    if (error) co_return false;
    began = true;
  }
}

void Forwarder::no_answer() {
  if (upload_ == BodyStep::malformed) {
    core_.metrics.malformed_requests.add();
    result_ =
        failed(400, "The request is malformed", "Its chunked body does not hold to HTTP.", "malformed chunked body");
    result_.keep = false;
    return;
  }
  if (upload_ == BodyStep::lost) {
    result_.broken = true;
    result_.diagnosis = "the client did not send its body";
    return;
  }
  core_.metrics.upstream_failures.add();
  const std::string name = "upstream " + core_.pool.name(upstream_->upstream);
  if (upstream_->stream.timed_out()) {
    result_ =
        failed(504, "The application does not answer", "Please try again in a moment.", name + ": no answer in time");
  } else {
    std::string diagnosis =
        result_.diagnosis.empty() ? name + ": the connection ended before an answer" : result_.diagnosis;
    result_ = failed(502, "The application does not answer", "Please try again in a moment.", std::move(diagnosis));
  }
}

// Success without `proved`: the back end sent nothing that could be checked.
Result<void> Forwarder::reply_proves_service(const NegotiateToken& sent, bool& proved) const {
  for (const Field& field : answer_.fields) {
    if (field.name.size() != 16 || !equal_ignoring_case(field.name, "www-authenticate")) continue;
    const auto token = negotiate_token_of(field.value);
    if (!token || token->empty()) continue;
    const auto bytes = from_base64(*token);
    if (!bytes) return stead::make_error_code(WireErrc::bad_value);
    if (const auto holds = verify_negotiate_reply(sent, *bytes); !holds) return holds.error();
    proved = true;
  }
  return {};
}

asio::awaitable<Forwarder::Next> Forwarder::attempt() {
  result_ = {};
  std::string problem;
  upstream_ = fresh_only_ ? nullptr : core_.pool.get_idle(job_.route_index, identity_);
  if (!upstream_) upstream_ = co_await core_.pool.get(job_.route_index, identity_, fresh_only_, problem);
  if (!upstream_) {
    result_ = failed(502, "The application cannot be reached", "Please try again in a moment.", std::move(problem));
    co_return Next::done;
  }
  NegotiateToken token;
  std::string authorization;
  if (ticket_) {
    auto made = make_negotiate_token(*ticket_, upstream_->bindings);
    if (!made) {
      result_ = failed(500, "Something went wrong", "The administrator can find the cause by the request's number.",
                       "no token could be made of the ticket: " + made.error().message());
      co_return Next::done;
    }
    token = std::move(*made);
    authorization = "Negotiate ";
    append_base64(authorization, token.token);
    core_.metrics.tokens_made.add();
  }
  bool began = false;
  const std::string_view tail = compose_request(authorization);
  Error send_error;
  if (!upstream_->stream.write_at_once(send_error, out_, held_, tail)) {
    upstream_->stream.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
    send_error = co_await upstream_->stream.write_rest();
  }
  upstream_->stream.expect_nothing();
  const bool sent = !send_error;
  // What was sent may be answered, and the connection closed, before all of it is: so the answer is looked for in
  // either case.
  if (sent && !whole_) start_pump();
  bool answered = co_await read_head(began);
  for (int i = 0; answered && answer_.is_interim() && i < kMostInterim; ++i) {
    if (answer_.status != 100 && !job_.head.http_1_0) {
      out_.clear();
      write_interim_head(out_, answer_);
      client_.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
      const Error error = co_await client_.write(out_);
      if (error) {
        co_await stop_pump();
        result_.broken = true;
        result_.diagnosis = "the client left before its answer";
        co_return Next::done;
      }
    }
    answered = co_await read_head(began);
  }
  if (answered && (answer_.is_interim() || (answer_.status == 101 && !job_.head.wants_upgrade))) {
    answered = false;
    result_.diagnosis =
        "upstream " + core_.pool.name(upstream_->upstream) + ": an interim answer that nobody asked for";
  }
  if (!answered) {
    const bool was_reused = upstream_->reused;
    const bool silent = !began && !upstream_->stream.timed_out();
    co_await stop_pump();
    if (was_reused && silent && whole_ && job_.head.is_idempotent()) {  // it died while it was idle
      fresh_only_ = true;
      co_return Next::again;
    }
    no_answer();
    co_return Next::done;
  }
  if (ticket_) {
    bool proved = false;
    const Result<void> holds = reply_proves_service(token, proved);
    if (!holds && answer_.status != 401) {
      core_.metrics.replies_that_do_not_hold.add();
      co_await stop_pump();
      result_ = failed(502, "The application cannot be trusted",
                       "It did not prove to be the one that was asked. The administrator can find the cause "
                       "by the request's number.",
                       "upstream " + core_.pool.name(upstream_->upstream) +
                           ": its AP-REP does not hold: " + holds.error().message());
      co_return Next::done;
    }
    // A 401 may say why, in a KRB-ERROR: that it has no key of this version, for one.
    if (answer_.status == 401 && !(holds && proved)) {
      core_.metrics.tokens_refused.add();
      const std::string& user = job_.signed_in->session.user;
      const bool final = ticket_renewed_ || core_.refused_tokens.is_final(user, job_.route_index, Clock::now());
      if (!final) core_.tickets->drop(job_.signed_in->session, job_.route.spn);
      co_await stop_pump();
      if (whole_ && !final) {
        ticket_renewed_ = true;
        upstream_.reset();
        auto outcome = co_await core_.tickets->get(job_.signed_in->session, job_.route.spn);
        if (!outcome) {
          result_ = ticket_failed(outcome.error());
          co_return Next::done;
        }
        ticket_ = std::move(*outcome);
        co_return Next::again;
      }
      if (ticket_renewed_ || !final) core_.refused_tokens.note(user, job_.route_index, Clock::now());
      result_ =
          failed(502, "The application does not accept the sign-in",
                 "The administrator can find the cause by the request's number.",
                 "upstream " + core_.pool.name(upstream_->upstream) + ": refused a ticket to " + ticket_->service() +
                     (holds ? "; its own log says why, an old keytab as a rule" : ": " + holds.error().message()));
      co_return Next::done;
    }
    core_.refused_tokens.accepted(job_.signed_in->session.user, job_.route_index);
  }
  if (answer_.status == 101)
    co_await tunnel();
  else
    co_await relay();
  co_return Next::done;
}

asio::awaitable<void> Forwarder::relay() {
  const Limits& limits = core_.shared.config.limits;
  BodyReader body(upstream_->stream, upstream_->buffer, answer_.framing, answer_.content_length,
                  limits.upstream_reply_timeout);
  Framing framing = answer_.framing;
  if (framing == Framing::chunked || framing == Framing::until_close)
    framing = job_.head.http_1_0 ? Framing::until_close : Framing::chunked;
  const bool uploaded = whole_ || (upload_ == BodyStep::end && !pumping_);
  const bool keep = job_.client_may_stay && framing != Framing::until_close && uploaded && !core_.draining;
  result_.status = answer_.status;
  result_.upstream = core_.pool.name(upstream_->upstream);
  out_.clear();
  const Addresses addresses{.client_scheme = client_.tls() ? "https" : "http",
                            .client_authority = job_.head.host,
                            .upstream = core_.pool.upstream(upstream_->upstream)};
  write_response_head(out_,
                      {.head = answer_,
                       .framing = framing,
                       .to_head = job_.head.method == "HEAD",
                       .client_is_1_0 = job_.head.http_1_0,
                       .close = !keep,
                       .addresses = &addresses},
                      job_.request_id, job_.signed_in != nullptr ? &job_.signed_in->response_headers : nullptr);
  BodyPiece piece;
  Error error;
  while (true) {
    piece = body.poll();
    // Small pieces are gathered behind the head, or each other, and go out in one write when there is no more at hand.
    std::string_view large;
    while (piece.step == BodyStep::data) {
      if (framing == Framing::chunked) append_chunk_size(out_, piece.data.size());
      if (piece.data.size() + out_.size() > kMostJoined) {
        large = piece.data;
        break;
      }
      out_.append(piece.data);
      if (framing == Framing::chunked) out_.append("\r\n");
      piece = body.poll();
    }
    if (piece.step == BodyStep::end && framing == Framing::chunked) out_.append("0\r\n\r\n");
    if (!out_.empty() || !large.empty()) {
      const std::string_view tail =
          !large.empty() && framing == Framing::chunked ? std::string_view("\r\n") : std::string_view{};
      if (!client_.write_at_once(error, out_, large, tail)) {
        client_.expire_writes_in(limits.body_idle_timeout);
        error = co_await client_.write_rest();
      }
      if (error) break;
      out_.clear();
    }
    if (!large.empty()) continue;
    if (piece.step == BodyStep::need_more) {
      // next() polls again: what it finds is still there for the loop.
      if (upstream_->buffer.full() || body.total() > upstream_->buffer.capacity()) upstream_->buffer.grow(64 * 1024);
      upstream_->stream.expire_reads_in(limits.upstream_reply_timeout);
      const auto [read_error, n] = co_await upstream_->stream.read_some(upstream_->buffer);
      upstream_->buffer.commit(n);
      error = read_error;
      if (!error) continue;
      if (error == asio::error::eof && answer_.framing == Framing::until_close) {
        body.end_of_stream();
        error = {};
        continue;
      }
      piece.step = BodyStep::lost;
    }
    break;
  }
  body.release();
  if (!pumping_) client_.expect_nothing();
  result_.bytes_out = body.total();
  const bool complete = !error && piece.step == BodyStep::end;
  const bool reusable = complete && answer_.keep_alive && !pumping_ && (whole_ || upload_ == BodyStep::end) &&
                        upstream_->buffer.size() == 0 && answer_.status != 401 && answer_.status != 407;
  if (pump_ended_) co_await stop_pump();
  result_.keep = complete && keep;
  result_.broken = !complete;
  if (!complete)
    result_.diagnosis =
        "upstream " + std::string(result_.upstream) +
        (piece.step == BodyStep::malformed ? ": malformed chunked body" : ": the answer was not finished");
  if (reusable && !core_.draining) core_.pool.keep(std::move(upstream_));
}

void Forwarder::start_pump() {
  pumping_ = true;
  pump_ended_.emplace(core_.io, asio::steady_timer::time_point::max());
  asio::co_spawn(core_.io, pump(), [this](const std::exception_ptr&) {
    pumping_ = false;
    pump_ended_->cancel();
  });
}

asio::awaitable<void> Forwarder::stop_pump() {
  if (!pump_ended_) co_return;
  if (pumping_) {
    upstream_->stream.close();
    client_.cancel();
    while (pumping_) (void)co_await pump_ended_->async_wait(as_result);
  }
  client_.expect_nothing();
}

asio::awaitable<void> Forwarder::pump() {
  const Limits& limits = core_.shared.config.limits;
  Stream& stream = upstream_->stream;
  const bool chunked = body_.framing() == Framing::chunked;
  std::string size;
  while (true) {
    const BodyPiece piece = co_await body_.next();
    // Nothing more is due from the client while the back end takes this; the next piece has a deadline of its own.
    client_.expire_reads_in(kUntilAnswered);
    if (piece.step == BodyStep::malformed || piece.step == BodyStep::lost) {
      // The back end must not take what it has for the whole.
      if (upload_ != BodyStep::end) upload_ = piece.step;
      stream.close();
      co_return;
    }
    const bool writes = chunked || piece.step == BodyStep::data;
    if (writes) stream.expire_writes_in(limits.body_idle_timeout);
    stream.expire_reads_in(limits.upstream_reply_timeout);
    Error error;
    if (piece.step == BodyStep::end) {
      if (chunked) error = co_await stream.write("0\r\n\r\n");
      if (!error) upload_ = BodyStep::end;
      co_return;
    }
    if (chunked) {
      size.clear();
      append_chunk_size(size, piece.data.size());
      error = co_await stream.write(size, piece.data, "\r\n");
    } else {
      error = co_await stream.write(piece.data);
    }
    if (error) co_return;  // it may have answered before it stopped to listen
  }
}

}  // namespace stead::proxy
