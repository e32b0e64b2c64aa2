#include "proxy/headers/outgoing_response.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/header_patterns.h"
#include "proxy/headers/cache_control.h"
#include "proxy/headers/challenges.h"
#include "proxy/headers/field_rules.h"
#include "proxy/http/wire_text.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::string_view kHsts = "Strict-Transport-Security";

// The fields that may contain the back end's own address.
using Rewriter = void (*)(std::string&, std::string_view, const Addresses&);
Rewriter rewriter_of(std::string_view name) {
  switch (name.size()) {
    case 3:
      return equal_ignoring_case(name, "uri") ? append_location : nullptr;
    case 8:
      return equal_ignoring_case(name, "location") ? append_location : nullptr;
    case 10:
      return equal_ignoring_case(name, "set-cookie") ? append_set_cookie : nullptr;
    case 16:
      return equal_ignoring_case(name, "content-location") ? append_location : nullptr;
    default:
      return nullptr;
  }
}

void append_status_line(std::string& out, const ResponseHead& head) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out.append(" ").append(head.reason).append("\r\n");
}

void append_rewritten(std::string& out, const Field& field, const Addresses* addresses) {
  const Rewriter append = addresses != nullptr ? rewriter_of(field.name) : nullptr;
  if (append == nullptr) {
    append_field(out, field.name, field.value);
    return;
  }
  out.append(field.name).append(": ");
  append(out, field.value, *addresses);
  out.append("\r\n");
}

// True: the field is WWW-Authenticate, and its challenges but Negotiate and NTLM were appended.
bool append_challenges(std::string& out, const Field& field) {
  if (field.name.size() != 16 || !equal_ignoring_case(field.name, "www-authenticate")) return false;
  if (!has_connection_scheme(field.value)) {
    append_field(out, field.name, field.value);
    return true;
  }
  const std::size_t start = out.size();
  out.append(field.name).append(": ");
  const std::size_t empty = out.size();
  append_other_challenges(out, field.value);
  if (out.size() == empty)
    out.resize(start);
  else
    out.append("\r\n");
  return true;
}

bool is_content_length(const Field& field) {
  return field.name.size() == 14 && equal_ignoring_case(field.name, "content-length");
}

bool has_cookie(const HeaderList* own) {
  return own != nullptr && std::any_of(own->begin(), own->end(), [](const auto& field) {
           return equal_ignoring_case(field.first, "set-cookie");
         });
}

enum class Caching { as_the_back_end_says, private_only };

bool is_date(const Field& field) {
  return field.name.size() == 4 && equal_ignoring_case(field.name, "date");
}

// True for the announcement of trailers (RFC 9110 §6.6.2), if they reach the client.
bool is_trailer_field_that_passes(const Field& field, const OutgoingResponse& response) {
  return field.name.size() == 7 && response.framing == Framing::chunked && response.head.framing == Framing::chunked &&
         equal_ignoring_case(field.name, "trailer");
}

bool is_hsts(std::string_view name) {
  return name.size() == kHsts.size() && equal_ignoring_case(name, kHsts);
}

// What the route itself sets goes before the proxy's.
bool adds_hsts(const OutgoingResponse& response) {
  if (response.hsts.empty()) return false;
  return response.route == nullptr ||
         std::ranges::none_of(response.route->set_response_headers, is_hsts, &HeaderList::value_type::first);
}

bool is_removed(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return matches_header(pattern, name); });
}

void append_backend_fields(std::string& out, const OutgoingResponse& response, Caching caching) {
  const ResponseHead& head = response.head;
  const NamedByConnection named(head.fields);
  const bool drops_hsts = !response.hsts.empty();
  PrivateCacheControl cache_control;
  // The response to HEAD and a 304 have no body; their Content-Length is that of the resource, and it passes.
  bool length_passes = response.to_head || head.status == 304;
  const auto* const removed = response.route != nullptr && !response.route->remove_response_headers.empty()
                                  ? &response.route->remove_response_headers
                                  : nullptr;
  for (const Field& field : head.fields) {
    if (removed != nullptr && is_removed(*removed, field.name)) continue;
    if (drops_hsts && is_hsts(field.name)) continue;
    if (length_passes && is_content_length(field)) {
      append_field(out, field.name, field.value);
      length_passes = false;
      continue;
    }
    if (is_dropped_from_response(field) && !is_trailer_field_that_passes(field, response)) continue;
    if (named.has(field.name) && !equal_ignoring_case(field.name, "set-cookie")) continue;
    if (append_challenges(out, field)) continue;
    if (caching == Caching::private_only) {
      if (is_for_shared_caches(field.name)) continue;
      if (equal_ignoring_case(field.name, "cache-control")) {
        cache_control.append(out, field.value);
        continue;
      }
    }
    append_rewritten(out, field, response.addresses);
  }
  if (caching == Caching::private_only) cache_control.finish(out);
}

void append_framing(std::string& out, const OutgoingResponse& response) {
  const ResponseHead& head = response.head;
  const bool may_have_body = !response.to_head && head.status >= 200 && head.status != 204 && head.status != 304;
  if (response.framing == Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (response.framing == Framing::length || (response.framing == Framing::none && may_have_body)) {
    out.append("Content-Length: ");
    append_number(out, head.content_length);
    out.append("\r\n");
  }
}

void append_connection(std::string& out, const OutgoingResponse& response) {
  if (response.upgrade) {
    out.append("Connection: Upgrade\r\n");
    for (const Field& field : response.head.fields)
      if (equal_ignoring_case(field.name, "upgrade")) append_field(out, "Upgrade", field.value);
  } else if (response.close) {
    out.append("Connection: close\r\n");
  } else if (response.client_is_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
}

}  // namespace

void write_response_head(std::string& out, const OutgoingResponse& response, std::string_view request_id,
                         const HeaderList* own) {
  append_status_line(out, response.head);
  append_backend_fields(out, response, has_cookie(own) ? Caching::private_only : Caching::as_the_back_end_says);
  if (!response.date.empty() && std::ranges::none_of(response.head.fields, is_date))
    append_field(out, "Date", response.date);
  if (response.route != nullptr)
    for (const HeaderList* const more : {&response.route->set_response_headers, &response.route->add_response_headers})
      for (const auto& [name, value] : *more) append_field(out, name, value);
  if (adds_hsts(response)) append_field(out, kHsts, response.hsts);
  if (own != nullptr)
    for (const auto& [name, value] : *own) append_field(out, name, value);
  append_field(out, "X-Request-Id", request_id);
  append_framing(out, response);
  append_connection(out, response);
  out.append("\r\n");
}

void write_interim_head(std::string& out, const ResponseHead& head) {
  append_status_line(out, head);
  const NamedByConnection named(head.fields);
  for (const Field& field : head.fields)
    if (!is_dropped_from_response(field) && !equal_ignoring_case(field.name, "set-cookie") && !named.has(field.name) &&
        !append_challenges(out, field))
      append_field(out, field.name, field.value);
  out.append("\r\n");
}

}  // namespace stead::proxy
