#include "proxy/upstream/answer_reader.h"

#include <boost/asio/ssl/error.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/headers/outgoing_response.h"
#include "proxy/http/request_rules.h"

namespace stead::proxy {
namespace {
constexpr int kMaxInterim = 16;
constexpr std::size_t kMaxHeldInterim = 16 * 1024;
}  // namespace

AnswerReader::HeadState AnswerReader::malformed(std::string_view what) {
  diagnosis_ = "upstream " + context_.pool.name(upstream_.upstream) + ": ";
  diagnosis_ += what;
  return HeadState::malformed;
}

AnswerReader::HeadState AnswerReader::take_head() {
  ReadBuffer& buffer = upstream_.buffer;
  const std::size_t end = end_of_head(buffer.view(), searched_);
  if (end == std::string_view::npos) {
    const std::string_view wrong = check_partial_response_head(buffer.view(), searched_);
    if (!wrong.empty()) return malformed("malformed response: " + std::string(wrong));
  }
  searched_ = end == std::string_view::npos ? buffer.size() : 0;
  if (end == std::string_view::npos) {
    if (!buffer.full() || buffer.capacity() == 0) return HeadState::incomplete;
    if (buffer.capacity() >= context_.limits.header_bytes) return malformed("the response's head is too long");
    buffer.grow(buffer.capacity() * 2);
    return HeadState::incomplete;
  }
  memory_.answer_head.assign(buffer.view().substr(0, end));
  buffer.consume(end);
  ResponseHead& answer = memory_.answer;
  const std::string_view wrong =
      parse_response_head(memory_.answer_head, job_.head.method == "HEAD" ? AnswerTo::head : AnswerTo::other, answer);
  if (!wrong.empty()) return malformed("malformed response: " + std::string(wrong));
  if (answer.status == 101 && upgrade_ == Upgrade::not_requested) return malformed("101 without a request to upgrade");
  return answer.is_interim() ? HeadState::interim : HeadState::final;
}

boost::asio::awaitable<bool> AnswerReader::pass_interim_on() {
  if (memory_.answer.status == 100 || client_.version() == ClientVersion::http_1_0) co_return true;
  std::string& out = client_.out();
  const std::size_t before = out.size();
  write_interim_head(out, memory_.answer);
  if (job_.needs_proof()) {
    if (out.size() > kMaxHeldInterim) out.resize(before);  // a client can do without
    co_return true;
  }
  Error error;
  if (!client_.flush_at_once(error)) error = co_await client_.flush_rest();
  co_return !error;
}

boost::asio::awaitable<AnswerReader::Outcome> AnswerReader::read() {
  client_.out().clear();
  for (int interim = 0; true;) {
    switch (take_head()) {
      case HeadState::final:
        co_return Outcome::final;
      case HeadState::malformed:
        co_return Outcome::no_answer;
      case HeadState::interim: {
        if (++interim > kMaxInterim) {
          (void)malformed("too many interim responses");
          co_return Outcome::no_answer;
        }
        const bool passed = co_await pass_interim_on();
        if (!passed) co_return Outcome::client_left;
        continue;
      }
      case HeadState::incomplete:
        break;
    }
    upstream_.stream.expire_reads_in(job_.reply_timeout(context_.limits));
    const auto [error, n] = co_await upstream_.stream.read_some(upstream_.buffer);
    upstream_.buffer.commit(n);
    if (error && error.category() == boost::asio::error::get_ssl_category())
      ending_ = "it ended the TLS connection before a response: " + error.message();
    if (error) co_return Outcome::no_answer;
    began_ = true;
  }
}

}  // namespace stead::proxy
