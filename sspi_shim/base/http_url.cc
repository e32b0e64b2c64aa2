#include "sspi_shim/base/http_url.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "sspi_shim/base/text.h"

namespace stead {
namespace {

// Boost.URL's string types differ between its releases.
std::string text_of(const auto& part) {
  return std::string(part.data(), part.size());
}

}  // namespace

std::optional<HttpUrl> parse_http_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return std::nullopt;
  const boost::urls::url_view& url = *parsed;
  const bool is_http = url.scheme_id() == boost::urls::scheme::http;
  if (!is_http && url.scheme_id() != boost::urls::scheme::https) return std::nullopt;
  if (!url.has_authority() || url.has_userinfo() || url.has_fragment()) return std::nullopt;
  HttpUrl out;
  out.tls = !is_http;
  out.host = text_of(url.encoded_host_address());
  out.port = is_http ? 80 : 443;
  if (url.has_port()) {
    const auto port = parse_number<std::uint16_t>(text_of(url.port()));
    if (!port || *port == 0) return std::nullopt;
    out.port = *port;
  }
  out.path = text_of(url.encoded_path());
  if (url.has_query()) out.query = text_of(url.encoded_query());
  // Boost.URL 1.81 takes what follows a port or an IPv6 address for a path, without a '/': "http://web:8a/".
  if (out.host.empty() || (!out.path.empty() && !out.path.starts_with('/'))) return std::nullopt;
  return out;
}

}  // namespace stead
