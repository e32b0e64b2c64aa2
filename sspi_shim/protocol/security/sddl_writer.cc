#include "sspi_shim/protocol/security/sddl_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/security/sddl_names.h"

namespace stead {
namespace {

using namespace sddl;

std::string guid_text(const Guid& guid) {
  std::array<std::uint8_t, 16> ordered{};
  for (std::size_t i = 0; i < 16; ++i) ordered[i] = guid[kGuidOrder[i]];
  std::string out = to_hex(ordered);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) out.insert(at, 1, '-');
  return out;
}

std::string sid_text(const Sid& sid) {
  for (const SidAlias& alias : sid_aliases())
    if (!alias.sid.empty() && alias.sid == sid) return std::string(alias.name);
  return to_string(sid);
}

std::string hex_number(std::uint32_t value) {
  std::uint8_t bytes[4];
  store_be32(bytes, value);
  const std::string digits = to_hex(bytes);
  return "0x" + digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

std::string rights_text(std::uint32_t mask) {
  std::string out;
  std::uint32_t rest = mask;
  for (const Code& right : kRights) {
    if (!(mask & right.value)) continue;
    out += right.name;
    rest &= ~right.value;
  }
  return mask == 0 || rest != 0 ? hex_number(mask) : out;
}

std::string ace_text(const Ace& ace) {
  const auto type = std::find_if(std::begin(kAceTypes), std::end(kAceTypes),
                                 [&](const Code& code) { return code.value == std::uint32_t(ace.type); });
  std::string out = "(";
  out += type == std::end(kAceTypes) ? hex_number(std::uint32_t(ace.type)) : std::string(type->name);
  out += ';';
  for (const Code& flag : kAceFlags)
    if (ace.flags & flag.value) out += flag.name;
  out += ';';
  const bool known = is_known_ace(ace.type);
  if (known) out += rights_text(ace.mask);
  out += ';';
  if (ace.object_type) out += guid_text(*ace.object_type);
  out += ';';
  if (ace.inherited_object_type) out += guid_text(*ace.inherited_object_type);
  out += ';';
  if (known) out += sid_text(ace.sid);
  if (!ace.opaque.empty() || is_callback_ace(ace.type)) out += ";(#" + to_hex(ace.opaque) + ")";
  return out + ")";
}

}  // namespace

std::string to_sddl(const SecurityDescriptor& value) {
  std::string out;
  if (value.owner) out += "O:" + sid_text(*value.owner);
  if (value.group) out += "G:" + sid_text(*value.group);
  if (!value.dacl) return out;
  out += "D:";
  if (value.control & descriptor_control::dacl_protected) out += "P";
  if (value.control & descriptor_control::dacl_auto_inherit_required) out += "AR";
  if (value.control & descriptor_control::dacl_auto_inherited) out += "AI";
  for (const Ace& ace : value.dacl->entries) out += ace_text(ace);
  return out;
}

}  // namespace stead
