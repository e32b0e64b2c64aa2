#pragma once
// The names of SDDL (MS-DTYP §2.5.1): two-letter SIDs, and the letters of entries' types, flags and rights.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sspi_shim/protocol/security/sid.h"

namespace stead::sddl {

struct SidAlias {
  std::string_view name;
  Sid sid;  // empty: relative to the domain
  std::uint32_t rid = 0;
};

[[nodiscard]] std::span<const SidAlias> sid_aliases();

struct Code {
  std::string_view name;
  std::uint32_t value;
};

inline constexpr Code kAceTypes[] = {{"A", 0},  {"D", 1},  {"AU", 2},  {"OA", 5}, {"OD", 6},
                                     {"OU", 7}, {"XA", 9}, {"XD", 10}, {"ZA", 11}};
inline constexpr Code kAceFlags[] = {{"OI", 1},    {"CI", 2},    {"NP", 4},    {"IO", 8},
                                     {"ID", 0x10}, {"CR", 0x20}, {"SA", 0x40}, {"FA", 0x80}};
// to_sddl writes the single rights, in this order; the ones after them are only read.
inline constexpr Code kRights[] = {
    {"CC", 1},       {"DC", 2},          {"LC", 4},          {"SW", 8},          {"RP", 0x10},      {"WP", 0x20},
    {"DT", 0x40},    {"LO", 0x80},       {"CR", 0x100},      {"SD", 0x10000},    {"RC", 0x20000},   {"WD", 0x40000},
    {"WO", 0x80000}, {"GA", 0x10000000}, {"GX", 0x20000000}, {"GW", 0x40000000}, {"GR", 0x80000000}};
inline constexpr Code kCombinedRights[] = {{"FA", 0x1f01ff}, {"FR", 0x120089}, {"FW", 0x120116}, {"FX", 0x1200a0},
                                           {"KA", 0xf003f},  {"KR", 0x20019},  {"KW", 0x20006},  {"KX", 0x20019}};

// Octets of a GUID in the order of its text: the first three fields are little-endian.
inline constexpr std::size_t kGuidOrder[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace stead::sddl
