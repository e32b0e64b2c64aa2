#include "proxy/sessions/session_cookie.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kIdSize = 16, kCertificateSize = 32, kGroupsDigestSize = 8, kEvidenceSize = 16;
constexpr std::uint8_t kVersion = 3;
constexpr std::chrono::sys_seconds kLatest{
    std::chrono::seconds(9'000'000'000)};  // year 2255: fits system_clock's nanoseconds

void put_be64(Buffer& out, std::int64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(std::uint8_t(std::uint64_t(value) >> shift));
}
void put_be16(Buffer& out, std::size_t value) {
  out.push_back(std::uint8_t(value >> 8));
  out.push_back(std::uint8_t(value));
}
SealedFor session_of(std::string_view host) {
  return {.purpose = "session", .host = host};
}
std::int64_t get_be64(const std::uint8_t* p) {
  return std::int64_t(std::uint64_t(load_be32(p)) << 32 | load_be32(p + 4));
}

}  // namespace

std::string_view session_cookie_name(bool tls) {
  return tls ? "__Host-stead" : "stead";
}

std::string new_session_id() {
  std::uint8_t id[kIdSize];
  random_bytes(id);
  return to_hex(id);
}

Buffer encode(const SessionCookie& cookie) {
  Buffer out{kVersion};
  Buffer id = from_hex(cookie.session.id);
  id.resize(kIdSize);
  append(out, id);
  out.push_back(static_cast<std::uint8_t>(cookie.session.method));
  put_be64(out, cookie.issued.time_since_epoch().count());
  put_be64(out, std::chrono::floor<std::chrono::seconds>(cookie.session.expires).time_since_epoch().count());
  put_be64(out, cookie.seen.time_since_epoch().count());
  Buffer groups_digest = cookie.groups_digest;
  groups_digest.resize(kGroupsDigestSize);
  append(out, groups_digest);
  const auto& groups = cookie.session.groups;
  out.push_back(groups ? 1 : 0);
  put_be16(out, groups ? groups->size() : 0);
  if (groups) append(out, Bytes(*groups));
  put_be16(out, cookie.session.user.size());
  append(out, as_bytes(cookie.session.user));
  if (cookie.session.method == SignInMethod::certificate) {
    Buffer digest = cookie.certificate;
    digest.resize(kCertificateSize);
    append(out, digest);
  }
  if (cookie.session.method == SignInMethod::kerberos) {
    std::string evidence = cookie.session.evidence;
    evidence.resize(kEvidenceSize);
    append(out, as_bytes(evidence));
  }
  return out;
}

Result<SessionCookie> decode_session_cookie(Bytes content) {
  constexpr std::size_t kFixed = 1 + kIdSize + 1 + 3 * 8 + kGroupsDigestSize + 1 + 2 + 2;
  if (content.size() < kFixed) return WireErrc::truncated;
  if (content[0] != kVersion) return WireErrc::unsupported;
  const std::uint8_t* p = content.data() + 1;
  SessionCookie out;
  out.session.id = to_hex(Bytes(p, kIdSize));
  p += kIdSize;
  if (*p > static_cast<std::uint8_t>(SignInMethod::certificate)) return WireErrc::bad_value;
  out.session.method = static_cast<SignInMethod>(*p++);
  const auto time = [&p] {
    const std::chrono::sys_seconds at{std::chrono::seconds(get_be64(p))};
    p += 8;
    return at;
  };
  out.issued = time();
  const std::chrono::sys_seconds expires = time();
  out.seen = time();
  if (out.issued > kLatest || expires > kLatest || out.seen > kLatest || out.issued.time_since_epoch().count() < 0 ||
      expires.time_since_epoch().count() < 0 || out.seen.time_since_epoch().count() < 0)
    return WireErrc::bad_value;
  out.session.expires = expires;
  out.groups_digest.assign(p, p + kGroupsDigestSize);
  p += kGroupsDigestSize;
  const std::uint8_t known = *p++;
  const std::size_t groups = load_be16(p);
  p += 2;
  if (known > 1 || (known == 0 && groups > 0)) return WireErrc::bad_value;
  if (content.size() - kFixed < groups) return WireErrc::bad_length;
  out.session.groups.reset();
  if (known == 1) out.session.groups.emplace(p, p + groups);
  p += groups;
  const std::size_t size = load_be16(p);
  p += 2;
  const bool has_evidence = out.session.method == SignInMethod::kerberos;
  const std::size_t certificate = out.session.method == SignInMethod::certificate ? kCertificateSize : 0;
  const std::size_t after = certificate + (has_evidence ? kEvidenceSize : 0);
  if (size == 0) return WireErrc::bad_value;
  if (content.size() - kFixed != groups + size + after) return WireErrc::bad_length;
  out.session.user.assign(reinterpret_cast<const char*>(p), size);
  p += size;
  out.certificate.assign(p, p + certificate);
  if (has_evidence) out.session.evidence.assign(reinterpret_cast<const char*>(p), kEvidenceSize);
  return out;
}

std::string seal_session(const SessionKeys& keys, const SessionCookie& cookie, std::string_view host) {
  return keys.seal(encode(cookie), session_of(host));
}

std::optional<SessionCookie> open_session(const SessionKeys& keys, std::string_view sealed, std::string_view host) {
  const auto content = keys.open_sealed(sealed, session_of(host));
  if (!content) return std::nullopt;
  auto cookie = decode_session_cookie(*content);
  if (!cookie) return std::nullopt;
  return std::move(*cookie);
}

const SessionCookie* OpenedCookies::open(std::string_view sealed, std::string_view host, bool& anew) {
  anew = false;
  Slot& slot = slots_[std::hash<std::string_view>{}(sealed) % slots_.size()];
  // In constant time: the time must not reveal how much of somebody's cookie was guessed.
  if (!sealed.empty() && slot.host == host && equal_in_constant_time(as_bytes(slot.sealed), as_bytes(sealed)))
    return &slot.cookie;
  auto cookie = open_session(keys_, sealed, host);
  if (!cookie) return nullptr;
  static_assert(std::is_nothrow_move_assignable_v<Slot>);
  slot = {std::string(sealed), std::string(host),
          std::move(*cookie)};  // all are assigned, or none if there is no memory
  anew = true;
  return &slot.cookie;
}

}  // namespace stead::proxy
