#pragma once
// The client that an address stands for, as limits count it.
#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>

namespace stead::proxy {

using AddressKey = std::array<std::uint8_t, 16>;

// An IPv4 address whole, of an IPv6 address the first 64 bits: a client has the others to itself.
[[nodiscard]] inline AddressKey address_key(const boost::asio::ip::address& address) {
  AddressKey key{};
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    const auto octets = address.to_v6().to_bytes();
    std::copy_n(octets.begin(), 8, key.begin());
    return key;
  }
  const auto octets = address.is_v4()
                          ? address.to_v4().to_bytes()
                          : boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_bytes();
  key[10] = key[11] = 0xff;
  std::copy(octets.begin(), octets.end(), key.begin() + 12);
  return key;
}

}  // namespace stead::proxy
