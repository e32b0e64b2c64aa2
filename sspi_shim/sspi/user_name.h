#pragma once
// Users by the names that Windows gives them.
#include <string>

#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {

// "DOMAIN\user": of an acceptor by the PAC in the client's ticket, of an initiator by the NetBIOS name that a DC of the
// client's realm tells, for which it may wait. "user@REALM" where neither is known. The context is complete.
[[nodiscard]] std::string windows_name_of_client(const Context& context);

}  // namespace stead::sspi
