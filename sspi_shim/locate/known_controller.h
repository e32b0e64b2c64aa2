#pragma once
// A DC as the client knows it so far.
#include "sspi_shim/protocol/messages/netlogon.h"
#include "stead/locator.h"

namespace stead {

struct KnownController {
  ControllerAddress where;
  DcLevel level = DcLevel::unknown;  // unknown: never pinged, or no answer to the ping
};

}  // namespace stead
