#include "proxy/config/values/address_set.h"

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>
#include "sspi_shim/base/toml_table.h"

namespace stead::proxy {

namespace ip = boost::asio::ip;

bool AddressSet::add(std::string_view text) {
  boost::system::error_code error;
  std::string network(text);
  const bool is_v6 = text.find(':') != text.npos;
  if (text.find('/') == text.npos) network += is_v6 ? "/128" : "/32";
  if (is_v6) {
    const auto parsed = ip::make_network_v6(network, error);
    if (!error) v6_.push_back(parsed.canonical());
  } else {
    const auto parsed = ip::make_network_v4(network, error);
    if (!error) v4_.push_back(parsed.canonical());
  }
  if (!error) texts_.emplace_back(text);
  return !error;
}

bool AddressSet::has(const ip::address& address) const {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (address.is_v4() || mapped) {
    const auto v4 = mapped ? ip::make_address_v4(ip::v4_mapped, address.to_v6()) : address.to_v4();
    return std::any_of(v4_.begin(), v4_.end(), [&](const ip::network_v4& network) {
      return ip::network_v4(v4, network.prefix_length()).canonical() == network;
    });
  }
  return std::any_of(v6_.begin(), v6_.end(), [&](const ip::network_v6& network) {
    return ip::network_v6(address.to_v6(), network.prefix_length()).canonical() == network;
  });
}

void read_addresses(TomlTable& table, std::string_view key, FileErrors& errors, AddressSet& out) {
  for (const auto& [text, at] : table.texts(key))
    if (!out.add(text))
      errors.add(at, std::string(key) + ": \"" + text + "\" is not an address or a network, as \"10.0.0.0/8\"");
}

}  // namespace stead::proxy
