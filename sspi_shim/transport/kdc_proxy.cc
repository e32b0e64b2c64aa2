#include "sspi_shim/transport/kdc_proxy.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/base/host_and_port.h"
#include "sspi_shim/base/time_limit.h"
#include "sspi_shim/locate/realm_proxy.h"
#include "sspi_shim/protocol/messages/kdc_proxy_message.h"
#include "sspi_shim/protocol/types/types.h"
#include "sspi_shim/transport/tcp_exchange.h"

namespace stead {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxIdle = 8;
constexpr std::size_t kMaxProxyOverhead = 1024;  // of a KDC-PROXY-MESSAGE, without the message in it
constexpr std::size_t kMaxHeader = 16 * 1024;
constexpr std::chrono::seconds kIdleLife{30};

using Body = http::vector_body<std::uint8_t>;

struct Connection {
  Connection(const asio::any_io_executor& executor, asio::ssl::context& tls) : stream(executor, tls) {}
  beast::ssl_stream<beast::tcp_stream> stream;
  beast::flat_buffer buffer;
  Clock::time_point idle_since;
  bool is_reusable = false;  // the last response keeps the connection open
};

class HttpsProxyClient final : public KdcProxyClient {
 public:
  HttpsProxyClient(asio::any_io_executor executor, KdcProxyUrl url)
      : executor_(std::move(executor)), url_(std::move(url)) {}

  Error open(const std::string& ca) {
    Error error;
    tls_.set_options(
        asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 | asio::ssl::context::default_workarounds, error);
    if (!error) tls_.set_verify_mode(asio::ssl::verify_peer, error);
    if (!error && ca.empty()) tls_.set_default_verify_paths(error);
    if (!error && !ca.empty()) tls_.load_verify_file(ca, error);
    return error;
  }

  asio::awaitable<Result<Buffer>> exchange(std::string realm, Buffer request, std::optional<std::uint32_t> hint,
                                           Clock::time_point until) override {
    const Buffer message = encode(KdcProxyMessage{std::move(request), std::move(realm), hint});
    for (bool try_idle = true;; try_idle = false) {
      std::unique_ptr<Connection> connection = try_idle ? take_idle() : nullptr;
      const bool was_idle = connection != nullptr;
      if (!was_idle) {
        Result<std::unique_ptr<Connection>> made = co_await connect(until);
        if (!made) co_return made.error();
        connection = std::move(*made);
      }
      Result<Buffer> answer = co_await post(*connection, message, until);
      if (connection->is_reusable) give_back(std::move(connection));
      // The proxy may have closed an idle connection: the request is then sent again over a new one.
      if (answer || !was_idle || answer.error() == asio::error::timed_out || answer.error() == http::error::bad_status)
        co_return answer;
    }
  }

 private:
  asio::awaitable<Result<std::unique_ptr<Connection>>> connect(Clock::time_point until) {
    tcp::resolver resolver(executor_);
    tcp::resolver::results_type found;
    {
      const TimeLimit limit(executor_, until, [&resolver] { resolver.cancel(); });
      auto [error, results] = co_await resolver.async_resolve(url_.host, url_.port, as_result);
      if (limit.expired()) co_return make_error_code(asio::error::timed_out);
      if (error) co_return error;
      found = std::move(results);
    }
    auto connection = std::make_unique<Connection>(executor_, tls_);
    auto& stream = connection->stream;
    Error setting;
    stream.set_verify_callback(asio::ssl::host_name_verification(url_.host), setting);
    if (setting) co_return setting;
    if (!is_ip_address(url_.host) && SSL_set_tlsext_host_name(stream.native_handle(), url_.host.c_str()) != 1) {
      co_return make_error_code(asio::error::invalid_argument);
    }
    auto& lowest = beast::get_lowest_layer(stream);
    lowest.expires_at(until);
    const auto [connect_error, endpoint] = co_await lowest.async_connect(found, as_result);
    if (connect_error) co_return to_asio_error(connect_error);
    Error ignored;
    lowest.socket().set_option(tcp::no_delay(true), ignored);
    const auto [tls_error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
    if (tls_error) co_return to_asio_error(tls_error);
    co_return Result<std::unique_ptr<Connection>>(std::move(connection));
  }

  asio::awaitable<Result<Buffer>> post(Connection& connection, const Buffer& message, Clock::time_point until) {
    connection.is_reusable = false;
    beast::get_lowest_layer(connection.stream).expires_at(until);
    http::request<Body> request(http::verb::post, url_.path, 11, message);
    request.set(http::field::host, with_brackets(url_.host) + (url_.port == "443" ? "" : ":" + url_.port));
    request.set(http::field::content_type, "application/kerberos");
    request.set(http::field::cache_control, "no-cache");
    request.prepare_payload();
    const auto [write_error, written] = co_await http::async_write(connection.stream, request, as_result);
    if (write_error) co_return to_asio_error(write_error);
    http::response_parser<Body> parser;
    parser.body_limit(kMaxKdcFrame + kMaxProxyOverhead);
    parser.header_limit(kMaxHeader);
    const auto [read_error, read] = co_await http::async_read(connection.stream, connection.buffer, parser, as_result);
    if (read_error) co_return to_asio_error(read_error);
    const auto& response = parser.get();
    connection.is_reusable = response.keep_alive();
    if (response.result() != http::status::ok) co_return make_error_code(http::error::bad_status);
    auto answer = decode_kdc_proxy_message(response.body());
    if (!answer) co_return answer.error();
    co_return std::move(answer->kerb_message);
  }

  // Beast has an error of its own for a deadline that passed.
  static Error to_asio_error(const Error& error) {
    return error == beast::error::timeout ? make_error_code(asio::error::timed_out) : error;
  }

  std::unique_ptr<Connection> take_idle() {
    const auto oldest = Clock::now() - kIdleLife;
    while (!idle_.empty() && idle_.front()->idle_since < oldest) idle_.pop_front();
    if (idle_.empty()) return nullptr;
    auto out = std::move(idle_.back());
    idle_.pop_back();
    return out;
  }
  void give_back(std::unique_ptr<Connection> connection) {
    beast::get_lowest_layer(connection->stream).expires_never();
    connection->idle_since = Clock::now();
    idle_.push_back(std::move(connection));
    if (idle_.size() > kMaxIdle) idle_.pop_front();
  }

  asio::any_io_executor executor_;
  KdcProxyUrl url_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::deque<std::unique_ptr<Connection>> idle_;  // the most recently used is last
};

}  // namespace

Result<std::shared_ptr<KdcProxyClient>> make_kdc_proxy_client(asio::any_io_executor executor, const KdcProxy& proxy) {
  auto url = parse_kdc_proxy_url(proxy.url);
  if (!url) return url.error();
  auto client = std::make_shared<HttpsProxyClient>(std::move(executor), std::move(*url));
  if (const Error error = client->open(proxy.ca)) return error;
  return std::shared_ptr<KdcProxyClient>(std::move(client));
}

}  // namespace stead
