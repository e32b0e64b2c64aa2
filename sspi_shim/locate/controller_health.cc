#include "sspi_shim/locate/controller_health.h"

#include <cstddef>
#include <string_view>

#include "sspi_shim/locate/bounded_table.h"
#include "sspi_shim/locate/dc_choice.h"

namespace stead {

std::string_view to_string(ControllerState state) {
  constexpr std::string_view names[] = {"alive", "paused", "silent"};
  return names[static_cast<std::size_t>(state)];
}

bool ControllerHealth::is_silent(const ControllerAddress& where) const {
  const auto found = silent_until_.find(address_text(where));
  return found != silent_until_.end() && times_.now() < found->second;
}

bool ControllerHealth::mark_silent(const ControllerAddress& where) {
  const bool was_silent = is_silent(where);
  make_room(silent_until_, address_text(where));
  silent_until_[address_text(where)] = times_.now() + kSilentLife;
  return !was_silent;
}

bool ControllerHealth::mark_alive(const ControllerAddress& where) {
  return silent_until_.erase(address_text(where)) != 0;
}

void ControllerHealth::report(const KnownController& controller, ControllerState state) const {
  if (listener_) listener_(controller, state);
}

}  // namespace stead
