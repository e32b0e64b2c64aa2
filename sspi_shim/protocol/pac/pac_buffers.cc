#include "sspi_shim/protocol/pac/pac_buffers.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/unicode.h"
#include "sspi_shim/protocol/pac/ndr.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead {
namespace {

constexpr std::int64_t kSecondsFrom1601To1970 = 11644473600;
constexpr std::int64_t kTicksPerSecond = 10000000;

// Longer than any account's name; the limit keeps the offsets of UPN_DNS_INFO within 16 bits.
constexpr std::size_t kMaxNameBytes = 8192;

Buffer short_utf16(std::string_view utf8) {
  Buffer out = to_utf16le(utf8);
  if (out.size() <= kMaxNameBytes) return out;
  out.resize(kMaxNameBytes);
  if ((load_le16(&out[kMaxNameBytes - 2]) & 0xfc00) == 0xd800) out.resize(kMaxNameBytes - 2);  // half a surrogate pair
  return out;
}

}  // namespace

std::uint64_t to_filetime(std::chrono::sys_seconds time) {
  const std::int64_t seconds = time.time_since_epoch().count();
  if (seconds < -kSecondsFrom1601To1970) return 0;
  if (seconds >= std::int64_t(kFileTimeNever) / kTicksPerSecond - kSecondsFrom1601To1970) return kFileTimeNever;
  return std::uint64_t(seconds + kSecondsFrom1601To1970) * kTicksPerSecond;
}

std::chrono::sys_seconds from_filetime(std::uint64_t filetime) {
  return std::chrono::sys_seconds(
      std::chrono::seconds(std::int64_t(filetime / kTicksPerSecond) - kSecondsFrom1601To1970));
}

Result<PacClientInfo> decode_pac_client_info(Bytes bytes) {
  if (bytes.size() < 10) return WireErrc::truncated;
  const std::size_t length = load_le16(&bytes[8]);
  if (length % 2 != 0) return WireErrc::bad_length;
  if (length > kMaxNameBytes) return WireErrc::too_large;
  if (length > bytes.size() - 10) return WireErrc::truncated;
  if (bytes.size() - 10 - length >= 8) return WireErrc::trailing_bytes;  // some KDCs include the padding
  return PacClientInfo{load_le64(bytes.data()), from_utf16le(bytes.subspan(10, length))};
}

Buffer encode(const PacClientInfo& value) {
  const Buffer name = short_utf16(value.name);
  Buffer out(10);
  store_le64(out.data(), value.client_id);
  store_le16(&out[8], std::uint16_t(name.size()));
  append(out, name);
  return out;
}

Result<S4uDelegationInfo> decode_s4u_delegation_info(Bytes ndr) {
  S4uDelegationInfo out;
  ndr::Reader r(ndr);
  const auto target = r.string_header();
  const std::uint32_t count = r.u32();
  const bool present = r.pointer();
  if (count != 0 && !present) r.fail(WireErrc::bad_value);
  out.s4u2proxy_target = r.string_body(target);
  if (present) {
    if (r.conformance(8) != count) r.fail(WireErrc::bad_value);
    std::vector<ndr::Reader::StringHeader> headers(r.failed() ? 0 : count);
    for (auto& header : headers) header = r.string_header();
    for (const auto& header : headers) out.s4u_transited_services.push_back(r.string_body(header));
  }
  return r.finish(std::move(out));
}

Buffer encode(const S4uDelegationInfo& value) {
  ndr::Writer w;
  w.string_header(value.s4u2proxy_target);
  w.u32(std::uint32_t(value.s4u_transited_services.size()));
  w.pointer(!value.s4u_transited_services.empty());
  w.string_body(value.s4u2proxy_target);
  if (!value.s4u_transited_services.empty()) {
    w.u32(std::uint32_t(value.s4u_transited_services.size()));
    for (const std::string& service : value.s4u_transited_services) w.string_header(service);
    for (const std::string& service : value.s4u_transited_services) w.string_body(service);
  }
  return std::move(w).finish();
}

namespace {

constexpr std::uint32_t kUpnDnsExtended = 2;

// Fields of u16 length and u16 offset, one after the other.
class FieldReader {
 public:
  FieldReader(Bytes bytes, std::size_t at) : bytes_(bytes), at_(at) {}
  Bytes next() {
    const std::size_t length = load_le16(&bytes_[at_]), offset = load_le16(&bytes_[at_ + 2]);
    at_ += 4;
    if (length == 0 || error) return {};
    if (length > kMaxNameBytes) {
      error = WireErrc::too_large;
    } else if (offset > bytes_.size() || length > bytes_.size() - offset) {
      error = WireErrc::truncated;
    }
    return error ? Bytes() : bytes_.subspan(offset, length);
  }
  std::string next_text() {
    const Bytes content = next();
    if (content.size() % 2 != 0 && !error) error = WireErrc::bad_length;
    return error ? std::string() : from_utf16le(content);
  }
  Error error;

 private:
  Bytes bytes_;
  std::size_t at_;
};

}  // namespace

Result<UpnDnsInfo> decode_upn_dns_info(Bytes bytes) {
  if (bytes.size() < 12) return WireErrc::truncated;
  UpnDnsInfo out;
  FieldReader fields(bytes, 0);
  out.upn = fields.next_text();
  out.dns_domain_name = fields.next_text();
  out.flags = load_le32(&bytes[8]);
  if (out.flags & kUpnDnsExtended) {
    if (bytes.size() < 20) return WireErrc::truncated;
    FieldReader more(bytes, 12);
    out.sam_name = more.next_text();
    if (const Bytes content = more.next(); !content.empty()) {
      auto sid = decode_sid(content);
      if (!sid) return sid.error();
      out.sid = std::move(*sid);
    }
    if (more.error) return more.error;
  }
  if (fields.error) return fields.error;
  return out;
}

Buffer encode(const UpnDnsInfo& value) {
  const bool extended = value.flags & kUpnDnsExtended;
  Buffer out(extended ? 20 : 12);
  const auto field = [&out](std::size_t at, Bytes content) {
    out.resize((out.size() + 7) / 8 * 8);
    store_le16(&out[at], std::uint16_t(content.size()));
    store_le16(&out[at + 2], std::uint16_t(out.size()));
    append(out, content);
  };
  field(0, short_utf16(value.upn));
  field(4, short_utf16(value.dns_domain_name));
  store_le32(&out[8], value.flags);
  if (extended) {
    field(12, short_utf16(value.sam_name));
    field(16, value.sid ? encode(*value.sid) : Buffer());
  }
  out.resize((out.size() + 7) / 8 * 8);  // DCs count the padding at the end
  return out;
}

Result<std::uint32_t> decode_pac_attributes(Bytes bytes) {
  if (bytes.size() < 4) return WireErrc::truncated;
  const std::size_t words = (std::size_t(load_le32(bytes.data())) + 31) / 32;
  if (words == 0 || words > 4096) return WireErrc::bad_value;
  if (bytes.size() - 4 < 4 * words) return WireErrc::truncated;
  if (bytes.size() - 4 > 4 * words) return WireErrc::trailing_bytes;
  return load_le32(&bytes[4]);
}

Buffer encode_pac_attributes(std::uint32_t flags) {
  Buffer out(8);
  store_le32(out.data(), 2);  // bits
  store_le32(&out[4], flags);
  return out;
}

}  // namespace stead
