#pragma once
// Security identifiers (MS-DTYP §2.4.2).
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

struct Sid {
  std::uint64_t authority = 0;                // 48 bits
  std::vector<std::uint32_t> subauthorities;  // at most 15

  friend auto operator<=>(const Sid&, const Sid&) = default;
  [[nodiscard]] bool empty() const { return authority == 0 && subauthorities.empty(); }
  [[nodiscard]] Sid with_rid(std::uint32_t rid) const;    // appends a subauthority
  [[nodiscard]] Sid domain() const;                       // without the last subauthority
  [[nodiscard]] std::uint32_t rid() const;                // the last subauthority; 0 if there is none
  [[nodiscard]] bool is_in(const Sid& domain_sid) const;  // true for domain_sid and exactly one RID
};

[[nodiscard]] std::string to_string(const Sid& sid);  // "S-1-5-21-…"
[[nodiscard]] Result<Sid> parse_sid(std::string_view text);
// The binary form: revision 1, count, 6 bytes authority big-endian, u32 little-endian each.
[[nodiscard]] Buffer encode(const Sid& sid);
[[nodiscard]] std::size_t encoded_size(const Sid& sid);
[[nodiscard]] Result<Sid> decode_sid(Bytes bytes);                            // all of `bytes`
[[nodiscard]] Result<Sid> decode_sid_prefix(Bytes bytes, std::size_t& used);  // the SID at the start of `bytes`

// Inline, so that other static objects may use them during initialization.
namespace well_known_sid {
inline const Sid everyone{1, {0}};
inline const Sid enterprise_domain_controllers{5, {9}};
inline const Sid authenticated_users{5, {11}};
inline const Sid this_organization{5, {15}};
inline const Sid builtin_administrators{5, {32, 544}};
inline const Sid authentication_authority{18, {1}};  // identity asserted by an authentication authority
inline const Sid service_asserted{18, {2}};          // identity asserted by a service
}  // namespace well_known_sid
namespace well_known_rid {
constexpr std::uint32_t administrator = 500, krbtgt = 502, domain_admins = 512, domain_users = 513, domain_guests = 514,
                        domain_computers = 515, domain_controllers = 516, protected_users = 525;
}

}  // namespace stead
