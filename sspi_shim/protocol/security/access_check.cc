#include "sspi_shim/protocol/security/access_check.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace stead {
namespace {

const Sid kOwnerRights{3, {4}};

std::uint32_t map_generic(std::uint32_t mask, const GenericMapping& mapping) {
  using namespace access_right;
  std::uint32_t out = mask & ~(generic_read | generic_write | generic_execute | generic_all);
  if (mask & generic_read) out |= mapping.read;
  if (mask & generic_write) out |= mapping.write;
  if (mask & generic_execute) out |= mapping.execute;
  if (mask & generic_all) out |= mapping.all;
  return out;
}

bool contains(std::span<const Sid> token, const Sid& sid) {
  return std::find(token.begin(), token.end(), sid) != token.end();
}

bool allows(AceType type) {
  return type == AceType::access_allowed || type == AceType::access_allowed_object;
}

bool denies(AceType type) {
  return type == AceType::access_denied || type == AceType::access_denied_object ||
         type == AceType::access_denied_callback || type == AceType::access_denied_callback_object;
}

}  // namespace

const GenericMapping kDirectoryObjectMapping{
    .read =
        access_right::read_control | access_right::ds_list | access_right::ds_read_prop | access_right::ds_list_object,
    .write = access_right::read_control | access_right::ds_self | access_right::ds_write_prop,
    .execute = access_right::read_control | access_right::ds_list,
    .all = access_right::ds_full_control,
};

bool access_check(const SecurityDescriptor& descriptor, std::span<const Sid> token, std::uint32_t desired,
                  const GenericMapping& mapping, const Guid* object_type) {
  if (!descriptor.dacl) return true;
  const auto& entries = descriptor.dacl->entries;
  std::uint32_t remaining = map_generic(desired, mapping);
  const bool is_owner = descriptor.owner && contains(token, *descriptor.owner);
  const auto counts = [&](const Ace& ace) { return !(ace.flags & ace_flag::inherit_only) && is_known_ace(ace.type); };

  // An entry for OWNER RIGHTS replaces the owner's implicit rights.
  const bool owner_rights_given = std::any_of(entries.begin(), entries.end(), [&](const Ace& ace) {
    return counts(ace) && (allows(ace.type) || denies(ace.type)) && ace.sid == kOwnerRights;
  });
  if (is_owner && !owner_rights_given) remaining &= ~(access_right::read_control | access_right::write_dac);

  for (const Ace& ace : entries) {
    if (remaining == 0) break;
    if (!counts(ace)) continue;
    if (!contains(token, ace.sid) && !(is_owner && ace.sid == kOwnerRights)) continue;
    if (ace.object_type && (!object_type || *ace.object_type != *object_type)) continue;
    const std::uint32_t mask = map_generic(ace.mask, mapping);
    if (allows(ace.type)) remaining &= ~mask;
    if (denies(ace.type) && (mask & remaining)) return false;
  }
  return remaining == 0;
}

}  // namespace stead
