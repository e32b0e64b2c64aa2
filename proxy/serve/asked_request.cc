#include "proxy/serve/asked_request.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/http/policy_path.h"
#include "proxy/http/target.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxMethod = 32;
constexpr Violation kTwice{400, "a field that tells of the client's request came twice"};

// Nothing: several fields have this name. Empty: none has.
std::optional<std::string_view> only_value_of(const RequestHead& head, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Field& field : head.fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (found) return std::nullopt;
    found = field.value;
  }
  return found.value_or(std::string_view());
}

bool is_method(std::string_view text) {
  return text.size() <= kMaxMethod &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_target(std::string_view text) {
  const auto is_bad = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#' || c == '\\';
  };
  return text.starts_with('/') && std::none_of(text.begin(), text.end(), is_bad) &&
         fault_of_path(path_of(text)).empty();
}

bool is_site(const Router& router, std::string_view authority) {
  return router.match(host_name_of(authority), readings_of("/")).known_host;
}

}  // namespace

std::variant<AskedRequest, Violation> asked_request_of(const RequestHead& head, const Router& router) {
  const auto host = only_value_of(head, "x-forwarded-host"), method = only_value_of(head, "x-forwarded-method"),
             uri = only_value_of(head, "x-forwarded-uri");
  if (!host || !method || !uri) return kTwice;
  AskedRequest out;
  out.authority = head.host;
  if (!host->empty() && !is_site(router, head.host)) out.authority = *host;
  if (!is_authority(out.authority)) return Violation{400, "the host of the client's request is no host"};
  out.host = host_name_of(out.authority);
  if (!is_method(*method)) return Violation{400, "X-Forwarded-Method is no method"};
  out.method = *method;
  if (!uri->empty() && !is_target(*uri)) return Violation{400, "X-Forwarded-Uri is no path"};
  out.target = *uri;
  // A proxy that asks does not pass Upgrade on, and browsers send this with nothing else.
  const auto key = only_value_of(head, "sec-websocket-key");
  out.upgrades = !key || !key->empty();
  return out;
}

void show(RequestView& view, const AskedRequest& asked) {
  view.host = asked.host;
  view.authority = asked.authority;
  // TLS and its certificates are between the other proxy and us.
  view.channel_bindings = view.client_certificate_name = {};
  view.client_certificate.clear();
  view.client_certificate_error.clear();
  if (asked.of != AskedRequest::Of::authorization) return;
  view.method = asked.method;
  view.target = asked.target.empty() ? std::string_view("/") : asked.target;
  view.upgrades = asked.upgrades;
}

}  // namespace stead::proxy
