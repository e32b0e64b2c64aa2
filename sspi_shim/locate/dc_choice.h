#pragma once
// Which DCs may be used, and in which order, by what is known of each. No I/O.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sspi_shim/locate/ping/netlogon_ping.h"
#include "stead/locator.h"

namespace stead {

// A DC and what is known of it.
struct DcFacts {
  ControllerAddress where;
  PingAnswer answer = PingAnswer::silent;
  DcLevel level = DcLevel::unknown;
  std::uint32_t flags = 0;  // ds_flag
  std::string site;
  bool kdc_silent = false;  // did not answer a request lately
  bool refused = false;     // refused the request for which a DC is looked for
};
// What a ping's outcome says of the DC.
[[nodiscard]] DcFacts dc_facts(const ControllerAddress& where, const PingOutcome& outcome);

struct ChoiceRule {
  DcLevel at_least = DcLevel::unknown;
  std::string site;            // preferred before others; empty: none
  bool closest_first = false;  // DCs that say they are in our site go first; for lists from DNS
  std::uint32_t required = 0;  // ds_flag
};

// "127.0.8.1:8088", "[::1]:88".
[[nodiscard]] std::string address_text(const ControllerAddress& where);
// True if its answer meets the rule and it did not refuse.
[[nodiscard]] bool is_known_to_serve(const DcFacts& dc, const ChoiceRule& rule);
// Indices into `dcs`, best first: those known to serve; if there are none, those of unknown level.
[[nodiscard]] std::vector<std::size_t> choose_controllers(const std::vector<DcFacts>& dcs, const ChoiceRule& rule);
[[nodiscard]] SeenController seen_controller(const DcFacts& dc, const ChoiceRule& rule);

}  // namespace stead
