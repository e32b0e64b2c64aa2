#include "kdc/commands/single_valued.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/commands/logon_limits.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/sddl.h"
#include "sspi_shim/protocol/security/sddl_writer.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kUpn = "userprincipalname", kEnctypes = "msds-supportedencryptiontypes",
                           kMayAct = "msds-allowedtoactonbehalfofotheridentity", kHours = "logonhours",
                           kWorkstations = "userworkstations", kLockout = "lockouttime";

std::optional<std::string> value_of(const Account& account, std::string_view name) {
  if (name == kUpn && !account.upn.empty()) return account.upn;
  if (name == kEnctypes && account.supported_encryption_types)
    return std::to_string(*account.supported_encryption_types);
  if (name == kMayAct && account.allowed_to_act) return to_sddl(*account.allowed_to_act);
  if (name == kHours && account.rare->logon_hours) return to_hex(*account.rare->logon_hours);
  if (name == kLockout && account.rare->lockout_time != 0) return std::to_string(account.rare->lockout_time);
  return std::nullopt;
}

std::optional<std::uint32_t> enctypes_of(std::string_view text) {
  auto out = take_number<std::uint32_t>(text, std::numeric_limits<std::uint32_t>::max());
  return text.empty() ? out : std::nullopt;
}

void set_value(CommandContext& context, const FoundAccount& found, std::string_view name, const std::string& value) {
  if (name == kUpn) return set_upn(context, found, value);
  if (name == kWorkstations) return set_workstations(context, found, value);
  if (name == kHours) return set_hours(context, found, value);
  if (name == kLockout) {
    if (value != "0") return context.refuse(context.words.name + ": lockoutTime can be set to 0 only, which unlocks");
    return clear_single_valued(found, name);
  }
  if (name == kEnctypes) {
    const auto types = enctypes_of(value);
    if (!types) return context.refuse(context.words.name + ": '" + value + "' is not a number from 0 to 4294967295");
    found.account->supported_encryption_types = *types;
    return;
  }
  std::size_t where = 0;
  auto parsed = parse_sddl(value, found.domain->sid, &where);
  if (!parsed)
    return context.refuse(context.words.name + ": '" + value + "' is not SDDL from character " +
                          std::to_string(where + 1) + " on");
  found.account->allowed_to_act = *parsed;
}

bool is_value(std::string_view name, const std::string& present, const std::string& asked) {
  if (name == kEnctypes) return enctypes_of(present) == enctypes_of(asked);
  return is_same_name(present, asked);
}

}  // namespace

bool is_single_valued(std::string_view name) {
  return name == kUpn || name == kEnctypes || name == kMayAct || name == kHours || name == kWorkstations ||
         name == kLockout;
}

void clear_single_valued(const FoundAccount& found, std::string_view name) {
  if (name == kUpn) found.account->upn.clear();
  if (name == kEnctypes) found.account->supported_encryption_types.reset();
  if (name == kMayAct) found.account->allowed_to_act.reset();
  if (name != kHours && name != kWorkstations && name != kLockout) return;
  if (name == kHours) found.account->flags &= ~account_flag::logon_hours_denied;
  if (name == kLockout) found.account->flags &= ~account_flag::locked_out;
  found.account->rare.edit([&](RareAttributes& rare) {
    if (name == kHours) rare.logon_hours.reset();
    if (name == kWorkstations) rare.workstations.clear();
    if (name == kLockout) rare.lockout_time = 0;
  });
}

void change_single_valued(CommandContext& context, const FoundAccount& found, std::string_view name,
                          const std::vector<std::string>& values, AttributeChange change) {
  const auto present = value_of(*found.account, name);
  const bool adds = change == AttributeChange::add, removes = change == AttributeChange::remove;
  if (values.size() > 1 || (adds && present && !values.empty()))
    return context.refuse(
        context.words.name +
        ": Multiple values were specified for an attribute that can have only one value: " + std::string(name));
  if (removes && !values.empty() && !(present && is_value(name, *present, values.front())))
    return context.refuse(context.words.name +
                          ": The specified directory service attribute or value does not exist: " + std::string(name));
  if (adds && values.empty()) return;
  if (removes || values.empty() || values.front().empty()) return clear_single_valued(found, name);
  set_value(context, found, name, values.front());
}

}  // namespace stead::kdc
