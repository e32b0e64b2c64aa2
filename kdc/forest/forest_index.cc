#include "kdc/forest/forest_index.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace stead::kdc {

ForestIndex::ForestIndex(const Forest& forest) : forest_(forest), domains_(forest.domains.size()) {
  for (std::size_t i = 0; i < forest.domains.size(); ++i) {
    const Domain& domain = forest.domains[i];
    Names& names = domains_[i];
    names.accounts.reserve(domain.accounts.size());
    for (std::size_t a = 0; a < domain.accounts.size(); ++a) names.accounts.emplace(domain.accounts[a].name, a);
    for (std::size_t g = 0; g < domain.groups.size(); ++g) names.groups.emplace(domain.groups[g].name, g);
  }
}

const Account* ForestIndex::account(const Domain& domain, std::string_view name) const {
  const auto& accounts = domains_[place_of(domain)].accounts;
  const auto found = accounts.find(name);
  return found == accounts.end() ? nullptr : &domain.accounts[found->second];
}

const Group* ForestIndex::group(const Domain& domain, std::string_view name) const {
  const auto& groups = domains_[place_of(domain)].groups;
  const auto found = groups.find(name);
  return found == groups.end() ? nullptr : &domain.groups[found->second];
}

void ForestIndex::add_group(const Domain& domain) {
  domains_[place_of(domain)].groups.emplace(domain.groups.back().name, domain.groups.size() - 1);
}

std::optional<NamedPrincipal> ForestIndex::principal(const Domain& own, std::string_view text) const {
  return find_principal(
      forest_, own, text,
      {.account = [this](const Domain& domain, std::string_view name) { return account(domain, name); },
       .group = [this](const Domain& domain, std::string_view name) { return group(domain, name); }});
}

}  // namespace stead::kdc
