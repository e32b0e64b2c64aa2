#include "proxy/headers/own_address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "proxy/http/target.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

struct HttpUrl {
  bool tls = false;
  std::string_view authority;
  std::string host;
  std::uint16_t port = 0;
  std::string_view rest;  // path, query and fragment
};

std::optional<std::uint16_t> port_of(std::string_view authority, bool tls) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos ||
      colon + 1 == authority.size())
    return tls ? 443 : 80;
  std::uint16_t port = 0;
  const std::string_view digits = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return port;
}

std::optional<HttpUrl> parse_http_url(std::string_view url) {
  HttpUrl out;
  out.tls = equal_ignoring_case(url.substr(0, 8), "https://");
  if (!out.tls && !equal_ignoring_case(url.substr(0, 7), "http://")) return std::nullopt;
  url.remove_prefix(out.tls ? 8 : 7);
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  out.authority = url.substr(0, end);
  out.rest = url.substr(end);
  if (out.authority.empty() || out.authority.find('@') != std::string_view::npos) return std::nullopt;
  const auto port = port_of(out.authority, out.tls);
  if (!port) return std::nullopt;
  out.port = *port;
  out.host = host_name_of(out.authority);
  return out;
}

std::string_view without_base(std::string_view path, const std::string& base) {
  if (base.empty() || !path.starts_with(base)) return path;
  const std::string_view rest = path.substr(base.size());
  // "/base//host" without "/base" would be a network-path reference to "host"; browsers treat '\' as '/' there.
  if (rest.size() > 1 && rest[0] == '/' && (rest[1] == '/' || rest[1] == '\\')) return path;
  return rest.empty() || rest.front() == '/' || rest.front() == '?' || rest.front() == '#' ? rest : path;
}

// A path of the back end as the client has it.
void append_path(std::string& out, std::string_view path, const Addresses& addresses) {
  const std::string_view rest = without_base(path, addresses.upstream.base_path);
  out.append(addresses.stripped);
  const bool is_cut = rest.data() != path.data() || !addresses.stripped.empty();
  if (is_cut && !rest.starts_with('/')) out += '/';
  out.append(rest);
}

bool is_in_domain(std::string_view host, std::string_view domain) {
  if (host.size() < domain.size() || !equal_ignoring_case(host.substr(host.size() - domain.size()), domain))
    return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

// True if the URL's host and port are those of `authority`.
bool is_at(const HttpUrl& url, std::string_view authority) {
  return !authority.empty() && port_of(authority, url.tls) == url.port &&
         equal_ignoring_case(url.host, host_name_of(authority));
}

// What the map has for the URL's scheme, host and port; null: nothing.
const AddressMapping* mapping_of(const HttpUrl& url, const Addresses& addresses) {
  if (addresses.map == nullptr) return nullptr;
  for (const AddressMapping& mapping : *addresses.map) {
    const auto from = parse_http_url(mapping.from);
    if (from && from->tls == url.tls && from->port == url.port && from->host == url.host) return &mapping;
  }
  return nullptr;
}

// True for the Domain of a cookie that an address of the map has and the client's host has not.
bool is_mapped_domain(std::string_view domain, const Addresses& addresses) {
  if (addresses.map == nullptr) return false;
  return std::any_of(addresses.map->begin(), addresses.map->end(), [&](const AddressMapping& mapping) {
    const auto from = parse_http_url(mapping.from);
    return from && is_in_domain(from->host, domain);
  });
}

}  // namespace

void append_location(std::string& out, std::string_view value, const Addresses& addresses) {
  const Upstream& upstream = addresses.upstream;
  if (value.starts_with('/') && !value.starts_with("//")) return append_path(out, value, addresses);
  const auto url = addresses.client_authority.empty() ? std::nullopt : parse_http_url(value);
  if (!url) {
    out.append(value);
    return;
  }
  const bool is_upstream =
      url->tls == upstream.tls && ((url->port == upstream.port && equal_ignoring_case(url->host, upstream.host)) ||
                                   is_at(*url, addresses.sent_host));
  const bool is_client_without_tls = !url->tls && !upstream.tls && addresses.client_scheme == "https" &&
                                     equal_ignoring_case(url->authority, addresses.client_authority);
  const AddressMapping* const mapping = is_upstream || is_client_without_tls ? nullptr : mapping_of(*url, addresses);
  if (mapping != nullptr && !mapping->to.empty()) {
    out.append(mapping->to).append(url->rest);
  } else if (is_upstream || is_client_without_tls || mapping != nullptr) {
    out.append(addresses.client_scheme).append("://").append(addresses.client_authority);
    append_path(out, url->rest, addresses);
  } else {
    out.append(value);
  }
}

void append_set_cookie(std::string& out, std::string_view value, const Addresses& addresses) {
  const Upstream& upstream = addresses.upstream;
  const std::string client = host_name_of(addresses.client_authority), sent = host_name_of(addresses.sent_host);
  for (bool first = true;; first = false) {
    const std::size_t end = value.find(';');
    const std::string_view part = value.substr(0, end);
    const std::size_t equals = part.find('=');
    const std::string_view name = trim_blanks(part.substr(0, equals));
    std::string_view given =
        equals == std::string_view::npos ? std::string_view{} : trim_blanks(part.substr(equals + 1));
    bool keep = true;
    if (!first && equal_ignoring_case(name, "domain")) {
      if (given.starts_with('.')) given.remove_prefix(1);
      keep = given.empty() ||
             !(is_in_domain(upstream.host, given) || is_in_domain(sent, given) || is_mapped_domain(given, addresses)) ||
             is_in_domain(client, given);
    }
    if (keep) {
      if (!first) out += ';';
      const bool is_path = !first && equal_ignoring_case(name, "path") && given.starts_with('/');
      if (is_path && (!addresses.stripped.empty() || without_base(given, upstream.base_path).data() != given.data())) {
        out.append(" Path=");
        append_path(out, given, addresses);
      } else {
        out.append(part);
      }
    }
    if (end == std::string_view::npos) return;
    value.remove_prefix(end + 1);
  }
}

}  // namespace stead::proxy
