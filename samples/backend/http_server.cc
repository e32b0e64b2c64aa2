#include "samples/backend/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "samples/backend/answer.h"
#include "sspi_shim/base/text.h"

namespace stead::sample {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeaderLimit = 128 * 1024;  // bytes: tickets of users in many groups are long
constexpr std::uint64_t kBodyLimit = 1024 * 1024;   // bytes; request bodies are read and dropped
constexpr std::chrono::seconds kIdle{30};

std::string to_base64(Bytes bytes) {
  std::string out(beast::detail::base64::encoded_size(bytes.size()), '\0');
  out.resize(beast::detail::base64::encode(out.data(), bytes.data(), bytes.size()));
  return out;
}

// The token of "Negotiate TOKEN"; empty: none.
Buffer token_of(const Request& request) {
  if (request.count(http::field::authorization) != 1) return {};
  const auto field = request[http::field::authorization];
  const std::string_view value(field.data(), field.size());
  constexpr std::string_view kScheme = "Negotiate ";
  if (value.size() <= kScheme.size() || !equal_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return {};
  const std::string_view text = value.substr(value.find_first_not_of(' ', kScheme.size()));
  Buffer token(beast::detail::base64::decoded_size(text.size()));
  const auto [written, read] = beast::detail::base64::decode(token.data(), text.data(), text.size());
  if (text.find_first_not_of('=', read) != std::string_view::npos) return {};
  token.resize(written);
  return token;
}

Access access_of(const Request& request) {
  const auto method = request.method();
  const bool reads = method == http::verb::get || method == http::verb::head || method == http::verb::options;
  return reads ? Access::read : Access::read_and_write;
}

Response not_accepted(const Request& request, const std::string& reason) {
  Response response(http::status::unauthorized, request.version());
  response.set(http::field::www_authenticate, "Negotiate");
  response.set(http::field::content_type, "application/json");
  response.body() = error_json("Kerberos is needed", reason);
  return response;
}

Response answer(const Request& request, const Caller& caller, const Service& service) {
  std::optional<Verdict> verdict;
  if (service.rule) verdict = service.rule->judge(caller.sids(), access_of(request));
  const auto accept = request[http::field::accept];
  const bool as_text = !service.json_only && accept.find("text/plain") != std::string::npos;
  const auto* const rule = service.rule ? &*service.rule : nullptr;
  const auto* const judged = verdict ? &*verdict : nullptr;

  Response response(!verdict || verdict->granted ? http::status::ok : http::status::forbidden, request.version());
  response.set(http::field::content_type, as_text ? "text/plain; charset=utf-8" : "application/json");
  response.body() = as_text ? to_text(caller, rule, judged) : to_json(caller, rule, judged);
  if (!caller.reply.empty()) response.set(http::field::www_authenticate, "Negotiate " + to_base64(caller.reply));
  return response;
}

void log(const Request& request, const Response& response, const std::string& who) {
  const auto target = request.target();
  std::fprintf(stderr, "%u %.*s %.80s %s\n", response.result_int(), static_cast<int>(request.method_string().size()),
               request.method_string().data(), std::string(target).c_str(), who.c_str());
}

class Connection {
 public:
  Connection(tcp::socket socket, asio::thread_pool& pool, std::shared_ptr<const Service> service)
      : stream_(std::move(socket)), pool_(pool), service_(std::move(service)) {}

  asio::awaitable<void> run() {
    bool keep_alive = true;
    while (keep_alive) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(kBodyLimit);
      stream_.expires_after(kIdle);
      const auto [head_error, head_size] = co_await http::async_read_header(stream_, buffer_, parser, as_result);
      if (head_error) co_return;
      if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        http::response<http::empty_body> go_on(http::status::continue_, 11);
        const auto [error, size] = co_await http::async_write(stream_, go_on, as_result);
        if (error) co_return;
      }
      const auto [body_error, body_size] = co_await http::async_read(stream_, buffer_, parser, as_result);
      if (body_error) co_return;
      const Request request = parser.release();
      Response response = co_await respond(request);
      response.set(http::field::cache_control, "no-store");
      response.keep_alive(request.keep_alive());
      response.prepare_payload();
      if (request.method() == http::verb::head) response.body().clear();
      keep_alive = request.keep_alive();
      const auto [write_error, written] = co_await http::async_write(stream_, response, as_result);
      if (write_error) co_return;
    }
  }

 private:
  asio::awaitable<Response> respond(const Request& request) {
    const Buffer token = token_of(request);
    if (token.empty()) {
      Response response = not_accepted(request, "no Authorization: Negotiate with a token");
      log(request, response, "-");
      co_return response;
    }
    // Not on the event loop: GSSAPI's replay cache is a file.
    auto work = [&]() -> asio::awaitable<std::variant<Caller, NotAccepted>> {
      co_return service_->acceptor->accept(token);
    };
    const std::variant<Caller, NotAccepted> accepted = co_await asio::co_spawn(pool_, work(), asio::use_awaitable);
    if (const auto* refused = std::get_if<NotAccepted>(&accepted)) {
      Response response = not_accepted(request, refused->reason);
      log(request, response, refused->reason);
      co_return response;
    }
    const Caller& caller = std::get<Caller>(accepted);
    Response response = answer(request, caller, *service_);
    log(request, response, caller.user);
    co_return response;
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  asio::thread_pool& pool_;
  std::shared_ptr<const Service> service_;
};

asio::awaitable<void> serve(tcp::acceptor acceptor, asio::thread_pool& pool, std::shared_ptr<const Service> service) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors: let some connections end
      asio::steady_timer timer(acceptor.get_executor(), std::chrono::milliseconds(100));
      co_await timer.async_wait(as_result);
      continue;
    }
    auto connection = std::make_unique<Connection>(std::move(socket), pool, service);
    auto run = [](std::unique_ptr<Connection> held) -> asio::awaitable<void> { co_await held->run(); };
    asio::co_spawn(acceptor.get_executor(), run(std::move(connection)), [](const std::exception_ptr& stray) {
      if (!stray) return;
      try {
        std::rethrow_exception(stray);
      } catch (const std::exception& exception) {
        std::fprintf(stderr, "stead-backend: %s\n", exception.what());
      }
    });
  }
}

}  // namespace

Checked<tcp::endpoint> parse_endpoint(std::string_view text) {
  const Problem bad{.message = "'" + std::string(text) + "' is not ADDRESS:PORT, e.g. 127.0.0.1:9003"};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad;
  std::string_view host = text.substr(0, colon), digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return bad;
  boost::system::error_code no_address;
  const auto address = asio::ip::make_address(std::string(host), no_address);
  if (no_address) return bad;
  return tcp::endpoint(address, port);
}

HttpServer::HttpServer(asio::io_context& io, asio::thread_pool& pool, Service service)
    : io_(io), pool_(pool), service_(std::make_shared<const Service>(std::move(service))) {}

Checked<void> HttpServer::listen(const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(io_);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    std::ostringstream where;
    where << endpoint;
    return Problem{.message = "cannot listen at " + where.str() + ": " + error.message()};
  }
  asio::co_spawn(io_, serve(std::move(acceptor), pool_, service_), asio::detached);
  return {};
}

}  // namespace stead::sample
