#pragma once
// The access check of MS-DTYP §2.5.3.2, pure: a token's SIDs, a descriptor, the rights wanted.
#include <cstdint>
#include <span>

#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead {

struct GenericMapping {
  std::uint32_t read, write, execute, all;
};
// MS-ADTS §5.1.3.2: what the generic rights mean on a directory object.
extern const GenericMapping kDirectoryObjectMapping;

// True where every right of `desired` is granted before one is denied, in the order of the entries. No DACL grants all;
// an empty one nothing; the owner has READ_CONTROL and WRITE_DAC. inherit-only entries do not count; a conditional
// (callback) allow entry grants nothing and a conditional deny entry denies, since conditions are not evaluated. Object
// entries count where their object type is absent or equals `object_type`.
[[nodiscard]] bool access_check(const SecurityDescriptor& descriptor, std::span<const Sid> token, std::uint32_t desired,
                                const GenericMapping& mapping = kDirectoryObjectMapping,
                                const Guid* object_type = nullptr);

}  // namespace stead
