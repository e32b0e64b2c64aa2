#pragma once
// The sizes that protection adds to a message.
#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {

// Fills cbMaxSignature, cbBlockSize and cbSecurityTrailer.
void message_sizes(const Context& context, SecPkgContext_Sizes& sizes);

}  // namespace stead::sspi
