#include "proxy/serve/client_connection.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/headers/forwarded_field.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {

namespace asio = boost::asio;

ClientConnection::ClientConnection(Core& owner, asio::ip::tcp::socket socket, const asio::ip::address& address,
                                   CameIn from)
    : core(owner),
      stream(std::move(socket), owner.watchdog),
      place(owner.clients, address, stream),
      came_in(std::move(from)),
      remote(address.to_string()),
      is_trusted_proxy(came_in.door != Door::clients || owner.now->config().trusted_proxies.has(address)),
      key_(address_key(address)) {
  core.metrics.client_connections.add();
  core.metrics.client_connections_now.add();
}

ClientConnection::~ClientConnection() {
  core.metrics.client_connections_now.subtract();
}

asio::awaitable<bool> ClientConnection::open() {
  place.set_waiting(true);
  const std::shared_ptr<Generation> generation = core.now;
  only_redirects_ = came_in.door == Door::clients && generation->config().redirects_at(came_in.listener);
  if (only_redirects_ || came_in.door == Door::proxies_on_loopback) co_return true;
  const TlsListener* const tls = generation->server_tls ? generation->server_tls->at(came_in.listener) : nullptr;
  if (tls == nullptr) co_return true;
  tls_ = certified_by_ = generation->server_tls;
  tls->begin(handshake_);
  stream.expire_reads_in(generation->config().limits.header_timeout);
  const Error error = co_await stream.accept_tls(tls->context(), &handshake_);
  stream.expect_nothing();
  if (error) {
    core.metrics.tls_failures.add();
    co_return false;
  }
  tls->finish(stream.ssl(), handshake_);
  if (handshake_.asks_for_certificate) certificate = client_certificate_of(stream.ssl());
  co_return true;
}

void ClientConnection::check_certificate_again(const Generation& generation) {
  if (certified_by_ == generation.server_tls) return;
  certified_by_ = generation.server_tls;
  if (certificate.name.empty()) return;
  if (certified_by_)
    certificate = certified_by_->verify_again(stream.ssl());
  else
    certificate = {};
}

std::string_view ClientConnection::tls_version() const {
  return stream.ssl() != nullptr ? SSL_get_version(stream.ssl()) : "";
}

bool ClientConnection::is_for(const std::string& host) {
  if (!stream.tls() || host == last_host_) return true;
  if (!handshake_.covers(host)) return false;
  last_host_ = host;
  return true;
}

namespace {

void use_address(const asio::ip::address& address, ClientOrigin& out) {
  out.address = address.to_string();
  out.key = address_key(address);
}

}  // namespace

ClientOrigin ClientConnection::origin_of(const RequestHead& head, const Config& config) const {
  ClientOrigin out{.address = remote, .key = key_, .https = stream.tls()};
  if (!is_trusted_proxy) return out;
  if (config.trusted_form == ForwardedForm::forwarded && came_in.door == Door::clients)
    believe_forwarded(head, config, out);
  else
    believe_x_forwarded(head, config, out);
  return out;
}

// The last address that is no trusted proxy's.
void ClientConnection::believe_x_forwarded(const RequestHead& head, const Config& config, ClientOrigin& out) const {
  const auto is_proto = [](const Field& field) { return equal_ignoring_case(field.name, "x-forwarded-proto"); };
  const auto found = std::find_if(head.fields.begin(), head.fields.end(), is_proto);
  if (found != head.fields.end() && equal_ignoring_case(found->value, "https") &&
      std::none_of(std::next(found), head.fields.end(), is_proto))
    out.https = true;
  for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
    if (!equal_ignoring_case(field->name, "x-forwarded-for")) continue;
    std::string_view list = field->value;
    while (!list.empty()) {
      const std::size_t comma = list.rfind(',');
      const std::string_view last = trim_blanks(list.substr(comma == list.npos ? 0 : comma + 1));
      list = list.substr(0, comma == list.npos ? 0 : comma);
      Error error;
      const auto address = asio::ip::make_address(std::string(last), error);
      if (error) return;
      use_address(address, out);
      if (!config.trusted_proxies.has(address)) return;
    }
  }
}

// The same in Forwarded: an element says of whom its proxy got the request, and by which protocol.
void ClientConnection::believe_forwarded(const RequestHead& head, const Config& config, ClientOrigin& out) const {
  for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
    if (!equal_ignoring_case(field->name, "forwarded")) continue;
    const auto elements = parse_forwarded(field->value);
    if (!elements) return;
    for (auto element = elements->rbegin(); element != elements->rend(); ++element) {
      out.https = stream.tls() || element->https;
      if (!element->from) return;
      use_address(*element->from, out);
      if (!config.trusted_proxies.has(*element->from)) return;
    }
  }
}

}  // namespace stead::proxy
