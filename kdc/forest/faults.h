#pragma once
// What a tester asks a DC to do wrong, in one text: "latency=200ms drop=10 skew=-10m refuse_s4u=true udp_limit=0".
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/problem.h"

namespace stead::kdc {

struct Faults {
  std::chrono::milliseconds latency{0};    // before each answer
  std::uint32_t drop = 0;                  // of 100 requests so many have no answer
  std::chrono::seconds skew{0};            // its clock is so far ahead
  bool refuse_s4u = false;                 // S4U2Self and S4U2Proxy
  std::optional<std::uint32_t> udp_limit;  // octets: longer answers by UDP are KRB_ERR_RESPONSE_TOO_BIG
  friend bool operator==(const Faults&, const Faults&) = default;
};

// "none" and the empty text are no faults. The problem names the word that cannot be read.
[[nodiscard]] Checked<Faults> parse_faults(std::string_view text);
[[nodiscard]] std::string to_string(const Faults& faults);

}  // namespace stead::kdc
