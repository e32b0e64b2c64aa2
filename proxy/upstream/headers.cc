#include "proxy/upstream/headers.h"

#include <algorithm>
#include <array>

#include "proxy/http/wire_text.h"
#include "proxy/upstream/dropped_fields.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {
namespace {

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}
bool folded_starts_with(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (folded(name[i]) != prefix[i]) return false;
  return true;
}

// The table, by first letter; and which lengths a dropped name can have, so that most names are passed at a glance.
struct Letter {
  std::uint64_t lengths = 0;
  std::uint8_t begin = 0, end = 0;  // in `rows`
};
struct Row {
  std::string_view name;
  bool is_prefix = false;
};
struct Glance {
  std::array<Letter, 26> letters{};
  std::array<Row, kDroppedFields.size()> rows{};
  consteval Glance() {
    std::uint8_t filled = 0;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      Letter& letter = letters[i];
      letter.begin = filled;
      for (const DroppedField& field : kDroppedFields) {
        if (static_cast<std::size_t>(field.pattern[0] - 'a') != i) continue;
        const bool is_prefix = field.pattern.ends_with('*');
        const std::string_view name = field.pattern.substr(0, field.pattern.size() - (is_prefix ? 1 : 0));
        letter.lengths |= is_prefix ? ~((1ULL << name.size()) - 1) : 1ULL << name.size();
        rows[filled++] = {name, is_prefix};
      }
      letter.end = filled;
    }
  }
};
static_assert(kDroppedFields.size() < 256);
constexpr Glance kGlance;

// Fields that Connection names are hop-by-hop too.
bool named_by_connection(const std::vector<Field>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.name.size() == 10 && equal_ignoring_case(field.name, "connection") && list_has(field.value, name);
  });
}
// "close" and "keep-alive" alone, which is nearly always so, name no field.
bool connection_names_fields(const std::vector<Field>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    return field.name.size() == 10 && equal_ignoring_case(field.name, "connection") &&
           !equal_ignoring_case(field.value, "keep-alive") && !equal_ignoring_case(field.value, "close");
  });
}

bool is_own_cookie(std::string_view name) {
  name = trim_blanks(name);
  // Browsers take prefixes for what they are in any case of letters; so does this.
  return equal_ignoring_case(name.substr(0, 12), "__Host-stead") || equal_ignoring_case(name, "stead") ||
         equal_ignoring_case(name.substr(0, 6), "stead-") || equal_ignoring_case(name.substr(0, 6), "stead_");
}

// Of the fields in which a back end may name itself.
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

bool is_scheme_of_connections(std::string_view challenge) {
  const std::string_view scheme = challenge.substr(0, challenge.find_first_of(" \t,="));
  return equal_ignoring_case(scheme, "negotiate") || equal_ignoring_case(scheme, "ntlm") ||
         equal_ignoring_case(scheme, "kerberos");
}

}  // namespace

RequestField judge_request_field(std::string_view name) {
  if (name.empty()) return RequestField::drop;
  const char first = folded(name.front());
  if (name.size() == 6 && first == 'c' && equal_ignoring_case(name, "cookie")) return RequestField::cookie;
  if (first < 'a' || first > 'z') return RequestField::pass;
  const Letter& letter = kGlance.letters[static_cast<std::size_t>(first - 'a')];
  if ((letter.lengths >> std::min<std::size_t>(name.size(), 63) & 1) == 0) return RequestField::pass;
  for (std::size_t i = letter.begin; i < letter.end; ++i) {
    const Row& row = kGlance.rows[i];
    if ((row.is_prefix || row.name.size() == name.size()) && folded_starts_with(name, row.name))
      return RequestField::drop;
  }
  return RequestField::pass;
}

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

void write_request_head(std::string& out, const OutgoingRequest& request, const ClientFacts& client) {
  const RequestHead& head = request.head;
  out.append(head.method).append(" ");
  if (request.target != "*") out.append(request.base_path);
  out.append(request.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", head.host.empty() ? request.fallback_host : head.host);
  const bool named = connection_names_fields(head.fields);
  bool cookies = false;
  for (const Field& field : head.fields) {
    switch (judge_request_field(field.name)) {
      case RequestField::drop:
        break;
      case RequestField::cookie:
        cookies = true;
        break;
      case RequestField::pass:
        if (!named || !named_by_connection(head.fields, field.name)) append_field(out, field.name, field.value);
    }
  }
  if (cookies) {  // several become one, as a back end would join them
    const std::size_t start = out.size();
    out.append("Cookie: ");
    const std::size_t empty = out.size();
    for (const Field& field : head.fields) {
      if (judge_request_field(field.name) != RequestField::cookie) continue;
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
  append_field(out, "X-Forwarded-For", client.address);
  append_field(out, "X-Forwarded-Proto", client.scheme);
  if (!head.host.empty()) append_field(out, "X-Forwarded-Host", head.host);
  append_field(out, "X-Request-Id", client.request_id);
  if (!request.authorization.empty()) append_field(out, "Authorization", request.authorization);
  if (request.framing == Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (request.framing == Framing::length || head.has_length) {
    out.append("Content-Length: ");
    append_number(out, request.content_length);
    out.append("\r\n");
  }
  if (request.upgrade) {
    append_field(out, "Connection", "Upgrade");
    append_field(out, "Upgrade", head.upgrade);
  }
  out.append("\r\n");
}

bool is_dropped_from_response(const Field& field) {
  switch (field.name.size()) {
    case 2:
      return equal_ignoring_case(field.name, "te");
    case 7:
      return equal_ignoring_case(field.name, "upgrade") || equal_ignoring_case(field.name, "trailer");
    case 10:
      if (equal_ignoring_case(field.name, "set-cookie"))
        return is_own_cookie(field.value.substr(0, field.value.find_first_of("=;")));
      return equal_ignoring_case(field.name, "connection") || equal_ignoring_case(field.name, "keep-alive");
    case 12:
      return equal_ignoring_case(field.name, "x-request-id");
    case 14:
      return equal_ignoring_case(field.name, "content-length");
    case 15:
      return equal_ignoring_case(field.name, "persistent-auth");
    case 16: {
      if (!equal_ignoring_case(field.name, "www-authenticate"))
        return equal_ignoring_case(field.name, "proxy-connection");
      // A list of challenges may have one of these in any place.
      for (std::string_view rest = field.value; true;) {
        if (is_scheme_of_connections(trim_blanks(rest))) return true;
        const std::size_t comma = rest.find(',');
        if (comma == std::string_view::npos) return false;
        rest.remove_prefix(comma + 1);
      }
    }
    case 17:
      return equal_ignoring_case(field.name, "transfer-encoding");
    case 18:
      return equal_ignoring_case(field.name, "proxy-authenticate");
    case 19:
      return equal_ignoring_case(field.name, "authentication-info") ||
             equal_ignoring_case(field.name, "proxy-authorization");
    case 25:
      return equal_ignoring_case(field.name, "proxy-authentication-info");
    default:
      return false;
  }
}

void write_response_head(std::string& out, const OutgoingResponse& response, std::string_view request_id,
                         const HeaderList* own) {
  const ResponseHead& head = response.head;
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out.append(" ").append(head.reason).append("\r\n");
  const bool named = connection_names_fields(head.fields);
  bool told_length = false;
  for (const Field& field : head.fields) {
    // The length a HEAD or a 304 tells is of a body that does not come; it is told on.
    if (field.name.size() == 14 && (response.to_head || head.status == 304) && !told_length &&
        equal_ignoring_case(field.name, "content-length")) {
      append_field(out, field.name, field.value);
      told_length = true;
      continue;
    }
    if (is_dropped_from_response(field)) continue;
    if (named && !equal_ignoring_case(field.name, "set-cookie") && named_by_connection(head.fields, field.name))
      continue;
    if (response.addresses != nullptr) {
      const auto append = rewriter_of(field.name);
      if (append != nullptr) {
        out.append(field.name).append(": ");
        append(out, field.value, *response.addresses);
        out.append("\r\n");
        continue;
      }
    }
    append_field(out, field.name, field.value);
  }
  if (own != nullptr)
    for (const auto& [name, value] : *own) append_field(out, name, value);
  append_field(out, "X-Request-Id", request_id);
  if (response.framing == Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (response.framing == Framing::length || (response.framing == Framing::none && !response.to_head &&
                                                     head.status >= 200 && head.status != 204 && head.status != 304)) {
    out.append("Content-Length: ");
    append_number(out, head.content_length);
    out.append("\r\n");
  }
  if (response.upgrade) {
    out.append("Connection: Upgrade\r\n");
    for (const Field& field : head.fields)
      if (equal_ignoring_case(field.name, "upgrade")) append_field(out, "Upgrade", field.value);
  } else if (response.close) {
    out.append("Connection: close\r\n");
  } else if (response.client_is_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

void write_interim_head(std::string& out, const ResponseHead& head) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out.append(" ").append(head.reason).append("\r\n");
  const bool named = connection_names_fields(head.fields);
  for (const Field& field : head.fields)
    if (!is_dropped_from_response(field) && !equal_ignoring_case(field.name, "set-cookie") &&
        !(named && named_by_connection(head.fields, field.name)))
      append_field(out, field.name, field.value);
  out.append("\r\n");
}

std::optional<std::string_view> negotiate_token_of(std::string_view value) {
  const std::size_t end = value.find_first_of(" \t,");
  if (!equal_ignoring_case(value.substr(0, end), "negotiate")) return std::nullopt;
  if (end == std::string_view::npos) return std::string_view{};
  const std::string_view rest = trim_blanks(value.substr(end));
  return rest.substr(0, rest.find(','));
}

}  // namespace stead::proxy
