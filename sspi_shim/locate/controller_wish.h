#pragma once
// What a search by ControllerRequirements asks of a DC (DsGetDcName, MS-NRPC §3.5.4.3.1), and which answer meets it.
// No I/O.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/messages/netlogon.h"
#include "stead/locator.h"

namespace stead {

struct ControllerWish {
  std::vector<std::string> realms;  // one, or with `netbios` all that may have this NetBIOS name
  std::string netbios;
  std::string site;  // a DC of this site only; empty: any
  DcLevel at_least = DcLevel::unknown;
  std::uint32_t required = 0;      // ds_flag, all of them; with ds_flag::gc a DC of the domain's forest
  std::uint32_t required_any = 0;  // ds_flag, one of them; 0: none
  std::uint32_t preferred = 0;     // ds_flag: a DC that has them goes before others
  bool near = false;               // our site goes before the next closest site, and that before all others
  bool fresh = false;              // nothing is taken from a cache
  bool background = false;         // a cached answer is good however old it is
  std::string forest;              // a DC of this forest only (its DNS name); empty: any
  // The domain's GUID. A DC that has another is not of the domain. If `realms` give no DC, the domain is looked for by
  // its GUID: in the forest of `home`, or among the controllers of a configuration.
  std::optional<std::array<std::uint8_t, 16>> domain_guid{};
  std::string home{};  // our realm
  std::chrono::milliseconds timeout{1000};
};

struct FoundController {
  std::string realm;
  ControllerAddress where;
  NetlogonResponse response;
  std::vector<SeenController> seen;  // all that were looked at
};

[[nodiscard]] bool satisfies(const NetlogonResponse& response, const ControllerWish& wish);
// Why it does not, in a few words.
[[nodiscard]] std::string why_not(const NetlogonResponse& response, const ControllerWish& wish);

// Any DC of the domain that `wish` means.
[[nodiscard]] ControllerWish any_controller(const ControllerWish& wish);

struct ControllerChoice {
  std::size_t index = 0;
  bool is_best = false;  // no DC that may yet answer would be better
};
// Of the DCs that answered: the first that satisfies the wish with most of what is preferred.
[[nodiscard]] std::optional<ControllerChoice> choose_controller(
    const std::vector<std::optional<NetlogonResponse>>& responses, const ControllerWish& wish);

}  // namespace stead
