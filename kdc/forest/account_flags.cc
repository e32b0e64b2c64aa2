#include "kdc/forest/account_flags.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "kdc/forest/forest.h"

namespace stead::kdc {
namespace {

struct FlagName {
  std::string_view name;
  std::uint32_t flag;
};
constexpr FlagName kFlags[] = {
    {"not_delegated", account_flag::not_delegated},
    {"trusted_to_auth_for_delegation", account_flag::trusted_to_auth_for_delegation},
    {"trusted_for_delegation", account_flag::trusted_for_delegation},
    {"disabled", account_flag::disabled},
    {"password_expired", account_flag::password_expired},
    {"protected_user", account_flag::protected_user},
    {"no_preauth", account_flag::no_preauth},
    {"no_auth_data_required", account_flag::no_auth_data_required},
    {"locked_out", account_flag::locked_out},
    {"account_expired", account_flag::account_expired},
    {"must_change_password", account_flag::must_change_password},
    {"logon_hours_denied", account_flag::logon_hours_denied},
    {"password_never_expires", account_flag::password_never_expires},
    {"smartcard_required", account_flag::smartcard_required},
    {"computer", account_flag::computer},
    {"user", account_flag::user},
};

}  // namespace

std::uint32_t account_flag_by_name(std::string_view name) {
  for (const auto& [known, flag] : kFlags)
    if (known == name) return flag;
  return 0;
}

std::string account_flag_names(std::uint32_t flags) {
  std::string out;
  for (const auto& [name, flag] : kFlags)
    if ((flags & flag) != 0) out.append(out.empty() ? "" : " ").append(name);
  return out;
}

}  // namespace stead::kdc
