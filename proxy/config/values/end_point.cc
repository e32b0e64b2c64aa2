#include "proxy/config/values/end_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "proxy/config/values/values.h"
#include "stead/result.h"

namespace stead::proxy {
namespace {

bool has_brackets(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']';
}

std::string_view without_brackets(std::string_view host) {
  return has_brackets(host) ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return std::nullopt;
  Error error;
  const auto address = boost::asio::ip::make_address(without_brackets(host), error);
  if (error || address.is_v6() != has_brackets(host)) return std::nullopt;
  return Endpoint{std::move(host), static_cast<std::uint16_t>(*port)};
}

bool is_loopback(const Endpoint& endpoint) {
  Error error;
  const auto address = boost::asio::ip::make_address(without_brackets(endpoint.address), error);
  return !error && address.is_loopback();
}

}  // namespace stead::proxy
