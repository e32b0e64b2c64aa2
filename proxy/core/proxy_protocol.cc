#include "proxy/core/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "stead/result.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::string_view kBinary("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kText = "PROXY ";
constexpr std::size_t kMaxText = 107, kBinaryHead = 16;

// A field of version 1 and the blank behind it; nothing if there is no blank.
std::optional<std::string_view> take_field(std::string_view& line) {
  const std::size_t end = line.find(' ');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end + 1);
  return field;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool plain = text.size() == 1 || (!text.empty() && text.front() != '0');
  if (error != std::errc{} || end != text.data() + text.size() || !plain) return std::nullopt;
  return port;
}

template <class Address>
std::optional<Address> address_of(std::string_view text) {
  Error error;
  std::optional<Address> out;
  if constexpr (std::is_same_v<Address, asio::ip::address_v4>)
    out = asio::ip::make_address_v4(std::string(text), error);
  else if (text.find('%') == std::string_view::npos)
    out = asio::ip::make_address_v6(std::string(text), error);
  if (error) return std::nullopt;
  return out;
}

template <class Address>
std::optional<tcp::endpoint> client_of(std::string_view line) {
  const auto source = take_field(line), destination = take_field(line), port = take_field(line);
  if (!source || !destination || !port || !port_of(line) || !address_of<Address>(*destination)) return std::nullopt;
  const auto address = address_of<Address>(*source);
  const auto number = port_of(*port);
  if (!address || !number) return std::nullopt;
  return tcp::endpoint(*address, *number);
}

std::size_t number_at(std::string_view octets, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(octets[at])) << 8 |
         static_cast<unsigned char>(octets[at + 1]);
}

// Both addresses, then both ports.
template <class Address>
tcp::endpoint source_in(std::string_view addresses) {
  typename Address::bytes_type octets{};
  std::copy_n(addresses.begin(), octets.size(), octets.begin());
  return {Address(octets), static_cast<std::uint16_t>(number_at(addresses, 2 * octets.size()))};
}

}  // namespace

ProxyHeaderReader::State ProxyHeaderReader::look_at(std::string_view octets) {
  if (octets.starts_with(kText)) return look_at_text(octets);
  if (octets.starts_with(kBinary)) return look_at_binary(octets);
  return finish(State::malformed);
}

ProxyHeaderReader::State ProxyHeaderReader::look_at_text(std::string_view octets) {
  if (!octets.ends_with("\r\n")) {
    const bool broken = octets.find('\n') != std::string_view::npos;
    // The line ends with the octets that were asked for, or later.
    wanted_ = octets.ends_with('\r') ? 1 : 2;
    if (octets.size() + wanted_ > kMaxText && octets.size() < kMaxText) wanted_ = 1;
    return broken || octets.size() >= kMaxText ? finish(State::malformed) : State::more;
  }
  std::string_view line = octets.substr(kText.size(), octets.size() - kText.size() - 2);
  if (line.find_first_of("\r\n") != std::string_view::npos) return finish(State::malformed);
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return finish(State::done);
  const auto family = take_field(line);
  if (family == "TCP4") header_.client = client_of<asio::ip::address_v4>(line);
  if (family == "TCP6") header_.client = client_of<asio::ip::address_v6>(line);
  return finish(header_.client ? State::done : State::malformed);
}

ProxyHeaderReader::State ProxyHeaderReader::look_at_binary(std::string_view octets) {
  if (octets.size() < kBinaryHead) {
    wanted_ = kBinaryHead - octets.size();
    return State::more;
  }
  const auto version_and_command = static_cast<unsigned char>(octets[12]);
  const auto family = static_cast<unsigned char>(octets[13]);
  const std::size_t length = number_at(octets, 14);
  const bool local = version_and_command == 0x20;
  if ((!local && version_and_command != 0x21) || kBinaryHead + length > kMaxSize) return finish(State::malformed);
  if (octets.size() < kBinaryHead + length) {
    wanted_ = kBinaryHead + length - octets.size();
    return State::more;
  }
  const std::string_view addresses = octets.substr(kBinaryHead);
  if (local || family == 0x00) return finish(State::done);  // 0x00: unspecified
  if (family == 0x11 && length >= 12)
    header_.client = source_in<asio::ip::address_v4>(addresses);
  else if (family == 0x21 && length >= 36)
    header_.client = source_in<asio::ip::address_v6>(addresses);
  else
    return finish(State::malformed);
  return finish(State::done);
}

}  // namespace stead::proxy
