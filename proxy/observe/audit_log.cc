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
    const std::size_t size = utf8_character_size(text);
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
