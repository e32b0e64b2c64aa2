#include "web_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sample {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using Bytes = std::vector<std::uint8_t>;
using Judgement = std::variant<stead::AcceptedClient, stead::RefusedClient>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeaderLimit = 128 * 1024;  // bytes: tickets of users in many groups are long
constexpr std::uint64_t kBodyLimit = 64 * 1024;     // bytes
constexpr std::chrono::seconds kIdle{30};

constexpr const char* kWhoAmI =
    "SELECT json_build_object('signed_in_as', $1::text, 'current_user', current_user, 'principal', principal, "
    "'encrypted', encrypted) "
    "FROM pg_stat_gssapi WHERE pid = pg_backend_pid()";
constexpr const char* kNotes =
    "SELECT coalesce(json_agg(json_build_object('owner', owner, 'text', text) ORDER BY id), '[]') FROM notes";
constexpr const char* kNewNote =
    "INSERT INTO notes (text) VALUES ($1) RETURNING json_build_object('owner', owner, 'text', text)";

std::string to_base64(const Bytes& bytes) {
  std::string out(beast::detail::base64::encoded_size(bytes.size()), '\0');
  out.resize(beast::detail::base64::encode(out.data(), bytes.data(), bytes.size()));
  return out;
}

// The token of "Authorization: Negotiate TOKEN"; empty: none.
Bytes token_of(const Request& request) {
  constexpr std::string_view kScheme = "Negotiate ";
  const std::string_view value = request[http::field::authorization];
  if (request.count(http::field::authorization) != 1 || !beast::iequals(value.substr(0, kScheme.size()), kScheme))
    return {};
  const std::string_view text = value.substr(kScheme.size());
  Bytes token(beast::detail::base64::decoded_size(text.size()));
  const auto [written, read] = beast::detail::base64::decode(token.data(), text.data(), text.size());
  if (text.find_first_not_of('=', read) != std::string_view::npos) return {};
  token.resize(written);
  return token;
}

Response answer(http::status status, const std::string& json) {
  Response response(status, 11);
  response.set(http::field::content_type, "application/json");
  response.set(http::field::cache_control, "no-store");
  response.body() = json + "\n";
  return response;
}

Response unauthorized() {
  Response response = answer(http::status::unauthorized, R"({"error": "Kerberos is needed"})");
  response.set(http::field::www_authenticate, "Negotiate");
  return response;
}

// The user learns the kind of failure only; the log has the rest.
Response failed(const QueryFailure& failure) {
  switch (failure.kind) {
    case QueryFailure::Kind::not_delegated:
      return answer(http::status::forbidden, R"({"error": "the directory does not let this server act for you"})");
    case QueryFailure::Kind::unreachable:
      return answer(http::status::service_unavailable, R"({"error": "no domain controller answers"})");
    case QueryFailure::Kind::database:
      break;
  }
  return answer(http::status::bad_gateway, R"({"error": "the database does not serve you"})");
}

void log(const Request& request, const Response& response, const std::string& who) {
  std::fprintf(stderr, "%u %s %.80s %s\n", response.result_int(), std::string(request.method_string()).c_str(),
               std::string(request.target()).c_str(), who.c_str());
}

asio::awaitable<Response> respond(const Service& service, const Request& request) {
  const bool reads = request.method() == http::verb::get, writes = request.method() == http::verb::post;
  std::string sql;
  if (reads && request.target() == "/whoami") sql = kWhoAmI;
  if (reads && request.target() == "/notes") sql = kNotes;
  if (writes && request.target() == "/notes") sql = kNewNote;
  if (sql.empty()) co_return answer(http::status::not_found, R"({"error": "there are /whoami and /notes"})");

  const Bytes token = token_of(request);
  if (token.empty()) co_return unauthorized();
  auto judge = [&]() -> asio::awaitable<Judgement> {
    co_return service.acceptor->accept(token, {}, stead::BindingsPolicy::allow);
  };
  Judgement judgement = co_await asio::co_spawn(*service.pool, judge(), asio::use_awaitable);
  if (const auto* refused = std::get_if<stead::RefusedClient>(&judgement)) {
    Response response = unauthorized();
    log(request, response, refused->reason);
    co_return response;
  }
  auto& user = std::get<stead::AcceptedClient>(judgement);
  const stead::Result<stead::Identity> identity = service.client->from_ticket(user.ticket);
  if (!identity) {
    Response response = unauthorized();
    log(request, response, user.user + ": " + identity.error().message());
    co_return response;
  }
  std::vector<std::string> parameters;
  if (sql == kWhoAmI) parameters.push_back(user.user);
  if (sql == kNewNote) parameters.push_back(request.body());
  const auto result = co_await service.database->query(*identity, sql, parameters);
  const auto* failure = std::get_if<QueryFailure>(&result);
  Response response = failure ? failed(*failure) : answer(http::status::ok, std::get<std::string>(result));
  if (!user.reply.empty()) response.set(http::field::www_authenticate, "Negotiate " + to_base64(user.reply));
  log(request, response, failure ? user.user + ": " + failure->text : user.user);
  co_return response;
}

asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket, Service service) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  for (bool keep_alive = true; keep_alive;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kHeaderLimit);
    parser.body_limit(kBodyLimit);
    stream.expires_after(kIdle);
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, as_result);
    if (read_error) co_return;
    stream.expires_never();  // the database has deadlines of its own
    const Request request = parser.release();
    Response response = co_await respond(service, request);
    keep_alive = request.keep_alive();
    response.keep_alive(keep_alive);
    response.prepare_payload();
    stream.expires_after(kIdle);
    const auto [write_error, written] = co_await http::async_write(stream, response, as_result);
    if (write_error) co_return;
  }
}

asio::awaitable<void> accept_all(asio::ip::tcp::acceptor acceptor, Service service) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors: let some connections end
      asio::steady_timer timer(acceptor.get_executor(), std::chrono::milliseconds(100));
      co_await timer.async_wait(as_result);
      continue;
    }
    asio::co_spawn(acceptor.get_executor(), serve_connection(std::move(socket), service),
                   [](const std::exception_ptr& stray) {
                     if (!stray) return;
                     try {
                       std::rethrow_exception(stray);
                     } catch (const std::exception& exception) {
                       std::fprintf(stderr, "sdk_postgresql: %s\n", exception.what());
                     }
                   });
  }
}

}  // namespace

void serve(asio::ip::tcp::acceptor acceptor, Service service) {
  const auto executor = acceptor.get_executor();
  asio::co_spawn(executor, accept_all(std::move(acceptor), std::move(service)), [](const std::exception_ptr& stray) {
    if (stray) std::rethrow_exception(stray);
  });
}

}  // namespace sample
