#pragma once
// Accounts and groups of a forest by their names, for a reader of the forest file, which looks up many.
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "kdc/forest/case_map.h"
#include "kdc/forest/forest.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {

// Of the forest as it is when this is made; add_group() says what comes later. Domains stay where they are.
class ForestIndex {
 public:
  explicit ForestIndex(const Forest& forest);

  // By the exact name, in any case. Valid until accounts or groups are added to the domain.
  [[nodiscard]] const Account* account(const Domain& domain, std::string_view name) const;
  [[nodiscard]] const Group* group(const Domain& domain, std::string_view name) const;
  // The domain's last group is new.
  void add_group(const Domain& domain);
  // The same as find_principal (forest_names.h).
  [[nodiscard]] std::optional<NamedPrincipal> principal(const Domain& own, std::string_view text) const;

 private:
  struct Names {
    CaselessMap<std::size_t> accounts, groups;  // their places in the domain
  };
  [[nodiscard]] std::size_t place_of(const Domain& domain) const {
    return std::size_t(&domain - forest_.domains.data());
  }

  const Forest& forest_;
  std::vector<Names> domains_;
};

}  // namespace stead::kdc
