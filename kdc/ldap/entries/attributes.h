#pragma once
// The attributes of entries, with AD's names and syntaxes. What is constructed is computed when it is asked for.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kdc/ldap/entries/tree.h"

namespace stead::kdc {

// How values are compared (MS-ADTS §3.1.1.2.2.4).
enum class Syntax { text, integer, boolean, name, octets, sid, object_class, category };

// An attribute that the directory knows; its name is as AD spells it.
struct AttributeType {
  std::string_view name;
  Syntax syntax = Syntax::text;
  bool constructed = false;  // only for who names it
};
// In any case of letters. Null: unknown, which is still the name of what an account stores as text.
[[nodiscard]] const AttributeType* attribute_type(std::string_view name);

using Values = std::vector<Buffer>;
// The values of one attribute; empty: the entry does not have it. `member` of a group is not read by this.
[[nodiscard]] Values values_of(const Tree& tree, const Entry& entry, std::string_view attribute);
// The names of the attributes that an entry has by default.
[[nodiscard]] std::vector<std::string_view> default_attributes(const Tree& tree, const Entry& entry);

// The SIDs of an account's token: its own is not among them, its groups' are, nested ones too.
[[nodiscard]] std::vector<Sid> token_groups(const Snapshot& snapshot, const AccountEntry& account);
// userAccountControl (MS-ADTS §2.2.16).
[[nodiscard]] std::uint32_t user_account_control(const AccountEntry& account);

// The number of members of a group, and the names of some of them: from `first` on, at most `count`. Snapshot::members()
// must have been called, because its first call is slow.
[[nodiscard]] std::size_t member_count(const Tree& tree, const NamedGroup& group);
[[nodiscard]] Values member_names(const Tree& tree, const NamedGroup& group, std::size_t first, std::size_t count);

}  // namespace stead::kdc
