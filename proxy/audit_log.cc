#include "proxy/audit_log.h"

#include <spdlog/spdlog.h>

namespace stead::proxy {
namespace {

constexpr std::size_t kMostOctets = 512;

void add(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += out.size() == 1 ? "\"" : ",\"";
  out.append(name).append("\":\"");
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : value.substr(0, kMostOctets)) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet == 0x7f) {
      out.append("\\u00");
      out += kDigits[octet >> 4];
      out += kDigits[octet & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string to_json(const AuditEvent& event) {
  std::string out = "{";
  add(out, "audit", event.what);
  add(out, "user", event.user);
  add(out, "method", event.method);
  add(out, "address", event.address);
  add(out, "request", event.request_id);
  add(out, "detail", event.detail);
  return out + "}";
}

void audit(const AuditEvent& event) { spdlog::info("{}", to_json(event)); }

}  // namespace stead::proxy
