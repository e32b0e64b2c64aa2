#include "proxy/headers/forwarded_field.h"

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

using boost::asio::ip::address;

void skip_blanks(std::string_view& text) {
  const std::size_t at = text.find_first_not_of(" \t");
  text.remove_prefix(at == std::string_view::npos ? text.size() : at);
}

// A token from the front of `text`; empty: there is none.
std::string_view take_token(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_token(text.substr(size, 1))) ++size;
  const std::string_view out = text.substr(0, size);
  text.remove_prefix(size);
  return out;
}

// A token or a quoted string (RFC 9110 §5.6.4). Nothing: neither is there.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const std::string_view token = take_token(text);
    return token.empty() ? std::nullopt : std::optional<std::string>(token);
  }
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    out += text[i];
  }
  return std::nullopt;
}

// "192.0.2.7", "192.0.2.7:4711", "[2001:db8::7]:4711" (RFC 7239 §6). The port does not matter here.
std::optional<address> address_of(std::string_view node) {
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    node = end == std::string_view::npos ? std::string_view{} : node.substr(1, end - 1);
  } else {
    node = node.substr(0, node.find(':'));
  }
  boost::system::error_code error;
  const address out = boost::asio::ip::make_address(std::string(node), error);
  return error ? std::nullopt : std::optional(out);
}

// name=value *( ";" name=value ), up to a comma or the end. False: malformed.
bool take_element(std::string_view& text, ForwardedElement& out) {
  bool has_for = false, has_proto = false;
  while (true) {
    const std::string_view name = take_token(text);
    if (name.empty() || !text.starts_with('=')) return false;
    text.remove_prefix(1);
    const auto value = take_value(text);
    if (!value) return false;
    if (equal_ignoring_case(name, "for")) {
      if (std::exchange(has_for, true)) return false;
      out.from = address_of(*value);
    } else if (equal_ignoring_case(name, "proto")) {
      if (std::exchange(has_proto, true)) return false;
      out.https = equal_ignoring_case(*value, "https");
    }
    skip_blanks(text);
    if (!text.starts_with(';')) return true;
    text.remove_prefix(1);
    skip_blanks(text);
  }
}

}  // namespace

std::optional<std::vector<ForwardedElement>> parse_forwarded(std::string_view value) {
  std::vector<ForwardedElement> out;
  skip_blanks(value);
  while (true) {
    if (!take_element(value, out.emplace_back())) return std::nullopt;
    if (value.empty()) return out;
    if (value.front() != ',') return std::nullopt;
    value.remove_prefix(1);
    skip_blanks(value);
  }
}

std::string forwarded_element(std::string_view address, std::string_view host, std::string_view scheme) {
  std::string out = "for=";
  if (address.find(':') != std::string_view::npos)
    out.append("\"[").append(address).append("]\"");
  else
    out.append(address);
  if (!host.empty() && host.find_first_of("\"\\") == std::string_view::npos)
    out.append(";host=\"").append(host).append("\"");
  return out.append(";proto=").append(scheme);
}

}  // namespace stead::proxy
