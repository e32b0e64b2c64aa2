#include "proxy/headers/outgoing_request.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/headers/field_rules.h"
#include "proxy/headers/forwarded_field.h"
#include "proxy/http/fields/trace_context.h"
#include "proxy/http/text_rules.h"
#include "proxy/http/wire_text.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

// Joins all Cookie fields, as a back end would.
void append_cookie_field(std::string& out, const std::vector<Field>& fields) {
  const std::size_t start = out.size();
  out.append("Cookie: ");
  const std::size_t empty = out.size();
  for (const Field& field : fields) {
    if (request_field_rule(field.name) != FieldRule::cookie) continue;
    const std::size_t before = out.size();
    if (before > empty) out.append("; ");
    const std::size_t value = out.size();
    append_foreign_cookies(out, field.value);
    if (out.size() == value) out.resize(before);
  }
  if (out.size() == empty)
    out.resize(start);
  else
    out.append("\r\n");
}

// tracestate has a meaning beside a valid traceparent only.
void append_trace(std::string& out, const RequestHead& head, std::string_view request_id) {
  out.append("traceparent: ");
  append_traceparent(out, head.trace, request_id);
  out.append("\r\n");
  for (const Field& field : head.fields)
    if (equal_ignoring_case(field.name, "tracestate")) append_field(out, "tracestate", field.value);
}

void append_client_fields(std::string& out, const RequestHead& head, const FieldLists& lists) {
  const NamedByConnection named(head.fields);
  bool has_cookies = false;
  for (const Field& field : head.fields) {
    switch (request_field_rule(field.name, lists)) {
      case FieldRule::drop:
        break;
      case FieldRule::cookie:
        has_cookies = true;
        break;
      case FieldRule::pass:
        if (!named.has(field.name)) append_field(out, field.name, field.value);
    }
  }
  if (has_cookies) append_cookie_field(out, head.fields);
}

void append_forwarded(std::string& out, const OutgoingRequest& request, const ClientFacts& client) {
  const std::string_view host = request.head.host;
  if (request.forwarded == ForwardedForm::x_forwarded || request.forwarded == ForwardedForm::both) {
    append_field(out, "X-Forwarded-For", client.address);
    append_field(out, "X-Forwarded-Proto", client.scheme);
    if (!host.empty()) append_field(out, "X-Forwarded-Host", host);
  }
  if (request.forwarded == ForwardedForm::forwarded || request.forwarded == ForwardedForm::both)
    append_field(out, "Forwarded", forwarded_element(client.address, host, client.scheme));
}

}  // namespace

void append_foreign_cookies(std::string& out, std::string_view header) {
  const std::size_t start = out.size();
  while (!header.empty()) {
    const std::size_t end = header.find(';');
    const std::string_view pair = trim_blanks(header.substr(0, end));
    header = end == std::string_view::npos ? std::string_view{} : header.substr(end + 1);
    if (pair.empty() || is_own_cookie(pair.substr(0, pair.find('=')))) continue;
    if (out.size() > start) out.append("; ");
    out.append(pair);
  }
}

std::string_view host_for_backend(const Route& route, const RequestHead& head, const Upstream& upstream,
                                  std::string_view name) {
  switch (route.upstream_host) {
    case UpstreamHost::client:
      return head.host.empty() ? name : head.host;
    case UpstreamHost::upstream:  // as browsers write it, without the scheme's own port
      return upstream.port == (upstream.tls ? 443 : 80) ? name.substr(0, name.rfind(':')) : name;
    case UpstreamHost::text:
      break;
  }
  return route.upstream_host_text;
}

void write_request_head(std::string& out, const OutgoingRequest& request, const ClientFacts& client) {
  const RequestHead& head = request.head;
  out.append(head.method).append(" ");
  if (request.target != "*") out.append(request.base_path);
  if (request.target.empty() || request.target.front() == '?') out += '/';
  out.append(request.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", request.host);
  append_client_fields(out, head, request.lists);
  if (request.set != nullptr)
    for (const auto& [name, value] : *request.set) append_field(out, name, value);
  append_forwarded(out, request, client);
  append_field(out, "X-Request-Id", client.request_id);
  if (head.trace) append_trace(out, head, client.request_id);
  if (!request.authorization.empty()) append_field(out, "Authorization", request.authorization);
  if (request.framing == Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (request.framing == Framing::length || head.has_length) {
    out.append("Content-Length: ");
    append_number(out, request.content_length);
    out.append("\r\n");
  }
  if (head.wants_trailers) append_field(out, "TE", "trailers");
  if (request.upgrade) {
    append_field(out, "Connection", head.wants_trailers ? "Upgrade, TE" : "Upgrade");
    append_field(out, "Upgrade", head.upgrade);
  } else if (head.wants_trailers) {
    append_field(out, "Connection", "TE");
  }
  out.append("\r\n");
}

}  // namespace stead::proxy
