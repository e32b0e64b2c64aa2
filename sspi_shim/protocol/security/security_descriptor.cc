#include "sspi_shim/protocol/security/security_descriptor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace stead {
namespace {

constexpr std::size_t kHeaderSize = 20, kAclHeaderSize = 8, kAceHeaderSize = 4;
constexpr std::uint32_t kObjectTypePresent = 1, kInheritedObjectTypePresent = 2;

// The reader borrows an entry's content and keeps the first error, like der::Reader.
class AceReader {
 public:
  explicit AceReader(Bytes content) : rest_(content) {}
  std::uint32_t u32() {
    const Bytes four = take(4);
    return four.empty() ? 0 : load_le32(four.data());
  }
  Guid guid() {
    Guid out{};
    const Bytes content = take(out.size());
    std::copy(content.begin(), content.end(), out.begin());
    return out;
  }
  Sid sid() {
    std::size_t used = 0;
    auto sid = decode_sid_prefix(rest_, used);
    if (!sid) {
      if (!error) error = sid.error();
      return {};
    }
    rest_ = rest_.subspan(used);
    return std::move(*sid);
  }
  [[nodiscard]] Bytes rest() const { return rest_; }
  Error error;

 private:
  Bytes take(std::size_t size) {
    if (!error && size > rest_.size()) error = WireErrc::truncated;
    if (error) return {};
    const Bytes out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  Bytes rest_;
};

Result<Ace> decode_ace(std::uint8_t type, std::uint8_t flags, Bytes content) {
  Ace out;
  out.type = AceType(type);
  out.flags = flags;
  if (!is_known_ace(out.type)) {
    out.opaque = to_buffer(content);
    return out;
  }
  AceReader r(content);
  out.mask = r.u32();
  if (is_object_ace(out.type)) {
    const std::uint32_t present = r.u32();
    if (present & kObjectTypePresent) out.object_type = r.guid();
    if (present & kInheritedObjectTypePresent) out.inherited_object_type = r.guid();
  }
  out.sid = r.sid();
  if (r.error) return r.error;
  out.opaque = to_buffer(r.rest());
  return out;
}

Result<Bytes> acl_at(Bytes descriptor, std::size_t offset) {
  if (offset < kHeaderSize) return WireErrc::bad_value;
  if (offset > descriptor.size() || descriptor.size() - offset < kAclHeaderSize) return WireErrc::truncated;
  const Bytes rest = descriptor.subspan(offset);
  const std::size_t size = load_le16(&rest[2]);
  if (size < kAclHeaderSize || size > rest.size()) return WireErrc::bad_length;
  return rest.first(size);
}

Result<Acl> decode_acl(Bytes bytes) {
  Acl out;
  out.revision = bytes[0];
  if (out.revision != 2 && out.revision != 4) return WireErrc::unsupported;
  const std::size_t count = load_le16(&bytes[4]);
  Bytes rest = bytes.subspan(kAclHeaderSize);
  if (count > kMaxAces || count > rest.size() / kAceHeaderSize) return WireErrc::too_large;
  out.entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rest.size() < kAceHeaderSize) return WireErrc::truncated;
    const std::size_t size = load_le16(&rest[2]);
    if (size < kAceHeaderSize || size % 4 != 0 || size > rest.size()) return WireErrc::bad_length;
    auto ace = decode_ace(rest[0], rest[1], rest.subspan(kAceHeaderSize, size - kAceHeaderSize));
    if (!ace) return ace.error();
    out.entries.push_back(std::move(*ace));
    rest = rest.subspan(size);
  }
  return out;  // the rest of the ACL's size is unused space
}

Result<std::optional<Sid>> sid_at(Bytes descriptor, std::size_t offset) {
  if (offset == 0) return std::optional<Sid>();
  if (offset < kHeaderSize) return WireErrc::bad_value;
  if (offset > descriptor.size()) return WireErrc::truncated;
  std::size_t used = 0;
  auto sid = decode_sid_prefix(descriptor.subspan(offset), used);
  if (!sid) return sid.error();
  return std::optional<Sid>(std::move(*sid));
}

void append_le32(Buffer& out, std::uint32_t value) {
  out.resize(out.size() + 4);
  store_le32(&out[out.size() - 4], value);
}

void append_acl(Buffer& out, const Acl& acl) {
  const std::size_t start = out.size();
  out.resize(start + kAclHeaderSize);
  for (const Ace& ace : acl.entries) {
    const std::size_t ace_start = out.size();
    out.resize(ace_start + kAceHeaderSize);
    if (is_known_ace(ace.type)) {
      append_le32(out, ace.mask);
      if (is_object_ace(ace.type)) {
        append_le32(out, (ace.object_type ? kObjectTypePresent : 0) |
                             (ace.inherited_object_type ? kInheritedObjectTypePresent : 0));
        if (ace.object_type) append(out, *ace.object_type);
        if (ace.inherited_object_type) append(out, *ace.inherited_object_type);
      }
      append(out, encode(ace.sid));
    }
    append(out, ace.opaque);
    out.resize((out.size() + 3) / 4 * 4);
    out[ace_start] = std::uint8_t(ace.type);
    out[ace_start + 1] = ace.flags;
    store_le16(&out[ace_start + 2], std::uint16_t(out.size() - ace_start));
  }
  if (out.size() - start > 0xffff) throw std::length_error("an ACL does not fit into 64 kB");
  out[start] = acl.revision;
  store_le16(&out[start + 2], std::uint16_t(out.size() - start));
  store_le16(&out[start + 4], std::uint16_t(acl.entries.size()));
}

}  // namespace

bool is_object_ace(AceType type) {
  return (type >= AceType::access_allowed_object && type <= AceType::system_audit_object) ||
         type == AceType::access_allowed_callback_object || type == AceType::access_denied_callback_object;
}

bool is_callback_ace(AceType type) {
  return type >= AceType::access_allowed_callback && type <= AceType::access_denied_callback_object;
}

bool is_known_ace(AceType type) {
  return type <= AceType::system_audit || is_object_ace(type) || is_callback_ace(type);
}

Result<SecurityDescriptor> decode_security_descriptor(Bytes bytes) {
  if (bytes.size() < kHeaderSize) return WireErrc::truncated;
  const std::uint16_t control = load_le16(&bytes[2]);
  if (bytes[0] != 1 || !(control & descriptor_control::self_relative)) return WireErrc::unsupported;
  SecurityDescriptor out;
  out.control = control & descriptor_control::kept;
  auto owner = sid_at(bytes, load_le32(&bytes[4]));
  if (!owner) return owner.error();
  out.owner = std::move(*owner);
  auto group = sid_at(bytes, load_le32(&bytes[8]));
  if (!group) return group.error();
  out.group = std::move(*group);
  const std::uint32_t sacl_offset = load_le32(&bytes[12]), dacl_offset = load_le32(&bytes[16]);
  if ((control & descriptor_control::sacl_present) && sacl_offset != 0) {
    const auto sacl = acl_at(bytes, sacl_offset);
    if (!sacl) return sacl.error();
  }
  if ((control & descriptor_control::dacl_present) && dacl_offset != 0) {
    const auto where = acl_at(bytes, dacl_offset);
    if (!where) return where.error();
    auto dacl = decode_acl(*where);
    if (!dacl) return dacl.error();
    out.dacl = std::move(*dacl);
  }
  return out;
}

Buffer encode(const SecurityDescriptor& value) {
  Buffer out(kHeaderSize);
  out[0] = 1;
  std::uint16_t control = std::uint16_t((value.control & descriptor_control::kept) | descriptor_control::self_relative);
  if (value.dacl) {
    control |= descriptor_control::dacl_present;
    store_le32(&out[16], std::uint32_t(out.size()));
    append_acl(out, *value.dacl);
  }
  store_le16(&out[2], control);
  if (value.owner) {
    store_le32(&out[4], std::uint32_t(out.size()));
    append(out, encode(*value.owner));
  }
  if (value.group) {
    store_le32(&out[8], std::uint32_t(out.size()));
    append(out, encode(*value.group));
  }
  return out;
}

}  // namespace stead
