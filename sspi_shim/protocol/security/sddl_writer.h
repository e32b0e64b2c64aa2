#pragma once
// Writes security descriptors as text, SDDL (MS-DTYP §2.5.1).
#include <string>

#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead {

// The owner, the group and the DACL. What parse_sddl reads from the text is `value` without its SACL.
[[nodiscard]] std::string to_sddl(const SecurityDescriptor& value);

}  // namespace stead
