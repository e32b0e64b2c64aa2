#include "proxy/observe/audit_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/octets.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxOctets = 512;

// Octets of the character that `text` starts with; 0: it is no UTF-8.
std::size_t character_size(std::string_view text) {
  const auto octet = [&](std::size_t i) { return i < text.size() ? std::uint8_t(text[i]) : std::uint8_t(0); };
  const std::uint8_t lead = octet(0), second = octet(1);
  const auto follows = [](std::uint8_t o) { return (o & 0xc0) == 0x80; };
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || !follows(second)) return 0;
  if (lead < 0xe0) return 2;
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
      (lead == 0xf4 && second > 0x8f))
    return 0;
  if (!follows(octet(2))) return 0;
  if (lead < 0xf0) return 3;
  return follows(octet(3)) ? 4 : 0;
}

void add(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += out.size() == 1 ? "\"" : ",\"";
  out.append(name).append("\":");
  append_json_string(out, value.substr(0, kMaxOctets));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  if (is_plain_json(text)) {  // nearly all of what is logged
    out.append(text).append(1, '"');
    return;
  }
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const auto octet = std::uint8_t(text.front());
    if (size == 0) {
      out += "\\ufffd";
    } else if (octet == '"' || octet == '\\') {
      out += '\\';
      out += text.front();
    } else if (octet < 0x20 || octet == 0x7f) {
      out.append("\\u00");
      out += kDigits[octet >> 4];
      out += kDigits[octet & 15];
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out += '"';
}

std::string_view to_string(AuditKind kind) {
  switch (kind) {
    case AuditKind::sign_in:
      return "sign-in";
    case AuditKind::sign_in_refused:
      return "sign-in refused";
    case AuditKind::sign_out:
      return "sign-out";
    case AuditKind::delegation_refused:
      return "delegation refused";
    case AuditKind::forwarded_tgt_refused:
      break;
  }
  return "forwarded TGT refused";
}

std::string to_json(const AuditEvent& event) {
  std::string out = "{";
  add(out, "audit", to_string(event.kind));
  add(out, "user", event.user);
  add(out, "method", event.method);
  add(out, "address", event.address);
  add(out, "request", event.request_id);
  add(out, "detail", event.detail);
  return out + "}";
}

void audit(const AuditEvent& event) {
  spdlog::info("{}", to_json(event));
}

}  // namespace stead::proxy
