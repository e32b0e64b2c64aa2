#pragma once
// Security descriptors (MS-DTYP §2.4.6), as far as delegation and access rules use them: owner, group, discretionary
// ACL with allow and deny entries, with and without object types.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sspi_shim/protocol/security/sid.h"

namespace stead {

namespace access_right {
constexpr std::uint32_t ds_create_child = 0x1, ds_delete_child = 0x2, ds_list = 0x4, ds_self = 0x8, ds_read_prop = 0x10,
                        ds_write_prop = 0x20, ds_delete_tree = 0x40, ds_list_object = 0x80, ds_control_access = 0x100,
                        delete_ = 0x10000, read_control = 0x20000, write_dac = 0x40000, write_owner = 0x80000,
                        maximum_allowed = 0x02000000, generic_all = 0x10000000, generic_execute = 0x20000000,
                        generic_write = 0x40000000, generic_read = 0x80000000;
// What generic_all means on a directory object (MS-ADTS §5.1.3.2): CCDCLCSWRPWPDTLOCRSDRCWDWO.
constexpr std::uint32_t ds_full_control = 0xf01ff;
}  // namespace access_right

enum class AceType : std::uint8_t {
  access_allowed = 0,
  access_denied = 1,
  system_audit = 2,
  access_allowed_object = 5,
  access_denied_object = 6,
  system_audit_object = 7,
  access_allowed_callback = 9,
  access_denied_callback = 10,
  access_allowed_callback_object = 11,
  access_denied_callback_object = 12,
};
// Entries with the two optional GUIDs; entries with a condition after the SID.
[[nodiscard]] bool is_object_ace(AceType type);
[[nodiscard]] bool is_callback_ace(AceType type);
// Entries of which mask and SID are read; the whole content of any other is kept in Ace::opaque.
[[nodiscard]] bool is_known_ace(AceType type);
namespace ace_flag {
constexpr std::uint8_t object_inherit = 1, container_inherit = 2, no_propagate_inherit = 4, inherit_only = 8,
                       inherited = 16;
}
using Guid = std::array<std::uint8_t, 16>;  // as on the wire: mixed-endian

struct Ace {
  AceType type = AceType::access_allowed;
  std::uint8_t flags = 0;
  std::uint32_t mask = 0;
  std::optional<Guid> object_type, inherited_object_type;  // object entries only
  Sid sid;
  Buffer opaque;  // content that is not evaluated: what follows the SID (callback conditions), or the whole entry
  friend bool operator==(const Ace&, const Ace&) = default;
};

struct Acl {
  std::uint8_t revision = 2;  // 4 if it has object entries
  std::vector<Ace> entries;
  friend bool operator==(const Acl&, const Acl&) = default;
};

struct SecurityDescriptor {
  // SE_* bits, except those that follow from the content and those of a SACL, which is not kept.
  std::uint16_t control = 0;
  std::optional<Sid> owner, group;
  std::optional<Acl> dacl;  // absent: everyone has every right
  friend bool operator==(const SecurityDescriptor&, const SecurityDescriptor&) = default;
};

constexpr std::size_t kMaxAces = 1820;
namespace descriptor_control {
constexpr std::uint16_t dacl_present = 0x4, sacl_present = 0x10, dacl_auto_inherit_required = 0x100,
                        dacl_auto_inherited = 0x400, dacl_protected = 0x1000, self_relative = 0x8000;
constexpr std::uint16_t kept = 0x150b;  // owner, group and DACL defaulted, and the DACL's three
}  // namespace descriptor_control
// Self-relative binary form. Rejects offsets outside of it, wrong ACL sizes and more than 1820 entries. The place of a
// SACL is checked, its content is dropped. encode throws std::length_error for an ACL beyond 64 kB; decoded and parsed
// ones are smaller.
[[nodiscard]] Result<SecurityDescriptor> decode_security_descriptor(Bytes bytes);
[[nodiscard]] Buffer encode(const SecurityDescriptor& value);

}  // namespace stead
