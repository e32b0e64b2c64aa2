#include "samples/backend/access_rule.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "samples/backend/sid_names.h"
#include "sspi_shim/protocol/security/sddl.h"
#include "sspi_shim/protocol/security/sddl_writer.h"

namespace stead::sample {
namespace {

// The generic rights as on files: FILE_GENERIC_READ, -WRITE, -EXECUTE, FILE_ALL_ACCESS.
constexpr GenericMapping kFileMapping{.read = 0x120089, .write = 0x120116, .execute = 0x1200a0, .all = 0x1f01ff};

std::string text_of(const Ace& entry) {
  SecurityDescriptor alone;
  alone.dacl = Acl{.revision = 2, .entries = {entry}};
  return to_sddl(alone).substr(std::string_view("D:").size());
}

}  // namespace

Checked<AccessRule> AccessRule::parse(std::string_view sddl) {
  const std::string rule_text = "access rule '" + std::string(sddl) + "'";
  std::size_t where = 0;
  auto descriptor = parse_sddl(sddl, {}, &where);
  if (!descriptor)
    return Problem{.message = rule_text + ": not understood at character " + std::to_string(where + 1) + ": " +
                              descriptor.error().message()};
  if (!descriptor->dacl) return Problem{.message = rule_text + " has no D: part, so it would let everybody in"};
  AccessRule rule;
  rule.descriptor_ = std::move(*descriptor);
  rule.text_ = sddl;
  return rule;
}

Verdict AccessRule::judge(std::span<const Sid> sids, Access access) const {
  const bool reads_only = access == Access::read;
  const std::uint32_t wanted = access_right::generic_read | (reads_only ? 0 : access_right::generic_write);
  if (access_check(descriptor_, sids, wanted, kFileMapping)) return {.granted = true, .reason = {}};

  // The entry that denies is the first with which the check fails although an entry after it allows everyone.
  SecurityDescriptor part = descriptor_;
  part.dacl->entries.clear();
  const Ace allow_all{.type = AceType::access_allowed,
                      .flags = 0,
                      .mask = access_right::generic_all,
                      .object_type = {},
                      .inherited_object_type = {},
                      .sid = well_known_sid::everyone,
                      .opaque = {}};
  for (const Ace& entry : descriptor_.dacl->entries) {
    part.dacl->entries.push_back(entry);
    SecurityDescriptor tried = part;
    tried.dacl->entries.push_back(allow_all);
    if (access_check(tried, sids, wanted, kFileMapping)) continue;
    const std::string name = name_of(entry.sid, nullptr);
    return {.granted = false,
            .reason = text_of(entry) + " denies " + to_string(entry.sid) + (name.empty() ? "" : " (" + name + ")")};
  }
  return {.granted = false,
          .reason = std::string("no entry of ") + text_ + " allows the caller's SIDs to " +
                    (reads_only ? "read" : "read and write")};
}

}  // namespace stead::sample
