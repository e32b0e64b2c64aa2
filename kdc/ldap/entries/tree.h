#pragma once
// The objects of a directory as LDAP shows them: the containers and the configuration as fixed entries, the accounts
// and groups of the DC's domain as they are in the snapshot. Nothing is copied for an account or a group, and each is
// found by its name without a search.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kdc/directory/snapshot.h"
#include "kdc/ldap/entries/ldap_name.h"
#include "kdc/ldap/wire/ldap_reply.h"

namespace stead::kdc {

// An object that is neither account nor group.
struct FixedEntry {
  std::string dn;
  std::optional<std::size_t> parent;  // in the tree's fixed entries; none: the head of a naming context
  std::vector<EntryAttribute> attributes;
};

// One object; one of the three is set.
struct Entry {
  std::optional<std::size_t> fixed;
  const AccountEntry* account = nullptr;
  NamedGroup group;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// The cn of an account: its name, of a computer without the $ at the end.
[[nodiscard]] std::string common_name(const Account& account);

// Of one DC and one snapshot. Immutable.
class Tree {
 public:
  Tree(std::shared_ptr<const Snapshot> snapshot, const DomainEntry& domain, const Controller& controller);

  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }
  [[nodiscard]] const DomainEntry& domain() const { return domain_; }
  [[nodiscard]] const Controller& controller() const { return controller_; }
  [[nodiscard]] const std::vector<FixedEntry>& fixed() const { return fixed_; }

  [[nodiscard]] const std::string& domain_dn() const { return domain_dn_; }
  [[nodiscard]] const std::string& root_dn() const { return root_dn_; }  // of the forest's root domain
  [[nodiscard]] std::string configuration_dn() const { return "CN=Configuration," + root_dn_; }
  [[nodiscard]] std::string schema_dn() const { return "CN=Schema,CN=Configuration," + root_dn_; }
  [[nodiscard]] std::string server_dn() const;
  // The lowest DC of a domain, and of the forest, decide what all of them can do.
  [[nodiscard]] Level level_of(const Domain& domain) const;
  [[nodiscard]] Level domain_level() const { return level_of(*domain_.domain); }
  [[nodiscard]] Level forest_level() const;

  // Of this DC's naming contexts, by name, "<SID=…>" or "<GUID=…>".
  [[nodiscard]] std::optional<Entry> find(std::string_view dn) const;
  [[nodiscard]] std::optional<Entry> find(const LdapName& name) const;
  // An account or group of any domain of the file.
  [[nodiscard]] std::optional<Entry> find_principal(const LdapName& name) const;
  [[nodiscard]] std::optional<Entry> by_sid(const Sid& sid) const;
  [[nodiscard]] std::string dn(const Entry& entry) const;
  // Of an account or group of any domain.
  [[nodiscard]] static std::string dn_of(const AccountEntry& account);
  [[nodiscard]] static std::string dn_of(const NamedGroup& group);
  [[nodiscard]] std::string dn_of(const Sid& sid) const;  // empty: no account or group has it
  [[nodiscard]] std::optional<std::size_t> parent(const Entry& entry) const;
  // The entry itself counts as below it.
  [[nodiscard]] bool is_below(const Entry& entry, std::size_t fixed_entry) const;

  // All entries in one order: position 0 to size() - 1.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Entry at(std::size_t position) const;

 private:
  [[nodiscard]] std::optional<std::size_t> find_fixed(const LdapName& name) const;

  std::shared_ptr<const Snapshot> snapshot_;
  const DomainEntry& domain_;
  const Controller& controller_;
  std::string domain_dn_, root_dn_;
  std::vector<FixedEntry> fixed_;
  std::unordered_map<std::string, std::size_t> fixed_by_key_;
  std::size_t users_ = 0, computers_ = 0, controllers_ = 0;
};

}  // namespace stead::kdc
