#include "proxy/upstream/forwarder.h"

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/headers/backend_target.h"
#include "proxy/headers/outgoing_request.h"
#include "proxy/headers/outgoing_response.h"
#include "proxy/http/wire_text.h"
#include "proxy/upstream/forward_failure.h"
#include "proxy/upstream/response_relay.h"

namespace stead::proxy {

namespace asio = boost::asio;

Forwarder::Forwarder(const ForwardContext& context, ClientExchange& client, const ForwardJob& job,
                     ForwardMemory& memory)
    : context_(context),
      client_(client),
      job_(job),
      memory_(memory),
      auth_(context, job, memory.authorization),
      upload_(context, client, job, memory.held_body),
      wanted_(job.route_index, assign_pool_identity(memory.identity, job), balance_key(job)) {}

void Forwarder::fail(Forwarded failure) {
  result_ = std::move(failure);
  if (!client_.body_ended() || upload_.is_running()) client_.close_after_response();
  if (upstream_) result_.upstream = context_.pool.name(upstream_->upstream);
}

void Forwarder::fail(int status, std::string_view title, std::string_view what_to_do, std::string diagnosis) {
  fail(forward_failed(job_, status, title, what_to_do, std::move(diagnosis)));
}

Forwarded Forwarder::wrong_body() const {
  return upload_.is_too_long() ? too_long_body(job_) : malformed_body(context_, job_);
}

asio::awaitable<Forwarded> Forwarder::run() {
  if (const auto target = target_for_backend(job_.route, job_.target)) {
    target_ = *target;
  } else {
    context_.metrics.malformed_requests.add();
    fail(400, "The request is malformed", "The address is not written as this application needs it.",
         "the path has strip_prefix in a spelling that cannot be cut off");
    co_return std::move(result_);
  }
  if (upload_.is_too_long()) {
    fail(wrong_body());
    co_return std::move(result_);
  }
  if (job_.delegates()) {
    const auto fetched = co_await auth_.fetch_ticket();
    if (!fetched) {
      fail(no_ticket(context_, job_, fetched.error()));
      co_return std::move(result_);
    }
  }
  if (!upload_.is_whole()) {
    const RequestUpload::Collected collected = co_await upload_.collect();
    if (collected == RequestUpload::Collected::malformed) fail(wrong_body());
    if (collected == RequestUpload::Collected::client_left) result_ = client_left("the client did not send its body");
    if (collected != RequestUpload::Collected::done) co_return std::move(result_);
  }
  for (int i = 0; i <= job_.route.retries; ++i) {
    Attempt ended = Attempt::done;
    std::exception_ptr problem;
    try {
      ended = co_await attempt();
    } catch (...) {
      problem = std::current_exception();
    }
    if (problem) {
      co_await upload_.stop();  // it refers to this object
      std::rethrow_exception(problem);
    }
    if (ended == Attempt::done) co_return std::move(result_);
    context_.metrics.upstream_retries.add();
  }
  fail(502, "The application does not answer", kTryAgain,
       "the back end closed every connection before it responded; " + no_answer_);
  co_return std::move(result_);
}

asio::awaitable<Forwarder::Attempt> Forwarder::attempt() {
  result_ = {};
  upstream_ = context_.pool.get_idle(wanted_);
  if (!upstream_) {
    auto connected = co_await context_.pool.get(wanted_);
    if (!connected) {
      fail(502, "The application cannot be reached", kTryAgain, to_string(connected.error()));
      co_return Attempt::done;
    }
    upstream_ = std::move(*connected);
  }
  if (auth_.has_ticket()) {
    if (const Result<void> made = auth_.make_token(*upstream_); !made) {
      fail(500, "The server could not process the request", kAskAdministrator,
           "cannot make a token from the ticket: " + made.error().message());
      co_return Attempt::done;
    }
  }
  Stream& stream = upstream_->stream;
  const std::string_view tail = compose_request();
  Error send_error;
  if (!stream.write_at_once(send_error, memory_.out, upload_.held(), tail)) {
    stream.expire_writes_in(context_.limits.body_idle_timeout);
    send_error = co_await stream.write_rest();
  }
  stream.expect_nothing();
  if (!send_error && !upload_.is_whole()) upload_.start(stream);
  // A back end may respond and close before it has read all of the request, so its answer is read in any case.
  AnswerReader reader(context_, job_, client_, *upstream_, memory_,
                      upgrades() ? AnswerReader::Upgrade::requested : AnswerReader::Upgrade::not_requested);
  client_.close_when_left(&stream);
  const AnswerReader::Outcome read = co_await reader.read();
  client_.close_when_left(nullptr);
  if (read == AnswerReader::Outcome::client_left) {
    co_await upload_.stop();
    result_ = client_left("the client left before the response");
    co_return Attempt::done;
  }
  if (read == AnswerReader::Outcome::no_answer) co_return co_await after_no_answer(reader);
  upstream_->in_flight.answered(Clock::now());
  if (auth_.has_ticket()) {
    const BackendAuth::Verdict verdict = auth_.judge(memory_.answer);
    if (verdict == BackendAuth::Verdict::refused) co_return co_await after_refusal();
    if (verdict == BackendAuth::Verdict::untrusted) {
      co_await upload_.stop();
      fail(502, "The application cannot be trusted",
           "It could not prove its identity. The administrator can find the cause by the request id.",
           upstream_name() + ": " + auth_.untrusted_reason());
      co_return Attempt::done;
    }
  }
  if (memory_.answer.status == 101)
    co_await tunnel();
  else
    co_await relay();
  co_return Attempt::done;
}

std::string_view Forwarder::compose_request() {
  const Route& route = job_.route;
  const OutgoingRequest request{.head = job_.head,
                                .target = target_,
                                .base_path = context_.pool.upstream(upstream_->upstream).base_path,
                                .host = host_for_backend(route, job_.head, context_.pool.upstream(upstream_->upstream),
                                                         context_.pool.name(upstream_->upstream)),
                                .lists = {.drop = route.drop_headers, .pass = route.pass_headers},
                                .forwarded = route.forwarded,
                                .set = &route.set_request_headers,
                                .authorization = auth_.authorization(),
                                .framing = upload_.framing(),
                                .content_length = upload_.content_length(),
                                .upgrade = upgrades()};
  std::string& out = memory_.out;
  out.clear();
  write_request_head(
      out, request,
      {.address = job_.remote_address, .scheme = job_.over_https ? "https" : "http", .request_id = job_.request_id});
  if (request.framing != Framing::chunked || upload_.held().empty()) return {};
  append_chunk_size(out, upload_.held().size());
  return "\r\n";
}

asio::awaitable<Forwarder::Attempt> Forwarder::after_no_answer(const AnswerReader& reader) {
  const bool silent = !reader.began() && !upstream_->stream.timed_out();
  co_await upload_.stop();
  if (client_.left()) {
    result_ = client_left("the client left before the response");
    co_return Attempt::done;
  }
  // An idle connection may end at any time, and a back end may die. A request that is safe to repeat goes to a new
  // connection, to another back end if this one was new.
  if (silent && upload_.is_whole() && job_.head.is_idempotent()) {
    wanted_.only_new_connections();
    no_answer_ = upstream_name() + ": " + reader.ending();
    if (!upstream_->reused) {
      context_.pool.failed(*upstream_, Trouble::broken_off, reader.ending());
      wanted_.avoid_last();
    }
    co_return Attempt::repeat;
  }
  if (upload_.state() == BodyStep::malformed) {
    fail(wrong_body());
    co_return Attempt::done;
  }
  if (upload_.state() == BodyStep::lost) {
    result_ = client_left("the client did not send its body");
    co_return Attempt::done;
  }
  context_.pool.failed(*upstream_, upstream_->stream.timed_out() ? Trouble::no_answer : Trouble::broken_off,
                       upstream_->stream.timed_out() ? "no response in time" : std::string_view(reader.ending()));
  if (upstream_->stream.timed_out()) {
    fail(504, "The application does not answer", kTryAgain, upstream_name() + ": no response in time");
  } else {
    fail(502, "The application does not answer", kTryAgain,
         reader.diagnosis().empty() ? upstream_name() + ": " + reader.ending() : reader.diagnosis());
  }
  co_return Attempt::done;
}

asio::awaitable<Forwarder::Attempt> Forwarder::after_refusal() {
  const bool may_try_again = auth_.drop_refused_ticket();
  co_await upload_.stop();
  if (may_try_again && upload_.is_whole()) {
    upstream_.reset();
    const auto fetched = co_await auth_.fetch_ticket();
    if (fetched) co_return Attempt::repeat;
    fail(no_ticket(context_, job_, fetched.error()));
    co_return Attempt::done;
  }
  auth_.note_final_refusal();
  const Error& reply = auth_.reply_error();
  fail(502, "The application does not accept the sign-in", kAskAdministrator,
       upstream_name() + ": refused a ticket to " + auth_.service() +
           (reply ? ": " + reply.message() : "; see its own log, usually its keytab is outdated"));
  co_return Attempt::done;
}

void Forwarder::compose_response(Framing framing, ResponseOptions options) {
  const Addresses addresses{.client_scheme = job_.over_https ? "https" : "http",
                            .client_authority = job_.head.host,
                            .upstream = context_.pool.upstream(upstream_->upstream),
                            .sent_host = job_.route.upstream_host_text,
                            .stripped = job_.route.strip_prefix,
                            .map = &job_.route.address_map};
  write_response_head(client_.out(),
                      {.head = memory_.answer,
                       .framing = framing,
                       .to_head = job_.head.method == "HEAD",
                       .client_is_1_0 = client_.version() == ClientVersion::http_1_0,
                       .close = options == ResponseOptions::close,
                       .addresses = &addresses,
                       .route = &job_.route,
                       .date = context_.date.now(),
                       .hsts = job_.hsts},
                      job_.request_id, job_.signed_in != nullptr ? &job_.signed_in->response_headers : nullptr);
}

asio::awaitable<void> Forwarder::relay() {
  const ResponseHead& answer = memory_.answer;
  Framing framing = answer.framing;
  if (framing == Framing::chunked || framing == Framing::until_close)
    framing = client_.version() == ClientVersion::http_1_0 ? Framing::until_close : Framing::chunked;
  result_.status = answer.status;
  result_.upstream = context_.pool.name(upstream_->upstream);
  compose_response(framing,
                   client_.options_for(framing, upload_.is_complete() ? RequestBody::whole : RequestBody::unfinished));
  client_.begin_body(framing);
  ResponseRelay relay(client_, *upstream_, answer, context_.limits);
  client_.close_when_left(&upstream_->stream);
  const ResponseRelay::End end = co_await relay.run();
  client_.close_when_left(nullptr);
  relay.release();
  result_.bytes_out = relay.bytes();
  const bool complete = end == ResponseRelay::End::complete;
  // After 401 and 407 the back end may keep state of the failed sign-in on the connection.
  const bool reusable = complete && answer.keep_alive && upload_.is_complete() && upstream_->buffer.size() == 0 &&
                        answer.status != 401 && answer.status != 407;
  if (upload_.was_started()) co_await upload_.stop();
  if (!complete) {
    client_.abandon();
    result_.diagnosis = client_.left()                         ? "the client left before the end of the response"
                        : end == ResponseRelay::End::malformed ? upstream_name() + ": malformed chunked body"
                                                               : upstream_name() + ": the response is incomplete";
  }
  if (reusable && !context_.draining) context_.pool.keep(std::move(upstream_));
}

asio::awaitable<void> Forwarder::tunnel() {
  result_.status = 101;
  result_.upstream = context_.pool.name(upstream_->upstream);
  write_response_head(client_.out(), {.head = memory_.answer, .upgrade = true}, job_.request_id,
                      job_.signed_in != nullptr ? &job_.signed_in->response_headers : nullptr);
  const OpenTunnels::Entry open(context_.tunnels, job_.signed_in != nullptr ? &job_.signed_in->session : nullptr,
                                upstream_->stream);
  const ClientExchange::Tunnelled ended = co_await client_.tunnel(*upstream_, context_.limits.tunnel_idle_timeout);
  result_.bytes_out = ended.bytes_to_client;
  if (!ended.in_order) client_.abandon();
}

}  // namespace stead::proxy
