#pragma once
// Finds accounts and groups of a forest by the names people write, and writes delegation descriptors from and for them.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/forest/forest.h"

namespace stead::kdc {

// By realm or NetBIOS name, in any case.
[[nodiscard]] const Domain* find_domain(const Forest& forest, std::string_view name);
[[nodiscard]] Domain* find_domain(Forest& forest, std::string_view name);
// By sAMAccountName in any case; a computer also without its $.
[[nodiscard]] Account* find_account(Domain& domain, std::string_view name);
[[nodiscard]] const Account* find_account(const Domain& domain, std::string_view name);
[[nodiscard]] const Group* find_group(const Domain& domain, std::string_view name);

// "NETBIOS\name", "REALM\name" or "name@REALM" taken apart; without either `domain` is null and `name` is all of it,
// and where the domain is not in the forest, nothing.
struct QualifiedName {
  const Domain* domain = nullptr;
  std::string_view name;
};
[[nodiscard]] std::optional<QualifiedName> split_name(const Forest& forest, std::string_view text);

// An account or a group; a bare name is looked for in `own`. A SID in text names itself, and a few well-known names
// theirs.
struct NamedPrincipal {
  Sid sid;
  const Domain* domain = nullptr;  // null where only the SID is known
  const Account* account = nullptr;
  const Group* group = nullptr;
};
[[nodiscard]] std::optional<NamedPrincipal> find_principal(const Forest& forest, const Domain& own,
                                                           std::string_view text);
// "NETBIOS\name", or the SID's text where the forest has no such account or group.
[[nodiscard]] std::string principal_name(const Forest& forest, const Sid& sid);

// msDS-AllowedToActOnBehalfOfOtherIdentity as Set-ADComputer writes it: owner Administrators, full control for each.
[[nodiscard]] SecurityDescriptor allowed_to_act_descriptor(std::span<const Sid> principals);
// Those whom it allows, in its order.
[[nodiscard]] std::vector<Sid> principals_allowed_to_act(const SecurityDescriptor& descriptor);

// "SERVICE/HOST[:PORT][/NAME]": nothing empty, no '@', no blank.
[[nodiscard]] bool is_spn(std::string_view text);
// What AD refuses in a sAMAccountName; empty: nothing.
[[nodiscard]] std::string account_name_fault(std::string_view name);
// The lowest RID from 1103 that nobody in the domain has.
[[nodiscard]] std::uint32_t next_rid(const Domain& domain);

}  // namespace stead::kdc
