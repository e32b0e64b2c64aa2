#pragma once
// Finds accounts and groups of a forest by name, and makes RBCD descriptors from them.
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
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

// Splits "NETBIOS\name", "REALM\name" or "name@REALM". A text without a domain: `domain` is null and `name` is all of
// it. Nothing: the domain is not in the forest.
struct QualifiedName {
  const Domain* domain = nullptr;
  std::string_view name;
};
[[nodiscard]] std::optional<QualifiedName> split_name(const Forest& forest, std::string_view text);

// An account or a group. A name without a domain is looked up in `own`. A SID in text form and a few well-known names
// are found too.
struct NamedPrincipal {
  Sid sid;
  const Domain* domain = nullptr;  // null if only the SID is known
  const Account* account = nullptr;
  const Group* group = nullptr;
};
[[nodiscard]] std::optional<NamedPrincipal> find_principal(const Forest& forest, const Domain& own,
                                                           std::string_view text);
// The same with a caller's way to find an account and a group of a domain by their exact names.
struct NameSearch {
  std::function<const Account*(const Domain&, std::string_view)> account;
  std::function<const Group*(const Domain&, std::string_view)> group;
};
[[nodiscard]] std::optional<NamedPrincipal> find_principal(const Forest& forest, const Domain& own,
                                                           std::string_view text, const NameSearch& search);
// "NETBIOS\name", or the SID's text if the forest has no such account or group.
[[nodiscard]] std::string principal_name(const Forest& forest, const Sid& sid);

// msDS-AllowedToActOnBehalfOfOtherIdentity as Set-ADComputer writes it: owner Administrators, full control for each.
[[nodiscard]] SecurityDescriptor allowed_to_act_descriptor(std::span<const Sid> principals);
// The SIDs that it allows, in its order.
[[nodiscard]] std::vector<Sid> principals_allowed_to_act(const SecurityDescriptor& descriptor);

// "SERVICE/HOST[:PORT][/NAME]": no empty part, no '@', no blank.
[[nodiscard]] bool is_spn(std::string_view text);
// Why AD refuses this sAMAccountName; empty: it does not.
[[nodiscard]] std::string account_name_fault(std::string_view name);
// The RIDs from 1103 that are free in a domain, lowest first.
class FreeRids {
 public:
  explicit FreeRids(const Domain& domain);
  [[nodiscard]] std::uint32_t take();

 private:
  std::unordered_set<std::uint32_t> taken_;
  std::uint32_t next_;
};

}  // namespace stead::kdc
