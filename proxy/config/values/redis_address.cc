#include "proxy/config/values/redis_address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "proxy/config/values/values.h"

namespace stead::proxy {
namespace {

constexpr std::int64_t kMaxDatabase = 100'000;

bool read_database(std::string_view text, RedisAddress& out) {
  if (text.empty()) return true;
  const auto number = parse_integer(text);
  if (!number || *number < 0 || *number > kMaxDatabase) return false;
  out.database = static_cast<unsigned>(*number);
  return true;
}

std::optional<RedisAddress> unix_socket(const boost::urls::url_view& url) {
  RedisAddress out;
  out.socket = url.path();
  const auto parameters = url.params();
  if (url.has_authority() && !url.encoded_authority().empty()) return std::nullopt;
  if (out.socket.size() < 2 || out.socket.size() > 100 || url.has_fragment()) return std::nullopt;
  for (const auto& parameter : parameters)
    if (parameter.key != "db" || !read_database(parameter.value, out)) return std::nullopt;
  return out;
}

}  // namespace

std::optional<RedisAddress> parse_redis_address(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return std::nullopt;
  const boost::urls::url_view& url = *parsed;
  if (url.scheme() == "unix") return unix_socket(url);
  RedisAddress out;
  out.tls = url.scheme() == "rediss";
  if (!out.tls && url.scheme() != "redis") return std::nullopt;
  if (url.has_query() || url.has_fragment() || url.encoded_host().empty()) return std::nullopt;
  out.host = url.host_address();
  if (url.has_port()) out.port = url.port_number();
  if (out.port == 0) return std::nullopt;
  out.user = url.user();
  out.password = url.password();
  std::string_view path = url.encoded_path();
  if (path.starts_with('/')) path.remove_prefix(1);
  if (!read_database(path, out)) return std::nullopt;
  return out;
}

std::string to_string(const RedisAddress& address) {
  if (address.host.empty())
    return "unix://" + address.socket + (address.database != 0 ? "?db=" + std::to_string(address.database) : "");
  const bool v6 = address.host.find(':') != std::string::npos;
  std::string out(address.tls ? "rediss://" : "redis://");
  out += v6 ? "[" + address.host + "]" : address.host;
  return out + ":" + std::to_string(address.port) + "/" + std::to_string(address.database);
}

}  // namespace stead::proxy
