#include "kdc/forest/account_salt.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "sspi_shim/base/text.h"

namespace stead::kdc {

std::string salt_name_of(const Account& account) {
  if (account.is_computer() || account.upn.empty()) return account.name;
  std::string out = account.upn.substr(0, account.upn.rfind('@'));
  std::erase(out, '/');
  return out;
}

std::string salt_of(const Domain& domain, const Account& account) {
  const auto& name = account.salt_name.empty() ? account.name : account.salt_name;
  if (!account.is_computer()) return domain.realm + name;
  return domain.realm + "host" + to_lower(std::string_view(name).substr(0, name.size() - (name.back() == '$'))) + '.' +
         to_lower(domain.realm);
}

}  // namespace stead::kdc
