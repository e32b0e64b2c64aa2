#include "proxy/observe/audit_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/observe/access_log.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxOctets = 512;

std::atomic<LogWriter*> own_file{nullptr};

constexpr std::array<AuditKind, 6> kKinds{
    AuditKind::sign_in,       AuditKind::sign_in_refused,    AuditKind::sign_out,
    AuditKind::session_ended, AuditKind::delegation_refused, AuditKind::forwarded_tgt_refused};
constexpr std::array<std::string_view, 4> kMethods{"kerberos", "forms", "certificate", ""};
std::array<std::array<std::atomic<std::uint64_t>, kMethods.size()>, kKinds.size()> counts;

void count(const AuditEvent& event) {
  const auto* const method = std::find(kMethods.begin(), kMethods.end() - 1, event.method);
  counts[static_cast<std::size_t>(event.kind)][static_cast<std::size_t>(method - kMethods.begin())] += 1;
}

bool is_refusal(AuditKind kind) {
  return kind != AuditKind::sign_in && kind != AuditKind::sign_out && kind != AuditKind::session_ended;
}

void add(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += out.size() == 1 ? "\"" : ",\"";
  out.append(name).append("\":");
  append_json_string(out, value.substr(0, kMaxOctets));
}

}  // namespace

std::string_view to_string(AuditKind kind) {
  switch (kind) {
    case AuditKind::sign_in:
      return "sign-in";
    case AuditKind::sign_in_refused:
      return "sign-in refused";
    case AuditKind::sign_out:
      return "sign-out";
    case AuditKind::session_ended:
      return "session ended";
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

std::vector<AuditCount> audit_counts() {
  std::vector<AuditCount> out;
  for (const AuditKind kind : kKinds)
    for (std::size_t i = 0; i < kMethods.size(); ++i)
      out.push_back({.kind = kind, .method = kMethods[i], .events = counts[static_cast<std::size_t>(kind)][i]});
  return out;
}

void audit(const AuditEvent& event) {
  count(event);
  std::string text = to_json(event);
  if (LogWriter* const writer = own_file) {
    std::string line = "{\"time\":\"";
    append_rfc3339(line, std::chrono::system_clock::now());
    line.append("\",\"level\":\"").append(is_refusal(event.kind) ? "warning" : "info").append("\",");
    writer->take(line.append(text, 1).append("\n"));
  } else {
    spdlog::log(is_refusal(event.kind) ? spdlog::level::warn : spdlog::level::info, "{}", text);
  }
}

void write_audit_to(LogWriter* writer) {
  own_file = writer;
}

}  // namespace stead::proxy
