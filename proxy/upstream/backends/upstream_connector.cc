#include "proxy/upstream/backends/upstream_connector.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/x509.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);

// What OpenSSL has against the certificate, in words for an operator; empty: nothing.
std::string fault_of_certificate(SSL* ssl, const BackEnd& back_end) {
  const std::string ca = back_end.ca.empty() ? "the system's authorities" : "upstream_ca " + back_end.ca;
  const std::string name = back_end.server_name.empty() ? bare_host(back_end.upstream) : back_end.server_name;
  switch (const long result = SSL_get_verify_result(ssl)) {
    case X509_V_OK:
      return {};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its certificate is by an unknown CA: " + ca + " did not issue it";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate has the wrong name: it is not for " + name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired, or one of its chain has";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet";
    default:
      return std::string("its certificate is not valid: ") + X509_verify_cert_error_string(result);
  }
}

}  // namespace

asio::awaitable<UpstreamNames::Endpoints> UpstreamConnector::resolve(const Upstream& upstream,
                                                                     std::chrono::milliseconds timeout, Error& error) {
  const auto address = asio::ip::make_address(bare_host(upstream), error);
  if (!error) co_return UpstreamNames::Endpoints{tcp::endpoint(address, upstream.port)};
  co_return co_await names_->find(upstream.host, upstream.port, timeout, error);
}

asio::awaitable<UpstreamConnector::Opened> UpstreamConnector::open(UpstreamConnection& connection,
                                                                   tcp::endpoint endpoint, const BackEnd& back_end,
                                                                   std::chrono::milliseconds timeout) {
  Stream& stream = connection.stream;
  Opened out;
  stream.socket().open(endpoint.protocol(), out.error);
  if (out.error) co_return out;
  Error ignored;
  stream.socket().non_blocking(true, ignored);
  stream.socket().set_option(tcp::no_delay(true), ignored);
  stream.expire_writes_in(timeout);
  const auto [connect_error] = co_await stream.socket().async_connect(endpoint, as_result);
  out.error = connect_error;
  if (!out.error && back_end.upstream.tls) {
    const auto verify = back_end.verify ? Stream::VerifyPeer::yes : Stream::VerifyPeer::no;
    const std::string& name = back_end.server_name.empty() ? back_end.upstream.host : back_end.server_name;
    out.error = co_await stream.connect_tls(tls_.context(back_end), name, verify);
    if (out.error && back_end.verify) out.why = fault_of_certificate(stream.ssl(), back_end);
    if (out.error && out.why.empty()) out.why = "its TLS handshake fails: " + out.error.message();
    if (!out.error) {
      const std::string bindings = tls_server_end_point(SSL_get0_peer_certificate(stream.ssl()));
      connection.bindings.assign(bindings.begin(), bindings.end());
    }
  }
  stream.expect_nothing();
  if (stream.timed_out()) out = {.error = asio::error::timed_out, .why = {}};
  co_return out;
}

asio::awaitable<Checked<UpstreamPtr>> UpstreamConnector::connect(const BackEnd& back_end, std::size_t number,
                                                                 std::string owner, std::chrono::milliseconds timeout) {
  Opened last;
  const UpstreamNames::Endpoints endpoints = co_await resolve(back_end.upstream, timeout, last.error);
  for (const tcp::endpoint& endpoint : endpoints) {
    if (stopped_) break;
    auto connection = std::make_unique<UpstreamConnection>(tcp::socket(executor_), watchdog_, number, owner);
    last = co_await open(*connection, endpoint, back_end, timeout);
    if (!last.error) co_return connection;
  }
  if (last.why.empty()) last.why = last.error ? last.error.message() : "no address";
  co_return Problem{.message = std::move(last.why), .where = {}, .fix = {}};
}

}  // namespace stead::proxy
