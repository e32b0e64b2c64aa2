#pragma once
// The checks of `stead doctor`: one table with their ids and names, in the order of the chain from the network to the
// user's browser.
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stead::doctor {

// C: the configuration. N: network. A: the front end's account. S: SPNs. U: the user. D: delegation. B: back ends. F: front.
// R: the proxy that runs.
enum class CheckId {
  // clang-format off
  C1, C2,
  N1, N2, N3, N4, N5, N6, N7, N8, N9,
  A1, A2, A3, A4, A5, A6,
  S1, S2, S3, S5,
  U1, U2, A7, A8, U3, U4, U5,
  D5, D6, D7, D8, D1, D2, D3, D4,
  B1, B2, B3, S4, B4, B5, B6, B7, B8, B9,
  F1, F2, F3, F4, F5,
  R1, R2, R3, R4,
  // clang-format on
};

struct CheckInfo {
  CheckId id{};
  std::string_view text;  // "N1"
  std::string_view name;
  std::string_view why_not_checked;  // why it is never judged; empty: it is
};
// One row for each check, in the order of CheckId, which is the chain's: an earlier check that fails explains later
// ones.
[[nodiscard]] std::span<const CheckInfo> all_checks();
[[nodiscard]] const CheckInfo& info_of(CheckId id);
// "network and clocks" for N1: what the checks of one letter have in common.
[[nodiscard]] std::string_view family_of(CheckId id);
[[nodiscard]] inline std::string to_string(CheckId id) {
  return std::string(info_of(id).text);
}

// The checks that are never judged, one a line; for --help.
[[nodiscard]] std::string not_checked_text();

// The first broken check that makes others pointless; nothing: none is known.
using BrokenCheck = std::optional<CheckId>;

}  // namespace stead::doctor
