#pragma once
// Which DCs did not answer a request lately, and who is notified when the state of a DC changes.
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/locate/known_controller.h"
#include "sspi_shim/locate/locator_times.h"

namespace stead {

enum class ControllerState { alive, paused, silent };
[[nodiscard]] std::string_view to_string(ControllerState state);  // "alive", "paused", "silent"

class ControllerHealth {
 public:
  using Listener = std::function<void(const KnownController& controller, ControllerState state)>;

  explicit ControllerHealth(LocatorTimes times) : times_(std::move(times)) {}

  [[nodiscard]] bool is_silent(const ControllerAddress& where) const;
  // Both return true if the state changed; the caller then reports it.
  [[nodiscard]] bool mark_silent(const ControllerAddress& where);
  [[nodiscard]] bool mark_alive(const ControllerAddress& where);

  void on_change(Listener listener) { listener_ = std::move(listener); }
  void report(const KnownController& controller, ControllerState state) const;

 private:
  LocatorTimes times_;
  std::map<std::string, std::chrono::steady_clock::time_point> silent_until_;  // by address_text
  Listener listener_;
};

}  // namespace stead
