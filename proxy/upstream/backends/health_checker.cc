#include "proxy/upstream/backends/health_checker.h"

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/http/message_head.h"
#include "proxy/http/request_rules.h"
#include "sspi_shim/base/base64.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kTimeout{2};  // of a check that no route describes
constexpr std::size_t kMaxHead = 64 * 1024;

std::chrono::milliseconds timeout_of(const BackEnd& back_end) {
  return back_end.check ? back_end.check->timeout : kTimeout;
}

std::string request_for(const BackEnd& back_end, const std::string& authorization) {
  const Upstream& upstream = back_end.upstream;
  const bool own_port = upstream.port == (upstream.tls ? 443 : 80);
  std::string host = upstream.host + (own_port ? "" : ":" + std::to_string(upstream.port));
  if (back_end.check && !back_end.check->host.empty()) host = back_end.check->host;
  const std::string what = back_end.check ? "GET " + back_end.check->path : "OPTIONS *";
  return what + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: stead-proxy (health check)\r\n" + authorization +
         "Connection: close\r\n\r\n";
}

}  // namespace

HealthChecker::HealthChecker(asio::any_io_executor executor, UpstreamHealths& healths, UpstreamConnector& connector,
                             std::function<Client*()> client)
    : executor_(std::move(executor)), healths_(healths), connector_(connector), client_(std::move(client)) {}

void HealthChecker::tick(Clock::time_point now, const std::shared_ptr<void>& owner) {
  for (auto& health : healths_.all()) {
    if (!health->begin_check(now)) continue;
    asio::co_spawn(executor_, check(health), [health, owner](std::exception_ptr failed) {
      if (failed) health->check_gave_no_verdict("it ended by an exception", Clock::now());
    });
  }
}

asio::awaitable<void> HealthChecker::check(std::shared_ptr<UpstreamHealth> health) {
  const Result result = co_await ask(health->back_end());
  const Clock::time_point now = Clock::now();
  switch (result.verdict) {
    case Verdict::well:
      health->check_passed(now);
      break;
    case Verdict::unwell:
      health->check_failed(result.why, now);
      break;
    case Verdict::unknown:
      health->check_gave_no_verdict(result.why, now);
      break;
  }
}

asio::awaitable<HealthChecker::Result> HealthChecker::ask(const BackEnd& back_end) {
  auto made = co_await connector_.connect(back_end, 0, {}, timeout_of(back_end));
  if (!made) co_return Result{.verdict = Verdict::unwell, .why = made.error().message};
  UpstreamConnection& connection = **made;
  Result failed;
  const std::string token = co_await authorization(connection, back_end, failed);
  if (!failed.why.empty()) co_return failed;
  connection.stream.expire_writes_in(timeout_of(back_end));
  const std::string request = request_for(back_end, token);
  const Error error = co_await connection.stream.write(request);
  if (error) co_return Result{.verdict = Verdict::unwell, .why = "the check cannot be sent: " + error.message()};
  co_return co_await read_answer(connection, back_end);
}

asio::awaitable<HealthChecker::Result> HealthChecker::read_answer(UpstreamConnection& connection,
                                                                  const BackEnd& back_end) {
  ReadBuffer& buffer = connection.buffer;
  connection.stream.expire_reads_in(timeout_of(back_end));  // one deadline for the whole head
  std::size_t end = std::string_view::npos;
  while ((end = end_of_head(buffer.view(), 0)) == std::string_view::npos) {
    if (buffer.size() >= kMaxHead)
      co_return Result{.verdict = Verdict::unwell, .why = "the answer to the check is too long"};
    if (buffer.full() && buffer.capacity() > 0) buffer.grow(buffer.capacity() * 2);
    const Error error = co_await connection.stream.read(buffer);
    if (!error) continue;
    const bool late = connection.stream.timed_out();
    co_return Result{.verdict = Verdict::unwell,
                     .why = late ? "it does not answer the check in time" : "it closes the check's connection"};
  }
  ResponseHead answer;
  std::string head(buffer.view().substr(0, end));
  const std::string_view wrong = parse_response_head(head, AnswerTo::other, answer);
  if (!wrong.empty())
    co_return Result{.verdict = Verdict::unwell, .why = "malformed answer to the check: " + std::string(wrong)};
  if (back_end.check && !back_end.check->accepts(answer.status))
    co_return Result{.verdict = Verdict::unwell,
                     .why = "status " + std::to_string(answer.status) + " at " + back_end.check->path};
  co_return Result{.verdict = Verdict::well, .why = {}};
}

asio::awaitable<std::string> HealthChecker::authorization(const UpstreamConnection& connection, const BackEnd& back_end,
                                                          Result& failed) {
  if (!back_end.check || !back_end.check->kerberos) co_return std::string();
  Client* const client = client_();
  failed = {.verdict = Verdict::unknown, .why = "the proxy has no account"};
  if (client == nullptr) co_return std::string();
  auto self = co_await client->self();
  if (!self) {
    failed.why = "no ticket of the proxy's own: " + self.error().text;
    co_return std::string();
  }
  auto ticket = co_await client->ticket_for(*self, back_end.spn);
  if (!ticket) {
    failed.why = "no ticket to " + back_end.spn + ": " + ticket.error().text;
    co_return std::string();
  }
  const auto token = make_negotiate_token(**ticket, connection.bindings);
  if (!token) {
    failed.why = "no token: " + token.error().message();
    co_return std::string();
  }
  failed = {};
  std::string out = "Authorization: Negotiate ";
  append_base64(out, token->token);
  co_return out + "\r\n";
}

}  // namespace stead::proxy
