#pragma once
// Reads the text form of security descriptors, SDDL (MS-DTYP §2.5.1).
#include <cstddef>
#include <string_view>

#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead {

// "O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-…)". `domain` resolves aliases relative to a domain (DA, DU, DC…). A
// SACL ("S:") is read and left out. The condition of a callback entry (XA, XD, ZA) is read as the octets of
// its binary form, "(#61727478…)"; an expression fails with WireErrc::unsupported. Entries of kinds without a name have
// a number for their type and all their content as octets. On failure `where` is the offset of the first character that
// cannot be read.
[[nodiscard]] Result<SecurityDescriptor> parse_sddl(std::string_view text, const Sid& domain = {},
                                                    std::size_t* where = nullptr);

}  // namespace stead
