#pragma once
// Which of the DCs that were looked at may be used, and in which order. No I/O.
#include <string>
#include <vector>

#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/locate/netlogon_ping.h"

namespace stead {

// A DC and what is known of it.
struct DcFacts {
  ControllerAddress where;
  PingAnswer answer = PingAnswer::silent;
  DcLevel level = DcLevel::unknown;
  std::uint32_t flags = 0;  // ds_flag
  std::string site;
  bool kdc_silent = false;  // did not answer a request lately
  bool refused = false;     // this very request
};

struct ChoiceRule {
  DcLevel at_least = DcLevel::unknown;
  std::string site;            // preferred before others; empty: none
  bool closest_first = false;  // the DCs that say they are near go first: where the list came from DNS
  std::uint32_t required = 0;  // ds_flag
};

// "127.0.8.1:8088", "[::1]:88".
[[nodiscard]] std::string address_text(const ControllerAddress& where);
// True where its level is known, meets the rule, and it may be asked.
[[nodiscard]] bool is_known_to_serve(const DcFacts& dc, const ChoiceRule& rule);
// Indices into `dcs`, best first: those known to serve, or where there is none, those of unknown level.
[[nodiscard]] std::vector<std::size_t> choose_controllers(const std::vector<DcFacts>& dcs, const ChoiceRule& rule);
[[nodiscard]] SeenController seen_controller(const DcFacts& dc, const ChoiceRule& rule);

}  // namespace stead
