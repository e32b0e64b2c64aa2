#pragma once
// Client::locate and Client::find_controller. Belongs to the context's executor.
#include <string>

#include "sspi_shim/client/client_context.h"

namespace stead {

class ControllerFinder {
 public:
  explicit ControllerFinder(ClientContextPtr context);

  // `at_least`: unknown for a DC of any level.
  Awaitable<Outcome<LocatedController>> locate(std::string realm, DcLevel at_least);
  Awaitable<Outcome<LocatedController>> find(std::string realm, DcLevel at_least, ControllerRequirements required);

 private:
  ClientContextPtr context_;
};

// The level of "2012" and the like; "": DcLevel::unknown, for any.
[[nodiscard]] Outcome<DcLevel> parse_level(const std::string& text);

}  // namespace stead
