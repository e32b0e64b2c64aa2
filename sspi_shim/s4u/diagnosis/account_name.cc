#include "sspi_shim/s4u/diagnosis/account_name.h"

#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead {

std::string account_guess(std::string_view spn) {
  const auto slash = spn.find('/');
  if (slash == std::string_view::npos) return std::string(spn);
  auto host = spn.substr(slash + 1);
  host = host.substr(0, host.find_first_of(".:/@"));
  return std::string(host) + "$";
}

std::string account_of_salt(std::string_view salt, std::string_view realm) {
  if (!salt.starts_with(realm)) return {};
  salt.remove_prefix(realm.size());
  const auto tail = "." + to_lower(realm);
  if (salt.starts_with("host") && salt.ends_with(tail)) {
    return std::string(salt.substr(4, salt.size() - 4 - tail.size())) + "$";
  }
  return std::string(salt);
}

}  // namespace stead
