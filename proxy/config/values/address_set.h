#pragma once
// A set of IP addresses, given as addresses and networks.
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stead {
class FileErrors;
class TomlTable;
}  // namespace stead

namespace stead::proxy {

class AddressSet {
 public:
  // "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8". False: the text is none of these.
  bool add(std::string_view text);
  // An IPv4 address that is written in IPv6 (::ffff:10.0.0.1) is that IPv4 address.
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }  // as they were added
  [[nodiscard]] bool has(const boost::asio::ip::address& address) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
  std::vector<std::string> texts_;
};

// Reads the key's array.
void read_addresses(TomlTable& table, std::string_view key, FileErrors& errors, AddressSet& out);

}  // namespace stead::proxy
