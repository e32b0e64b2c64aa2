#pragma once
// Distinguished names as text (RFC 4514), for directories whose names have one part a level: DC, CN and OU.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stead::kdc {

struct Rdn {
  std::string type;  // in lower case
  std::string value;
  friend bool operator==(const Rdn&, const Rdn&) = default;
};
using LdapName = std::vector<Rdn>;  // the object's own part comes first

// Nothing: no distinguished name, or one with a part of several values ("+"). An empty text is the empty name.
[[nodiscard]] std::optional<LdapName> parse_ldap_name(std::string_view text);
[[nodiscard]] std::string escaped_value(std::string_view value);
// Equal for names that AD takes for the same.
[[nodiscard]] std::string name_key(const LdapName& name);
[[nodiscard]] LdapName parent_of(const LdapName& name);
// "DC=root,DC=fabrikam,DC=com" for a DNS name.
[[nodiscard]] std::string dn_of_zone(std::string_view zone);
// "root.fabrikam.com" of the DC parts at the end of a name; empty: it has none.
[[nodiscard]] std::string zone_of(const LdapName& name);
// AD's canonicalName: "root.fabrikam.com/Users/alice".
[[nodiscard]] std::string canonical_path(const LdapName& name);

}  // namespace stead::kdc
