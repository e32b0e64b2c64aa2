#include "sspi_shim/base/host_and_port.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "sspi_shim/base/text.h"

namespace stead {

std::string with_brackets(std::string_view host) {
  if (host.find(':') == std::string_view::npos || host.starts_with('[')) return std::string(host);
  return '[' + std::string(host) + ']';
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

std::string format_host_and_port(std::string_view host, std::uint16_t port) {
  return with_brackets(host) + ':' + std::to_string(port);
}

std::optional<HostAndPort> parse_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon), bare = without_brackets(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  const bool has_brackets = bare.size() != host.size(), is_v6 = bare.find(':') != std::string_view::npos;
  if (bare.empty() || has_brackets != is_v6 || !port) return std::nullopt;
  return HostAndPort{std::string(bare), *port};
}

bool is_ip_address(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

}  // namespace stead
