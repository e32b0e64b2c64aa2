#include "proxy/doctor/gather/http_probe.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sspi_shim/base/time_limit.h"
#include "sspi_shim/base/x509.h"

namespace stead::doctor {
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t kMaxBody = 4 * 1024 * 1024;
constexpr std::uint32_t kMaxHeader = 64 * 1024;

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::optional<std::chrono::seconds> ahead_of_us(const std::string& date) {
  std::tm parts{};
  const char* const end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S", &parts);
  if (end == nullptr) return std::nullopt;
  const auto theirs = std::chrono::system_clock::from_time_t(::timegm(&parts));
  return std::chrono::duration_cast<std::chrono::seconds>(theirs - std::chrono::system_clock::now());
}

}  // namespace

HttpProbe::HttpProbe(asio::any_io_executor executor, proxy::Upstream where, std::vector<std::string> addresses,
                     bool verify, std::string ca)
    : executor_(executor),
      where_(std::move(where)),
      addresses_(std::move(addresses)),
      verify_(verify),
      ca_(std::move(ca)),
      context_(asio::ssl::context::tls_client),
      socket_(executor) {}

void HttpProbe::close() {
  Error ignored;
  socket_.close(ignored);
  open_ = false;
}

Awaitable<bool> HttpProbe::connect(HttpFacts& out) {
  out.stage = HttpStage::connect;
  out.error = "it has no address";
  for (const std::string& text : addresses_) {
    Error bad;
    const auto address = asio::ip::make_address(text, bad);
    if (bad) continue;
    Error ignored;
    socket_.close(ignored);
    const asio::ip::tcp::endpoint to(address, where_.port);
    const auto [error] = co_await socket_.async_connect(to, as_result);
    if (!error) {
      socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
      co_return true;
    }
    out.error = text + " port " + std::to_string(where_.port) + ": " + error.message();
  }
  co_return false;
}

Awaitable<bool> HttpProbe::handshake(HttpFacts& out) {
  out.stage = HttpStage::tls;
  Error error;
  if (ca_.empty())
    context_.set_default_verify_paths(error);
  else
    context_.load_verify_file(ca_, error);
  if (error) {
    out.error = ca_ + ": " + error.message();
    co_return false;
  }
  tls_.emplace(socket_, context_);
  const std::string host = bare_host(where_);
  Error not_an_address;
  (void)asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());  // RFC 6066 §3: names only
  tls_->set_verify_mode(verify_ ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
  if (verify_) tls_->set_verify_callback(asio::ssl::host_name_verification(host), error);
  const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  if (failed) {
    out.error = failed.message();
    co_return false;
  }
  bindings_ = tls_server_end_point(SSL_get0_peer_certificate(tls_->native_handle()));
  co_return true;
}

Awaitable<void> HttpProbe::read_answer(HttpFacts& out) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  parser.header_limit(kMaxHeader);
  parser.eager(true);
  std::string held;
  std::array<char, 16384> block{};
  while (!parser.is_done()) {
    std::size_t size = 0;
    Error error;
    if (tls_)
      std::tie(error, size) = co_await tls_->async_read_some(asio::buffer(block), as_result);
    else
      std::tie(error, size) = co_await socket_.async_read_some(asio::buffer(block), as_result);
    Error wrong;
    if (size > 0) {
      held.append(block.data(), size);
      for (std::size_t used = 1; used > 0 && !wrong && !held.empty() && !parser.is_done();) {
        used = parser.put(asio::buffer(held), wrong);
        held.erase(0, used);
      }
      if (wrong == http::error::need_more) wrong = {};
    }
    if (error && !wrong && parser.is_header_done()) parser.put_eof(wrong);
    if (wrong || (error && !parser.is_done())) {
      if (parser.is_header_done()) break;  // the head is enough; the connection cannot be used again
      out.error = (wrong ? wrong : error).message();
      close();
      co_return;
    }
    if (parser.is_header_done()) parser.get().body().clear();
  }
  const auto& answer = parser.get();
  out.stage = HttpStage::done;
  out.error.clear();
  out.status = answer.result_int();
  const auto [first, last] = answer.equal_range(http::field::www_authenticate);
  for (auto field = first; field != last; ++field) out.challenges.emplace_back(field->value());
  const auto date = answer.find(http::field::date);
  if (date != answer.end()) out.clock = ahead_of_us(std::string(date->value()));
  out.closes = !parser.is_done() || !answer.keep_alive();
  if (out.closes) close();
}

Awaitable<HttpFacts> HttpProbe::get(std::string host, std::string path, std::string authorization) {
  HttpFacts out;
  TimeLimit limit(executor_, std::chrono::steady_clock::now() + kHttpTime, [this] { close(); });
  if (!open_) {
    tls_.reset();
    bool ready = co_await connect(out);
    if (ready && where_.tls) ready = co_await handshake(out);
    if (!ready) {
      if (limit.expired()) out.error = "no answer in time";
      close();
      co_return out;
    }
    open_ = true;
  }
  out.stage = HttpStage::answer;
  std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: stead-doctor\r\nAccept: */*\r\n";
  if (!authorization.empty()) request += "Authorization: " + authorization + "\r\n";
  request += "\r\n";
  Error error;
  std::size_t written = 0;
  if (tls_)
    std::tie(error, written) = co_await asio::async_write(*tls_, asio::buffer(request), as_result);
  else
    std::tie(error, written) = co_await asio::async_write(socket_, asio::buffer(request), as_result);
  if (error) {
    out.error = error.message();
    close();
  } else {
    co_await read_answer(out);
  }
  if (limit.expired()) out.error = "no answer in time";
  co_return out;
}

}  // namespace stead::doctor
